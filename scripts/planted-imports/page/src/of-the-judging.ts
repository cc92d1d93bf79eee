// allowed
export * from '../../src/judging/net.ts'
