/** One event of a stream; `id` is where to go on after it. */
export interface ServerEvent {
  readonly id: string
  readonly type: string
  readonly data: string
}

/** Splits what comes into events: `feed` takes a piece of text as it comes and returns the events it completes. */
export function eventParser(): (text: string) => ServerEvent[] {
  let rest = ''
  return (text) => {
    const blocks = `${rest}${text}`.split('\n\n')
    rest = blocks.pop() ?? ''
    return blocks.map(eventOf).filter((event) => event.type !== '')
  }
}

function eventOf(block: string): ServerEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const
    }),
  )
  return { id: fields.get('id') ?? '', type: fields.get('event') ?? '', data: fields.get('data') ?? '' }
}
