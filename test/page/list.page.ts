import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { testService, type TestService } from '../support/batch-service.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'
import { seriousViolations } from './accessibility.ts'
import { useChromium } from './chromium.ts'
import { enter, shoot } from './page.ts'

const { open } = useChromium()

const batches = 10_000

/** Some wait for verdicts that nobody gives, the rest is done: one essay needs none. */
async function withManyBatches(): Promise<TestService> {
  const made = await testService({ settings: { httpRatePerMinute: 0 } })
  const numbers = Array.from({ length: batches }, (_, number) => number)
  const ask = async (): Promise<void> => {
    for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
      const body = requestEnvelope(`class-${String(number).padStart(5, '0')}`, number % 50 === 7 ? 3 : 1)
      expect((await made.call('POST', '/v1/batches', { body })).status).toBe(202)
    }
  }
  await Promise.all(Array.from({ length: 100 }, ask))
  await made.service.quire.whenIdle({ timeoutMs: 120_000 })
  return made
}

/** Rolls the list to its end, and returns how long the longest task of the page took, ms. */
async function scrollThrough(page: Page): Promise<number> {
  await page.evaluate(`
    globalThis.longTasks = []
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: 'longtask' })
  `)
  await page.locator('.list .virtual').hover()
  for (let pages = 0; pages < batches / 200; pages++) {
    await page.mouse.wheel(0, 86 * 210)
    await page.waitForFunction(
      (least) => Number(document.querySelector('.list li')?.getAttribute('aria-setsize')) >= least,
      Math.min(batches, 200 * (pages + 1)),
    )
  }
  return await page.evaluate(() => Math.max(0, ...(Reflect.get(globalThis, 'longTasks') as number[])))
}

describe('the list of batches', () => {
  it('stays usable with 10,000 of them: painted within a second, scrolled without a task of 100 ms, only what is seen in the document', async () => {
    const made = await withManyBatches()
    const { page, complaints } = await open(made.url)
    await enter(page)
    await page.getByRole('link', { name: /class-00000/ }).waitFor()
    await page.reload()
    await page.getByRole('link', { name: /class-00000/ }).waitFor()
    const painted = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
    console.log(`first contentful paint with ${batches} batches: ${Math.round(painted ?? Number.NaN)} ms`)
    expect(painted).toBeLessThan(1_000)
    expect(await seriousViolations(page)).toEqual([])
    await shoot(page, 'list')
    const longest = await scrollThrough(page)
    console.log(`longest task while scrolling: ${Math.round(longest)} ms`)
    expect(longest).toBeLessThan(100)
    await page.getByText('10,000 batches', { exact: true }).waitFor()
    expect(await page.locator('.list li').count()).toBeLessThan(60)
    expect(complaints).toEqual([])
  })

  it('is filtered, and walked with the keyboard alone', async () => {
    const made = await testService()
    for (const [id, essays] of [
      ['a-done', 1],
      ['b-open', 3],
      ['c-open', 3],
    ] as const) {
      await made.call('POST', '/v1/batches', { body: requestEnvelope(id, essays) })
    }
    await made.service.quire.whenIdle({ timeoutMs: 30_000 })
    const { page } = await open(made.url)
    await enter(page)
    await page.getByLabel('Which batches').selectOption('active')
    await page.getByText('2 batches').waitFor()
    await page.getByLabel('Which batches').press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'c-open' }).waitFor()
    expect(page.url()).toContain('#/batches/c-open')
  })
})
