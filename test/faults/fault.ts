import type { Scene } from './scene.ts'

/** Something bad that happens to real processes. */
export interface Fault {
  readonly name: string
  /** Nodes of its Kafka. */
  readonly brokers: 1 | 3
  /** Before the first host starts; absent: everything is up. */
  readonly before?: (scene: Scene) => Promise<void>
  /** Does it again and again until the scene's time is over; leaves everything healed. At least once, however short the time. */
  readonly inject: (scene: Scene) => Promise<void>
}
