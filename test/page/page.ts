import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { token } from '../support/batch-service.ts'

/** Gives the page the token of the test's service. */
export async function enter(page: Page, given = token): Promise<void> {
  await page.getByLabel('Token of the service').fill(given)
  await page.getByRole('button', { name: 'Enter' }).click()
}

/** Draws the view into docs/screenshots, for the README. */
export async function shoot(page: Page, name: string): Promise<void> {
  const path = fileURLToPath(new URL(`../../docs/screenshots/${name}.png`, import.meta.url))
  await page.screenshot({ path, animations: 'disabled' })
}
