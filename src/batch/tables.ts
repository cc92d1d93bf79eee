import type { TableDefinition } from '../runtime/define-actor.ts'

/** The essays' texts, written by the outcome of the task that fetched them; no journal or snapshot holds one. */
export const texts: TableDefinition = {
  name: 'texts',
  key: { address: 'text', storage_id: 'text' },
  columns: { body: 'text' },
  migrations: [
    'create table {schema}.texts (address text not null, storage_id text not null, body text not null, primary key (address, storage_id))',
  ],
}

/** What a batch tells its judge of every comparison, one row a batch; its prompt is one of the texts. */
export const briefs: TableDefinition = {
  name: 'briefs',
  key: { address: 'text' },
  columns: { prompt_storage_id: 'text', overrides: 'text', batching_mode: 'text', user_id: 'text' },
  migrations: [
    `create table {schema}.briefs (address text not null primary key, prompt_storage_id text, overrides text not null,
      batching_mode text not null, user_id text)`,
  ],
}

/** What people read about a comparison; the machine's own truth is compact (design, 'What a snapshot may weigh'). */
export const comparisons: TableDefinition = {
  name: 'comparisons',
  key: { address: 'text', id: 'text' },
  columns: {
    slot: 'int4',
    attempt: 'int4',
    essay_a: 'text',
    essay_b: 'text',
    winner: 'text',
    error_code: 'text',
    confidence: 'float8',
    justification: 'text',
    provider: 'text',
    model: 'text',
    response_time_ms: 'int8',
    tokens: 'int8',
    cost: 'float8',
    answered_at: 'int8',
  },
  migrations: [
    `create table {schema}.comparisons (address text not null, id text not null, slot int4 not null, attempt int4 not null,
      essay_a text not null, essay_b text not null, winner text, error_code text, confidence float8, justification text,
      provider text, model text, response_time_ms int8, tokens int8, cost float8, answered_at int8 not null, primary key (address, id))`,
    'create index comparisons_answered on {schema}.comparisons (answered_at)',
  ],
}
