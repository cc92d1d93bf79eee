import { initial } from './0001-initial.ts'

/** Released migrations, in order; never changed, only added to. `{schema}` stands for the quoted schema. */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = [{ name: '0001-initial', sql: initial }]
