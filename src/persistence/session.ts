/** A connection outside the pool. `onEnd` is called once, when it is lost or closed. */
export interface Session {
  query(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  onEnd(call: () => void): void
  /** Calls with the channel of each NOTIFY this session listens to. */
  onNotice(call: (channel: string) => void): void
  close(): Promise<void>
}
