import { providedBatchMachine } from '../../src/batch/batch.actor.ts'
import { mutantsOf } from './mutants.ts'
import { equivalent, type Finding, hunt } from './mutation-run.ts'
import { allTours, recordedTour } from './tour-record.ts'

/**
 * `npm run mutate`: every small fault in the chart of the batch machine must be seen by the tests from the model. `--json` prints
 * the report only; `--both` asks the specification about faults that the tours see, too. Exits with 1 when a fault is seen by neither check, or one that is listed as equivalent is seen.
 */
const isJson = process.argv.includes('--json')
const both = process.argv.includes('--both')
const runs = 150
const say = (line: string): void => void process.stderr.write(`${line}\n`)

const recorded = allTours().map(recordedTour)
const mutants = mutantsOf(providedBatchMachine)
say(`${mutants.length} mutants, ${recorded.length} tours, ${runs} random runs each`)
const findings: Finding[] = []
for (const mutant of mutants) {
  const finding = hunt(mutant, recorded, { runs, both })
  findings.push(finding)
  if (!isJson) {
    say(
      `${[finding.byTours ? 'tours' : '', finding.bySpecification ? 'specification' : ''].filter((who) => who !== '').join(' and ') || 'SEEN BY NOTHING'}: ${mutant.name}`,
    )
  }
}
const isSeen = ({ byTours, bySpecification }: Finding): boolean => byTours || bySpecification === true
const counted = findings.filter(({ name }) => equivalent[name] === undefined)
const report = {
  mutants: counted.length,
  caught: counted.filter(isSeen).length,
  byTours: counted.filter(({ byTours }) => byTours).length,
  bySpecification: counted.filter(({ bySpecification }) => bySpecification === true).length,
  survivors: counted.filter((finding) => !isSeen(finding)).map(({ name }) => name),
  equivalent: findings.filter(({ name }) => equivalent[name] !== undefined).map(({ name }) => ({ name, why: equivalent[name] })),
}
const wrong = findings.filter((finding) => equivalent[finding.name] !== undefined && isSeen(finding)).map(({ name }) => name)
console.log(JSON.stringify(report, null, isJson ? undefined : 2))
wrong.forEach((name) => say(`listed as equivalent, but seen: ${name}`))
process.exitCode = report.survivors.length === 0 && wrong.length === 0 ? 0 : 1
