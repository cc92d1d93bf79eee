import type { TcpProxy } from '../../support/tcp-proxy.ts'
import type { Fault } from '../fault.ts'
import type { Scene } from '../scene.ts'

interface Trouble {
  readonly what: string
  /** Also short enough for a short run. */
  readonly ms: number
  readonly begin: (scene: Scene) => Promise<unknown>
}

const all = (proxies: readonly TcpProxy[], ...how: Parameters<TcpProxy['set']>) => Promise.all(proxies.map((proxy) => proxy.set(...how)))
const abandon = (proxies: readonly TcpProxy[]) => proxies.forEach((proxy) => proxy.abandon())
const first = ({ links }: Scene): readonly TcpProxy[] => links.slice(0, 1)
const brokersOf = ({ servers }: Scene): readonly TcpProxy[] => servers.kafka.proxies

/** The first ones are what a short run gets. */
const troubles: readonly Trouble[] = [
  {
    what: 'connections of one host to Postgres are dead for good and nobody is told',
    ms: 0,
    begin: async (scene) => abandon(first(scene)),
  },
  { what: 'Kafka is a black hole', ms: 5_000, begin: (scene) => all(brokersOf(scene), { kind: 'blackhole' }) },
  {
    what: 'Postgres hears one host, the host hears nothing',
    ms: 4_000,
    begin: (scene) => all(first(scene), { kind: 'half-open', toward: 'target' }),
  },
  {
    what: 'connections to Kafka are dead for good and nobody is told',
    ms: 0,
    begin: async (scene) => abandon(brokersOf(scene)),
  },
  { what: 'Postgres is a black hole', ms: 8_000, begin: (scene) => all(scene.links, { kind: 'blackhole' }) },
  { what: 'everything is slow', ms: 6_000, begin: (scene) => all([...scene.links, ...brokersOf(scene)], { kind: 'delay', ms: 150 }) },
  {
    what: 'brokers hear, clients hear nothing',
    ms: 8_000,
    begin: (scene) => all(brokersOf(scene), { kind: 'half-open', toward: 'target' }),
  },
  { what: 'every connection is reset', ms: 0, begin: (scene) => all([...scene.links, ...brokersOf(scene)], { kind: 'reset' }, 'existing') },
  { what: 'Postgres refuses one host', ms: 8_000, begin: (scene) => all(first(scene), { kind: 'refuse' }) },
]

/** The network between hosts and servers loses, delays and cuts. */
export const network: Fault = {
  name: 'network',
  brokers: 1,
  async inject(scene) {
    for (let round = 0; round < 2 || !scene.isOver(); round += 1) {
      const { what, ms, begin } = troubles[round % troubles.length] as Trouble
      await begin(scene)
      await scene.pause(ms)
      await all([...scene.links, ...brokersOf(scene)], { kind: 'pass' })
      scene.ended(what)
      await scene.pause(5_000)
    }
  },
}
