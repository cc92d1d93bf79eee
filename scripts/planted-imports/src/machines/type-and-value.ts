// forbidden: types-only-in-machines
import type { Net } from '../judging/net.ts'
import { empty } from '../judging/net.ts'
export const net: Net = empty
