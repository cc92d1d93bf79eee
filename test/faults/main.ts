import { Command } from 'commander'
import { kill9 } from './kill9.ts'

/** `npm run faults -- kill9 --seconds 60 [--store postgres|pglite] [--json]` */
const program = new Command('faults').description('real processes under real faults, and an independent look at what they left')
program
  .command('kill9')
  .option('--seconds <n>', 'how long to go on killing', '60')
  .option('--store <name>', 'postgres or pglite', 'postgres')
  .option('--json', 'one JSON object as the last line')
  .action(async (options: { readonly seconds: string; readonly store: string }) => {
    const store = options.store === 'pglite' ? 'pglite' : 'postgres'
    const { complaints, ...result } = await kill9({ seconds: Number(options.seconds), store })
    for (const complaint of complaints) {
      console.error(complaint)
    }
    console.log(JSON.stringify(result))
    const clean = result.lost + result.duplicated + result.stuck + result.askedTwice === 0 && complaints.length === 0
    process.exitCode = clean && result.kills > 0 ? 0 : 1
  })
await program.parseAsync()
