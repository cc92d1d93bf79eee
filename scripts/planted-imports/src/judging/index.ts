// allowed
export { empty } from './net.ts'
