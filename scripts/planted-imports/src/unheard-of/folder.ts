// forbidden: every-folder-has-its-rule
export { codes } from '../runtime/errors.ts'
