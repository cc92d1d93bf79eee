import type { Quire } from '../../quire.ts'
import type { Output } from './output.ts'

/** While the database is away, says what is waited for: once a reason. Returns the end of the watch. */
export function stuckOnDatabase(quire: Quire, output: Output): () => void {
  let said: string | null = null
  const look = (): void => {
    const { database, phase, holder } = quire.status.getSnapshot().context
    const text =
      database.reason !== null
        ? `the database is away (${database.reason}); waiting for it`
        : phase === 'standby'
          ? `another process owns this database (${holder ?? 'unknown'}); waiting for it to end`
          : null
    if (text !== null && text !== said) {
      said = text
      output.say(text)
    }
  }
  const { unsubscribe } = quire.status.subscribe(look)
  look()
  return unsubscribe
}
