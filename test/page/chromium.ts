import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where the browser is. @throws with what to do when there is none: without it nothing here is tested */
function browserPath(): string {
  const given = process.env['QUIRE_CHROMIUM']
  const found = given ?? places.find((place) => existsSync(place))
  if (found === undefined || !existsSync(found)) {
    throw new Error(
      `${found ?? 'Chromium'} is not there; install it (Debian: apt-get install chromium) or name one with QUIRE_CHROMIUM=/path/to/chromium`,
    )
  }
  return found
}

/** A page and everything in it that should not be: errors and warnings of its console, refused loads, calls of other addresses. */
export interface WatchedPage {
  readonly page: Page
  readonly complaints: string[]
}

/** One Chromium for the tests of a file. `open` gives a page in a context of its own that ends with the test. */
export function useChromium(): { readonly open: (url: string, options?: BrowserContextOptions) => Promise<WatchedPage> } {
  let browser: Browser | undefined
  beforeAll(async () => {
    // Chromium's sandbox does not work for root, as which CI runs it.
    browser = await chromium.launch({ executablePath: browserPath(), chromiumSandbox: process.getuid?.() !== 0 })
  })
  afterAll(() => browser?.close())
  return {
    async open(url, options = {}) {
      const context = await (browser as Browser).newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options })
      onTestFinished(() => context.close())
      const page = await context.newPage()
      const complaints = complaintsOf(page, new URL(url).origin)
      await page.goto(url)
      return { page, complaints }
    },
  }
}

/** A service that is killed does not answer, and one that starts says 503: Chromium reports both itself, and neither is a fault of the page. */
const ofTheNetwork =
  /Failed to load resource: (net::ERR_(CONNECTION_|INCOMPLETE_|EMPTY_RESPONSE|SOCKET_)|.*status of 503)|net::ERR_CONNECTION_/

function complaintsOf(page: Page, origin: string): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !ofTheNetwork.test(message.text())) {
      complaints.push(message.text())
    }
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) {
      complaints.push(`asks another address: ${request.url()}`)
    }
  })
  return complaints
}
