import { settingsTable } from '../../src/host/settings.ts'

const head = `# Settings of \`quire serve\`

Environment variables, checked all at once at the start: whatever cannot be used is named with what to do, and the process ends with
exit status 3. A variable set to nothing is not set. This page is made from \`src/host/settings.ts\` by \`npm run settings\`.
`

/** docs/settings.md: a table for each group. */
export function settingsPage(): string {
  const settings = Object.values(settingsTable)
  const groups = [...new Set(settings.map(({ group }) => group))]
  const parts = groups.map((group) => {
    const rows = settings.filter((setting) => setting.group === group)
    const lines = rows.map(({ name, unit, default: fallback, about, secret }) => {
      const shown = fallback === null ? 'none' : `\`${fallback}\``
      return `| \`${name}\` | ${unit} | ${shown} | ${about}${secret ? ' Secret: never logged.' : ''} |`
    })
    return [`## ${group}`, '', '| Variable | Unit | Default | Meaning |', '| --- | --- | --- | --- |', ...lines].join('\n')
  })
  return `${[head.trimEnd(), ...parts].join('\n\n')}\n`
}
