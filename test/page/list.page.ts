import pg from 'pg'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { freshDatabase } from '../ports/adapters.ts'
import { testService, type TestService } from '../support/batch-service.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'
import { seriousViolations } from './accessibility.ts'
import { useChromium } from './chromium.ts'
import { enter } from './page.ts'

const { open } = useChromium()

const batches = 10_000

/** Fifty batches that were really asked for, some of which wait for verdicts; the others are copies of rows of those that are done. */
async function withManyBatches(): Promise<TestService> {
  const databaseUrl = await freshDatabase()
  const made = await testService({ settings: { databaseUrl } })
  for (let number = 0; number < 50; number++) {
    const body = requestEnvelope(`class-${String(200 * number).padStart(5, '0')}`, number % 5 === 1 ? 3 : 1)
    expect((await made.call('POST', '/v1/batches', { body })).status).toBe(202)
  }
  await made.service.quire.whenIdle({ timeoutMs: 60_000 })
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(copies)
  const { rows } = await client.query('select count(*)::int as stored from quire.actors')
  await client.end()
  expect(rows).toEqual([{ stored: batches }])
  return made
}

const columns = `type, machine, version, xstate, codec, seq, state, run_status, tags, progress, output, snapshot, armed, waits_outside, parked,
  created_at, state_since, updated_at`
const copies = `insert into quire.actors (partition, address, address_hash, ${columns})
  select partition, copy, left(encode(sha256(convert_to(copy, 'UTF8')), 'hex'), 14), ${columns}
  from generate_series(0, ${batches - 1}) as number, lateral (select 'batch/class-' || lpad(number::text, 5, '0') as copy) as named,
    (select * from quire.actors where run_status = 'done' limit 1) as done
  where number % 200 > 0`

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

/** Loads the page anew, and returns when it first painted something, ms. */
async function paintedAnew(page: Page): Promise<number> {
  await page.reload()
  await page.getByRole('link', { name: /class-00000/ }).waitFor()
  const painted = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
  return (await painted.jsonValue()) ?? Number.NaN
}

/** Other work of the machine lengthens a start too: the best of three counts. */
async function bestPaint(page: Page): Promise<number> {
  let best = await paintedAnew(page)
  for (let more = 2; more > 0 && best >= 1_000; more--) {
    best = Math.min(best, await paintedAnew(page))
  }
  return best
}

/** Other work of the machine lengthens tasks too, and is no work of the page: the best way through the list counts. */
async function bestOfThree(page: Page): Promise<number> {
  let best = await scrollThrough(page)
  for (let more = 2; more > 0 && best >= 100; more--) {
    await page.reload()
    await page.getByRole('link', { name: /class-00000/ }).waitFor()
    best = Math.min(best, await scrollThrough(page))
  }
  return best
}

describe('the list of batches', () => {
  it('stays usable with 10,000 of them: painted within a second, scrolled without a task of 100 ms, only what is seen in the document', async () => {
    const made = await withManyBatches()
    const { page, complaints } = await open(made.url)
    await enter(page)
    await page.getByRole('link', { name: /class-00000/ }).waitFor()
    const painted = await bestPaint(page)
    console.log(`first contentful paint with ${batches} batches: ${Math.round(painted)} ms`)
    expect(painted).toBeLessThan(1_000)
    expect(await seriousViolations(page)).toEqual([])
    const longest = await bestOfThree(page)
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
