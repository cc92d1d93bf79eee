/**
 * Who may import whom (CONTRIBUTING.md): of each folder its values, its types and its packages. The rest is forbidden; a new
 * edge or package is a line here. scripts/check-imports.mjs runs this, and proves with scripts/planted-imports that it can fail.
 */
const folders = {
  judging: { core: false },
  machines: { types: ['judging/'], packages: ['xstate'], core: false },
  runtime: { values: ['machines/(supervisor|connection)\\.machine\\.ts$'], packages: ['xstate', '@xstate/store'] },
  persistence: {
    values: ['runtime/(errors|port-failure|message|time-limit)\\.ts$'],
    types: ['runtime/'],
    packages: ['kysely', 'pg', '@electric-sql/pglite'],
  },
  kafka: {
    values: ['runtime/(errors|port-failure|message|time-limit)\\.ts$'],
    types: ['runtime/'],
    packages: ['kafkajs', 'fzstd', 'lz4js', 'snappyjs'],
  },
  batch: { values: ['runtime/', 'judging/', 'machines/batch\\.machine\\.ts$'], packages: ['xstate', 'uuid', 'zod', 'undici'] },
  testing: { values: ['runtime/', 'persistence/', 'kafka/', 'judging/random\\.ts$'], packages: ['xstate'] },
  host: {
    values: [''],
    packages: [
      'commander',
      'cli-progress',
      'csv-parse',
      'env-paths',
      'fastify',
      '@fastify/helmet',
      '@fastify/rate-limit',
      '@fastify/swagger',
      '@opentelemetry/api',
      'fastify-type-provider-zod',
      'pino',
      'prom-client',
      'undici',
      'zod',
    ],
  },
}

/** Of one folder only: queries of the tenant's tables know the rows it declares. */
const tenantQueries = { from: '^src/persistence/batch/', types: '^src/batch/tables\\.ts$' }

const inSource = (path) => `^src/${path}`
const inPackage = (name) => `(^|/)node_modules/${name}/`

function rulesOf([name, { values = [], types = [], packages = [], core = true }]) {
  const own = inSource(`${name}/`)
  const asValues = [own, ...values.map(inSource)]
  const asTypes = types.map(inSource)
  const tenant = name === 'persistence' ? [tenantQueries.types] : []
  const imports = {
    name: `imports-of-${name}`,
    severity: 'error',
    from: { path: own },
    to: { pathNot: [...asValues, ...asTypes, ...tenant, ...packages.map(inPackage)], ...(core ? { dependencyTypesNot: ['core'] } : {}) },
  }
  const typesOnly = {
    name: `types-only-in-${name}`,
    severity: 'error',
    from: { path: own },
    to: { path: [...asTypes, ...tenant], pathNot: asValues, dependencyTypesNot: ['type-only'] },
  }
  return asTypes.length === 0 ? [imports] : [imports, typesOnly]
}

module.exports = {
  forbidden: [
    ...Object.entries(folders).flatMap(rulesOf),
    {
      name: 'imports-of-page',
      severity: 'error',
      from: { path: '^page/src/' },
      to: { pathNot: ['^page/src/', '^src/judging/', '^virtual:', ...['preact', 'uplot'].map(inPackage)] },
    },
    {
      name: 'tables-of-the-tenant-only-for-its-queries',
      severity: 'error',
      from: { path: '^src/persistence/', pathNot: [tenantQueries.from] },
      to: { path: tenantQueries.types },
    },
    {
      name: 'the-root-names-no-package',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: { pathNot: ['^src/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'entries-are-imported-by-nothing',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/(index|testing/index|judging/index)\\.ts$' },
    },
    {
      name: 'every-folder-has-its-rule',
      severity: 'error',
      from: { path: `^src/(?!(${Object.keys(folders).join('|')})/)[^/]+/` },
      to: {},
    },
    {
      name: 'timers-of-node-only-in-system',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/runtime/system\\.ts$'] },
      to: { path: '^(node:)?timers(/promises)?$' },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^virtual:' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: `${__dirname}/tsconfig.json` },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
