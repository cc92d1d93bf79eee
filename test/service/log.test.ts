import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/host/log.ts'

function lineOf(fields: object, message = 'told'): { readonly text: string; readonly json: Record<string, unknown> } {
  const lines: string[] = []
  createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }).info(fields, message)
  const [text = ''] = lines
  return { text, json: JSON.parse(text) as Record<string, unknown> }
}

describe('the log', () => {
  it('tells no secret and no text of a pupil, however deep it stands', () => {
    const { text, json } = lineOf({
      apiToken: 'hidden-1',
      deep: { headers: { authorization: 'Bearer hidden-2' }, sasl: { password: 'hidden-3' } },
      list: [{ user_prompt: 'hidden-4', essay_text: 'hidden-5', text: 'hidden-6', justification: 'hidden-7' }],
      reason: 'postgres://user:hidden-8@host/db refused; sent Authorization: Bearer hidden-9',
      error: new Error('at https://user:hidden-10@host', { cause: { apiKey: 'hidden-11' } }),
    })
    expect(text).not.toContain('hidden')
    expect(json).toMatchObject({ apiToken: '[redacted]', reason: expect.stringContaining('postgres://[redacted]@host/db') })
  })

  it('keeps what tells nothing: counts of tokens, codes, addresses', () => {
    expect(lineOf({ tokens: 12, token: 3, code: 'TIMEOUT', url: 'http://127.0.0.1:9090' }).json).toMatchObject({
      tokens: 12,
      token: 3,
      code: 'TIMEOUT',
      url: 'http://127.0.0.1:9090',
    })
  })

  it('names the ids of the batch a line is about', () => {
    expect(lineOf({ address: 'batch/b-1' }).json).toMatchObject({
      bos_batch_id: 'b-1',
      cj_batch_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(lineOf({ address: 'lamp/1' }).json).not.toHaveProperty('bos_batch_id')
  })
})
