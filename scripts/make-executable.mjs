// After the build: the command is executable, and `npx quire` finds it inside the checkout, where npm links only dependencies.
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../dist/host/main.js', import.meta.url))
const bin = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url))

chmodSync(main, 0o755)
mkdirSync(bin, { recursive: true })
rmSync(`${bin}quire`, { force: true })
if (process.platform === 'win32') {
  writeFileSync(`${bin}quire.cmd`, `@node "${main}" %*\r\n`)
} else {
  symlinkSync('../../dist/host/main.js', `${bin}quire`)
}
