import { text } from 'node:stream/consumers'
import { getHeapSnapshot } from 'node:v8'

/** Of a heap snapshot, what is read here: nodes as rows of numbers, whose columns and types are named. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly (readonly string[] | string)[] }
  }
  readonly nodes: readonly number[]
}

/** What the engine makes for itself: compiled code and what belongs to it comes and goes with what is called how often. */
const engines = new Set(['code', 'hidden', 'object shape', 'synthetic'])

/** Bytes of the heap that hold what the program has made, after a full collection: objects, texts, arrays, closures. */
export async function programBytes(): Promise<number> {
  const { snapshot, nodes } = JSON.parse(await text(getHeapSnapshot())) as Snapshot
  const { node_fields: fields, node_types: types } = snapshot.meta
  const [type, size] = [fields.indexOf('type'), fields.indexOf('self_size')]
  const isEngines = (types[type] as readonly string[]).map((name) => engines.has(name))
  let bytes = 0
  for (let at = 0; at < nodes.length; at += fields.length) {
    bytes += isEngines[nodes[at + type] ?? 0] === true ? 0 : (nodes[at + size] ?? 0)
  }
  return bytes
}
