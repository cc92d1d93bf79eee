/** The value a JSON text holds; undefined when it is none, e.g. a gateway's page. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
