/** Who may import whom (CONTRIBUTING.md). Everything not allowed here is forbidden. */
const folder = (name) => `^src/${name}/`
const only = (name, from, allowed, severity = 'error') => ({
  name,
  severity,
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
})

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('judging-imports-nothing', folder('judging'), []),
    { name: 'judging-imports-no-package', severity: 'error', from: { path: folder('judging') }, to: { dependencyTypes: ['npm', 'core'] } },
    {
      name: 'machines-take-types-of-judging-only',
      severity: 'error',
      from: { path: folder('machines') },
      to: { path: '^src/', pathNot: [folder('machines')], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'machines-import-xstate-only',
      severity: 'error',
      from: { path: folder('machines') },
      to: { dependencyTypes: ['npm', 'core'], pathNot: ['node_modules/xstate/'] },
    },
    only('runtime-imports-its-machines-only', folder('runtime'), ['^src/machines/(supervisor|connection)\\.machine\\.ts$']),
    {
      name: 'persistence-takes-types-of-runtime',
      severity: 'error',
      from: { path: folder('persistence') },
      to: { path: '^src/runtime/', pathNot: ['^src/runtime/(errors|ports|message)\\.ts$'], dependencyTypesNot: ['type-only'] },
    },
    only('persistence-imports-runtime-only', folder('persistence'), ['^src/runtime/']),
    only('batch-imports', folder('batch'), ['^src/runtime/', '^src/judging/', '^src/machines/batch\\.machine\\.ts$']),
    only('testing-imports', folder('testing'), ['^src/runtime/', '^src/persistence/', '^src/judging/random\\.ts$']),
    {
      name: 'entries-are-imported-by-nothing',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/index\\.ts$'] },
      to: { path: '^src/(index|testing/index|judging/index)\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'database-clients-only-in-persistence',
      severity: 'error',
      from: { path: '^src/', pathNot: [folder('persistence')] },
      to: { path: 'node_modules/(kysely|pg|@electric-sql/pglite)/' },
    },
    {
      name: 'xstate-where-actors-are',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(machines|runtime|batch|testing)/'] },
      to: { path: 'node_modules/(xstate|@xstate/store)/' },
    },
    {
      name: 'command-line-packages-only-in-host',
      severity: 'error',
      from: { path: '^src/', pathNot: [folder('host')] },
      to: { path: 'node_modules/(commander|cli-progress|env-paths|pino)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
