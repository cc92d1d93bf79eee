// allowed
import type { Net } from '../judging/net.ts'
export type Context = { readonly net: Net }
