// forbidden: types-only-in-machines
export { empty } from '../judging/net.ts'
