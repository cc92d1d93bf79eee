import { describe, expect, it } from 'vitest'
import { seriousViolations } from './accessibility.ts'
import { useChromium } from './chromium.ts'
import { enter, shoot } from './page.ts'
import { askFor, platform } from './platform.ts'
import { served } from './served.ts'

const { open } = useChromium()

describe('the live page', () => {
  it('follows a batch from the request to the ranking, through a kill -9 of the service in the middle', async () => {
    const around = await platform()
    const service = await served(around.url)
    const { page, complaints } = await open(service.url)
    await enter(page)
    await page.getByText('0 batches').waitFor()
    await askFor(service.url, 'essays-7B')
    await page.getByRole('link', { name: /essays-7B/ }).click()
    await page.getByText('Waits for', { exact: false }).first().waitFor()
    await around.answer(service.url, 21)
    await page.getByRole('row', { name: /hazel/ }).first().waitFor()
    await page.locator('[data-state="batch.WAITING_CALLBACKS"].active').waitFor()

    await service.kill()
    await page.getByText('no connection').waitFor()
    await service.start()
    await page.getByText('live', { exact: true }).waitFor()
    await around.answer(service.url, 9)
    await expect.poll(() => page.locator('.facts').innerText(), { timeout: 20_000 }).toMatch(/\b30 of/)
    expect(await seriousViolations(page)).toEqual([])
    await shoot(page, 'batch')

    await expect
      .poll(
        async () => {
          await around.answerOpen(service.url)
          return await page.getByText('Ended complete stable', { exact: false }).count()
        },
        { timeout: 60_000 },
      )
      .toBe(1)
    await expect.poll(() => page.getByRole('table').first().getByRole('row').count()).toBe(13)
    await page.locator('[data-state="batch.COMPLETED"].active').waitFor()
    expect(complaints).toEqual([])
  })
})
