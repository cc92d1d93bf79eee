import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createMetrics, type Metrics } from '../../src/host/metrics/metrics.ts'
import type { MetricsSource } from '../../src/host/metrics/runtime-metrics.ts'
import type { Clock } from '../../src/runtime/ports.ts'
import { createStatus, type StatusStore } from '../../src/runtime/status.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'

const alerts = readFileSync(new URL('../../ops/prometheus/alerts.yml', import.meta.url), 'utf8')
const dashboard = readFileSync(new URL('../../ops/grafana/dashboard.json', import.meta.url), 'utf8')

/** Names of metrics in an expression: what Prometheus and its queries call otherwise is taken out. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"|\b(by|without)\s*\([^)]*\)/g, ' ')
  const words = bare.match(/[a-z_:][a-z0-9_:]*/gi) ?? []
  const functions = new Set(['sum', 'max', 'min', 'rate', 'increase', 'histogram_quantile', 'count', 'or'])
  return words.filter((word) => !functions.has(word) && word !== 'up')
}

function alertExpressions(): string[] {
  return [...alerts.matchAll(/^ +expr: (?:>-((?:\n {10}.*)+)|(.*))$/gm)].map(([, folded, plain]) => folded ?? plain ?? '')
}

function panelExpressions(): string[] {
  const { panels } = JSON.parse(dashboard) as { readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[] }
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
}

function metricsOf(quire: Partial<MetricsSource['quire']>, clock: Clock = new SimulatedClock()): Metrics {
  const health = { stuck: async () => ({ total: 0, long: 0 }) }
  return createMetrics({
    quire: { status: createStatus(), activeStates: async () => ({}), standing: async () => ({ parked: 0, newer: 0 }), ...quire },
    health,
    clock,
  })
}

/** A status that says the database answers. */
function up(): StatusStore {
  const status = createStatus()
  status.trigger.changed({ change: { database: { state: 'up', reason: null, failures: 0 } } })
  return status
}

async function knownMetrics(): Promise<ReadonlySet<string>> {
  const { registry } = metricsOf({})
  const metrics = await registry.getMetricsAsJSON()
  return new Set(
    metrics.flatMap(({ name, type }) => (String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])),
  )
}

describe('what operators are given', () => {
  it('names only metrics the service has, in alerts and in the dashboard', async () => {
    const known = await knownMetrics()
    const [inAlerts, inPanels] = [alertExpressions().flatMap(metricsIn), panelExpressions().flatMap(metricsIn)]
    expect(alertExpressions()).toHaveLength((alerts.match(/- alert:/g) ?? []).length)
    expect(inAlerts.length).toBeGreaterThanOrEqual(alertExpressions().length - 1)
    expect(inPanels.length).toBeGreaterThanOrEqual(panelExpressions().length)
    expect([...inAlerts, ...inPanels].filter((name) => !known.has(name))).toEqual([])
  })

  it('would be found out with a metric that is none', async () => {
    const known = await knownMetrics()
    expect(metricsIn('sum by (le) (rate(quire_nothing_total{kind="x"}[5m])) > 0.2').filter((name) => !known.has(name))).toEqual([
      'quire_nothing_total',
    ])
  })

  it('counts from zero whatever an alarm looks at the increase of: the first one of its kind is an increase too', async () => {
    const text = await metricsOf({}).registry.metrics()
    const watched = alertExpressions().flatMap((expression) => [...expression.matchAll(/increase\((\w+)(?:\{(\w+)=~?"([^"]*)"\})?/g)])
    expect(watched.length).toBeGreaterThan(3)
    for (const [, name = '', label, value] of watched) {
      const labels = label === undefined ? '' : `\\{[^}]*${label}="${value}"`
      expect(text).toMatch(new RegExp(`^${name}${labels}.* 0$`, 'm'))
    }
  })

  it('is heard also where a number is unknown: no comparison with NaN holds but that with itself', async () => {
    const metrics = await metricsOf({}).registry.getMetricsAsJSON()
    const unknown = metrics.filter(({ help }) => help.includes('NaN')).map(({ name }) => name)
    const watched = unknown.filter((name) => alertExpressions().some((expression) => expression.includes(name)))
    expect(watched).toEqual(['quire_inbound_lag_seconds'])
    expect(watched.filter((name) => !alerts.includes(`or ${name} != ${name}\n`))).toEqual([])
  })

  it('tells with every alert how bad it is and what to do', () => {
    const parts = alerts.split('- alert:').slice(1)
    expect(parts.filter((part) => !/severity: (critical|warning)/.test(part) || !/remedy: \S/.test(part))).toEqual([])
  })
})

describe('a scrape', () => {
  it('counts actors that wait for a person, by why', async () => {
    const text = await metricsOf({ status: up(), standing: async () => ({ parked: 2, newer: 3 }) }).registry.metrics()
    expect(text).toMatch(/^quire_actors_standing_still\{why="parked"\} 2$/m)
    expect(text).toMatch(/^quire_actors_standing_still\{why="newer"\} 3$/m)
  })

  it.each([
    ['refuses', () => Promise.reject(new Error('no privilege'))],
    ['never answers', () => new Promise<never>(() => {})],
  ])('of a database that %s gives every other number', async (_, activeStates) => {
    const clock = new SimulatedClock()
    const scraped = metricsOf({ status: up(), activeStates }, clock).registry.metrics()
    await clock.advance(5_000)
    const text = await scraped
    expect(text).toMatch(/^quire_database_up 1$/m)
    expect(text).not.toMatch(/^cj_batch_state\{/m)
  })
})
