import fc from 'fast-check'
import { comparisonId } from '../../src/batch/comparison-id.ts'

/** Of all fuzz tests: what fails once fails again. */
export const seed = 20_260_302

type Path = readonly (string | number)[]

/** Paths to every value of a message. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  const inner =
    typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, field]) => pathsOf(field, [...path, key])) : []
  return [path, ...inner]
}

const shouted = comparisonId('batch/a5a50000-0000-4000-8000-000000000001', 5, 2).toUpperCase()

/** Values that have broken decoders, as JSON text: what JSON.parse makes of 1e999 and __proto__ is part of the test. */
const nasty = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)) },
  {
    weight: 7,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      '0',
      '-0',
      '-1',
      '1.5',
      '9',
      '1e999',
      '-1e308',
      '9007199254740993',
      '""',
      '"\\u0000"',
      '"\\ud800"',
      '"x\\udc00\\u0000"',
      '"__proto__"',
      '"constructor"',
      '[]',
      '{}',
      '{"__proto__":{"winner":"Essay A"},"constructor":null,"toString":1}',
      `"${shouted}"`,
      '"00000000-0000-0000-0000-000000000000"',
      '"Essay A"',
      '"9999-12-31T23:59:60Z"',
      '"2026-03-02T08:15"',
      `"${'x'.repeat(600)}"`,
      `${'['.repeat(3_000)}${']'.repeat(3_000)}`,
      `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`,
    ),
  },
)

export const marker = 'f3a1c0de-replaced'

/** A recorded message with one to three of its values replaced, taken away, or given twice. */
export function nearlyValid(messages: readonly object[]): fc.Arbitrary<string> {
  const choices = messages.map((message) => ({ message, paths: pathsOf(message) }))
  const change = fc.record({ at: fc.nat(), value: nasty, how: fc.constantFrom('replace', 'replace', 'replace', 'delete', 'add') })
  return fc.tuple(fc.constantFrom(...choices), fc.array(change, { minLength: 1, maxLength: 3 })).map(([{ message, paths }, changes]) => {
    let copy: unknown = structuredClone(message)
    const values: string[] = []
    for (const { at, value, how } of changes) {
      const path = paths[at % paths.length] ?? []
      if (how === 'delete') {
        copy = without(copy, path)
      } else {
        copy = placed(copy, how === 'add' ? [...path, '__proto__x'] : path, `${marker}${values.length}`)
        values.push(value)
      }
    }
    const text = JSON.stringify(copy) ?? 'null'
    return values
      .reduce((whole, value, index) => whole.replace(`"${marker}${index}"`, () => value), text)
      .replace('__proto__x', '__proto__')
  })
}

function placed(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) {
    return replacement
  }
  if (typeof value !== 'object' || value === null) {
    return value
  }
  return Array.isArray(value)
    ? value.map((item, index) => (String(index) === String(key) ? placed(item, rest, replacement) : item))
    : { ...value, [key]: rest.length === 0 ? replacement : placed(Reflect.get(value, key), rest, replacement) }
}

function without(value: unknown, path: Path): unknown {
  return JSON.parse(JSON.stringify(placed(value, path, undefined)) ?? 'null') as unknown
}

export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'u', '0', 'd', '8', 'null', '\ud800'), maxLength: 60 }),
)
