// Writes docs/contracts from the schemas of src/batch/wire; with --check it only says what is stale, and fails.
import { fileURLToPath } from 'node:url'
import { documents } from './documents.ts'
import { staleFiles, writeFiles } from './files.ts'

const folder = fileURLToPath(new URL('../../docs/contracts', import.meta.url))
const made = documents()
if (process.argv.includes('--check')) {
  const stale = staleFiles(made, folder).map(
    (path) => `docs/contracts/${path} is stale; run npm run contracts, and delete it if it is no longer made`,
  )
  console.log(stale.length === 0 ? `contracts: ${made.length} documents are what the schemas say` : stale.join('\n'))
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  writeFiles(made, folder)
  console.log(`contracts: ${made.length} documents written to docs/contracts`)
}
