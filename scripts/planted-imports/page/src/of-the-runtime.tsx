// forbidden: imports-of-page
export * from '../../src/runtime/errors.ts'
