import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

export type Row = Readonly<Record<string, unknown>>

/** One query on a connection of its own, past all proxies. */
export async function query(url: string, text: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(text)).rows as Row[]
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Asks until the answer is as wanted, also while the server is away; false when it has not changed for that long. */
export async function queryUntil(
  url: string,
  text: string,
  isWanted: (rows: readonly Row[]) => boolean,
  patienceMs: number,
): Promise<boolean> {
  let given = Date.now()
  let last = ''
  for (;;) {
    const rows = await query(url, text).catch(() => undefined)
    if (rows !== undefined && isWanted(rows)) {
      return true
    }
    const answer = JSON.stringify(rows)
    if (answer !== last) {
      last = answer
      given = Date.now()
    }
    if (Date.now() > given + patienceMs) {
      return false
    }
    await pause(200)
  }
}

/** True when the server turns connections away because it is in recovery. */
export async function isInRecovery(url: string): Promise<boolean> {
  return query(url, 'select 1').then(
    () => false,
    (error: unknown) => Reflect.get(error as object, 'code') === '57P03',
  )
}
