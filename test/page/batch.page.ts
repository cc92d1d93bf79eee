import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { seriousViolations } from './accessibility.ts'
import { useChromium } from './chromium.ts'
import { enter, shoot } from './page.ts'
import { askFor, type Platform, platform } from './platform.ts'
import { type Served, served } from './served.ts'

const { open } = useChromium()

interface Asked {
  readonly around: Platform
  readonly service: Served
}

/** A service with one batch, of which so many comparisons are answered. */
async function withBatch(answered: number, essays?: number): Promise<Asked> {
  const around = await platform()
  const service = await served(around.url)
  await askFor(service.url, 'essays-7B', essays)
  await around.answer(service.url, answered)
  return { around, service }
}

async function pressed(page: Page, act: string, reason: string): Promise<void> {
  await page.getByRole('button', { name: act, exact: true }).click()
  await page.getByLabel('Reason, kept in the journal').fill(reason)
  await page.getByRole('button', { name: `${act} it` }).click()
}

describe('the page of a batch', () => {
  it('goes back along the journal and forward again, with chart, ranking, matrix and numbers of that step', async () => {
    const { around, service } = await withBatch(6, 4)
    const { page, complaints } = await open(`${service.url}/#/batches/essays-7B`)
    await enter(page)
    await page.getByText('Ended complete stable', { exact: false }).waitFor()
    const ranks = page.getByRole('table').first().getByRole('row')
    await expect.poll(() => ranks.count()).toBe(5)
    await expect.poll(() => page.locator('.cell.won').count()).toBeGreaterThan(1)
    const slider = page.getByLabel('Step of the journal')
    await slider.focus()
    await page.keyboard.press('Home')
    await page.getByText('It begins with the first verdict.').first().waitFor()
    expect(await slider.getAttribute('aria-valuetext')).toContain('step 1 of')
    await page.locator('[data-state="batch.INITIALIZING"].active').waitFor()
    await page.keyboard.press('End')
    await expect.poll(() => ranks.count()).toBe(5)
    await page.getByRole('button', { name: /stable_no_cycle/ }).click()
    await page.locator('.step-view p', { hasText: 'all 6 pairs are decided' }).waitFor()
    expect(await page.locator('.numbers').innerText()).toContain('successRate')
    await page.getByRole('button', { name: 'Back to now' }).click()
    expect(around.open).toEqual([])
    expect(complaints).toEqual([])
  })

  it('pauses, resumes, refuses a force that comes too early, and cancels; each only after a confirmation', async () => {
    const { service } = await withBatch(2, 4)
    const { page } = await open(`${service.url}/#/batches/essays-7B`)
    await enter(page)
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    expect(await seriousViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await pressed(page, 'Pause', 'the holidays')
    await page.getByText('paused', { exact: true }).first().waitFor()
    await pressed(page, 'Resume', 'school again')
    await pressed(page, 'Force', 'the bell')
    await page.getByRole('dialog').getByRole('alert').waitFor()
    expect(await page.getByRole('dialog').getByRole('alert').innerText()).toContain('2 of 6')
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await pressed(page, 'Cancel', 'the wrong class')
    await page.getByText('Ended cancelled', { exact: false }).waitFor()
    expect(await page.getByRole('button', { name: 'Pause', exact: true }).count()).toBe(0)
  })

  it('is read in the dark and on a phone', async () => {
    const { service } = await withBatch(33)
    const dark = await open(`${service.url}/#/batches/essays-7B`, { colorScheme: 'dark', viewport: { width: 1280, height: 860 } })
    await enter(dark.page)
    await dark.page.getByRole('cell', { name: '5/5' }).first().waitFor()
    expect(await seriousViolations(dark.page)).toEqual([])
    await shoot(dark.page, 'batch-dark')
    await dark.page.getByRole('heading', { name: 'Convergence' }).scrollIntoViewIfNeeded()
    await dark.page.locator('.uplot canvas').waitFor()
    await dark.page.locator('.stage').evaluate((stage) => stage.scrollTo(0, 600))
    await shoot(dark.page, 'scores-dark')
    const phone = await open(`${service.url}/#/batches/essays-7B`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    })
    await enter(phone.page)
    await phone.page.getByRole('heading', { name: 'essays-7B' }).waitFor()
    expect(await seriousViolations(phone.page)).toEqual([])
    expect(await phone.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await shoot(phone.page, 'phone')
    expect([...dark.complaints, ...phone.complaints]).toEqual([])
  })

  it('asks for the token again when the service refuses it', async () => {
    const around = await platform()
    const service = await served(around.url)
    const { page } = await open(service.url)
    expect(await seriousViolations(page)).toEqual([])
    await enter(page, 'a-token-of-somebody-else-0123456789')
    await page.getByText('The service refused this token.').waitFor()
    await enter(page)
    await page.getByText('0 batches').waitFor()
  })
})
