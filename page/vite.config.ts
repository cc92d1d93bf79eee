import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * The picture that `npm run charts` drew, as two modules: its markup, and its style as a file of its own, since the page's
 * Content-Security-Policy allows no style within the markup.
 */
function batchChart(): Plugin {
  const names = ['virtual:batch-chart', 'virtual:batch-chart.css']
  return {
    name: 'batch-chart',
    resolveId: (id) => (names.includes(id) ? `\0${id}` : undefined),
    load(id) {
      if (!names.includes(id.slice(1))) {
        return undefined
      }
      const svg = readFileSync(here('../visualizations/batch.svg'), 'utf8')
      const style = /<style>([\s\S]*?)<\/style>/
      return id.endsWith('.css') ? style.exec(svg)?.[1] : `export default ${JSON.stringify(svg.replace(style, ''))}`
    },
  }
}

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [batchChart()],
  build: { outDir: here('../dist/page'), emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2022' },
  worker: { format: 'es' },
})
