import pg from 'pg'

/** Tables of the database that hold this text anywhere in a row. */
export async function tablesWith(text: string, databaseUrl: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'quire' order by 1",
    )
    const found: string[] = []
    for (const { name } of rows) {
      const hits = await client.query(`select 1 from quire."${name}" t where position($1 in t::text) > 0 limit 1`, [text])
      found.push(...(hits.rows.length > 0 ? [name] : []))
    }
    return found
  } finally {
    await client.end()
  }
}
