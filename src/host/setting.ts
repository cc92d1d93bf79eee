import { z } from 'zod'

/** One setting: an environment variable with its unit, its default and what it does. */
export interface Setting<T> {
  /** The environment variable. */
  readonly name: `QUIRE_${string}`
  /** Group of docs/settings.md. */
  readonly group: string
  /** Unit or kind, for people. */
  readonly unit: string
  readonly about: string
  /** As it would be written; null: none. */
  readonly default: string | null
  /** What to do when the value cannot be used. */
  readonly remedy: string
  /** Never shown: tokens, passwords, connection strings. */
  readonly secret: boolean
  readonly schema: z.ZodType<T, string>
}

type Named = Pick<Setting<unknown>, 'name' | 'about'> & { readonly secret?: boolean }

/** What may stand in a variable of one kind: shared by required and optional settings. */
interface Kind<T> {
  readonly unit: string
  readonly remedy: string
  readonly schema: z.ZodType<T, string>
}

/** Settings of one group: `given` has a default, `optional` may be absent. */
export function settingsOf(group: string) {
  return {
    given<T>(kind: Kind<T>, fallback: string, named: Named): Setting<T> {
      return { secret: false, ...named, ...kind, group, default: fallback }
    },
    optional<T>(kind: Kind<T>, named: Named): Setting<T | undefined> {
      return { secret: false, ...named, ...kind, group, default: null }
    },
  }
}

export function text(unit: string, pattern: RegExp, remedy: string): Kind<string> {
  return { unit, remedy, schema: z.string().regex(pattern) }
}

export function integer(unit: string, least: number, most = Number.MAX_SAFE_INTEGER): Kind<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`
  const schema = z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most))
  return { unit, remedy: `give a whole number ${range}`, schema }
}

export function decimal(unit: string, least: number, most: number): Kind<number> {
  const schema = z
    .string()
    .regex(/^\d*\.?\d+$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most))
  return { unit, remedy: `give a number from ${least} to ${most}`, schema }
}

export function flag(): Kind<boolean> {
  const schema = z.enum(['true', 'false']).transform((value) => value === 'true')
  return { unit: 'true or false', remedy: 'give true or false', schema }
}

export function choice<const T extends readonly [string, ...string[]]>(options: T): Kind<T[number]> {
  return { unit: options.join(', '), remedy: `give one of ${options.join(', ')}`, schema: z.string().pipe(z.enum(options)) }
}

export function url(schemes: readonly string[], example: string): Kind<string> {
  const isUrl = (value: string): boolean => URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1))
  return { unit: 'URL', remedy: `give ${example}`, schema: z.string().refine(isUrl) }
}

export function list(isItem: (value: string) => boolean, unit: string, remedy: string): Kind<readonly string[]> {
  const schema = z
    .string()
    .transform((value) => value.split(',').map((each) => each.trim()))
    .pipe(z.array(z.string().refine(isItem)).min(1))
  return { unit, remedy, schema }
}
