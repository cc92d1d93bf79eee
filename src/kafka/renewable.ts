export interface Connectable {
  connect(): Promise<void>
  disconnect(): Promise<void>
}

/** One connected client, and how many calls it has under way. */
interface Held<Client> {
  readonly client: Promise<Client>
  calls: number
  isOld: boolean
}

/** A client that is connected when first used and replaced when a call fails; calls under way on the old one end on it. */
export class Renewable<Client extends Connectable> {
  readonly #make: () => Client
  #current: Held<Client> | undefined

  constructor(make: () => Client) {
    this.#make = make
  }

  async use<T>(call: (client: Client) => Promise<T>): Promise<T> {
    const held = (this.#current ??= { client: this.#connect(), calls: 0, isOld: false })
    held.calls += 1
    try {
      return await call(await held.client)
    } catch (error) {
      this.#retire(held)
      throw error
    } finally {
      held.calls -= 1
      leave(held)
    }
  }

  async close(): Promise<void> {
    const held = this.#current
    this.#current = undefined
    await held?.client.then((client) => client.disconnect()).catch(() => undefined)
  }

  async #connect(): Promise<Client> {
    const client = this.#make()
    try {
      await client.connect()
      return client
    } catch (error) {
      client.disconnect().catch(() => undefined)
      throw error
    }
  }

  #retire(held: Held<Client>): void {
    held.isOld = true
    if (this.#current === held) {
      this.#current = undefined
    }
  }
}

function leave<Client extends Connectable>(held: Held<Client>): void {
  if (held.isOld && held.calls === 0) {
    held.client.then((client) => client.disconnect()).catch(() => undefined)
  }
}
