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
  columns: {
    prompt_storage_id: 'text',
    overrides: 'text',
    batching_mode: 'text',
    user_id: 'text',
    rubric_storage_id: 'text',
    instructions: 'text',
  },
  migrations: [
    `create table {schema}.briefs (address text not null primary key, prompt_storage_id text, overrides text not null,
      batching_mode text not null, user_id text)`,
    'alter table {schema}.briefs add column rubric_storage_id text, add column instructions text',
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

/** What essays of an assignment, or of a course, are judged by. */
export const instructions: TableDefinition = {
  name: 'instructions',
  key: { kind: 'text', subject: 'text' },
  columns: { body: 'text', grade_scale: 'text', context_origin: 'text', created_at: 'int8' },
  migrations: [
    `create table {schema}.instructions (kind text not null, subject text not null, body text not null, grade_scale text not null,
      context_origin text not null, created_at int8 not null, primary key (kind, subject))`,
  ],
}

/** Where the prompt of the students and the rubric of the judges lie, one row a text: each is changed without the other. */
export const instructionTexts: TableDefinition = {
  name: 'instruction_texts',
  key: { kind: 'text', subject: 'text', use: 'text' },
  columns: { storage_id: 'text', digest: 'text', created_at: 'int8' },
  migrations: [
    `create table {schema}.instruction_texts (kind text not null, subject text not null, use text not null, storage_id text not null,
      digest text, created_at int8 not null, primary key (kind, subject, use))`,
  ],
}

/** Texts of known grade, which batches of their assignment compare with the students' essays. */
export const anchors: TableDefinition = {
  name: 'anchors',
  key: { assignment_id: 'text', grade_scale: 'text', label: 'text' },
  columns: { grade: 'text', storage_id: 'text', digest: 'text', created_at: 'int8' },
  migrations: [
    `create table {schema}.anchors (assignment_id text not null, grade_scale text not null, label text not null, grade text not null,
      storage_id text not null, digest text not null, created_at int8 not null, primary key (assignment_id, grade_scale, label))`,
  ],
}

/** Texts that were handed in where no content service takes them. */
export const keptTexts: TableDefinition = {
  name: 'kept_texts',
  key: { storage_id: 'text' },
  columns: { body: 'text', created_at: 'int8' },
  migrations: ['create table {schema}.kept_texts (storage_id text not null primary key, body text not null, created_at int8 not null)'],
}
