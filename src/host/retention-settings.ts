import { integer, settingsOf, text } from './setting.ts'

const stored = settingsOf('Data')

/** How long batches are kept after their end, and where they go then. */
export const retentionSettings = {
  retentionDays: stored.given(integer('days', 0, 36_500), '0', {
    name: 'QUIRE_RETENTION_DAYS',
    about: 'Batches that ended this long ago are archived, then deleted; 0 = kept. Needs QUIRE_ARCHIVE_DIR and the monitor.',
  }),
  archiveDir: stored.optional(text('text', /^[^\r\n]+$/, 'give one line of text'), {
    name: 'QUIRE_ARCHIVE_DIR',
    about: 'Folder of the archives, a file of JSON lines a batch, essays included; `quire forget` deletes the file too.',
  }),
} as const
