// Writes docs/settings.md from the table of settings; with --check it only says whether it is stale, and fails.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { settingsPage } from './page.ts'

const file = fileURLToPath(new URL('../../docs/settings.md', import.meta.url))
const page = settingsPage()
if (process.argv.includes('--check')) {
  const fresh = existsSync(file) && readFileSync(file, 'utf8') === page
  console.log(fresh ? 'settings: docs/settings.md is what the table says' : 'docs/settings.md is stale; run npm run settings')
  process.exitCode = fresh ? 0 : 1
} else {
  writeFileSync(file, page)
  console.log('settings: docs/settings.md written')
}
