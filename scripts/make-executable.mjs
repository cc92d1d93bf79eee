// After the build: the command is executable, and `npx quire` finds it inside the checkout, where npm links only dependencies.
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../dist/host/main.js', import.meta.url))
const bin = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url))

chmodSync(main, 0o755)
mkdirSync(bin, { recursive: true })
if (process.platform === 'win32') {
  writeFileSync(`${bin}quire.cmd`, '@node "%~dp0\\..\\..\\dist\\host\\main.js" %*\r\n')
} else {
  // Made beside and moved: a command that starts meanwhile finds the old link or the new one.
  const made = `${bin}.quire-${process.pid}`
  symlinkSync('../../dist/host/main.js', made)
  renameSync(made, `${bin}quire`)
}
