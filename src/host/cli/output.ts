import { SingleBar } from 'cli-progress'

/**
 * Where a command writes. With `--json` everything for people goes to stderr and the last line of stdout is one JSON object.
 */
export interface Output {
  /** A line for people. */
  say(line: string): void
  /** How far the work is: a bar on a terminal, a plain line now and then elsewhere. */
  progress(done: number, total: number, label: string): void
  /** Ends the bar, if there is one. */
  progressEnds(): void
  /** The result: `lines` for people, or `value` as JSON. */
  result(value: object, lines: readonly string[]): void
}

export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/** Plain progress lines are written at every tenth of the work. */
const plainSteps = 10

export function createOutput(json: boolean, streams: Streams): Output {
  const people = json ? streams.stderr : streams.stdout
  const progress = people.isTTY === true ? barProgress(people) : plainProgress(people)
  return {
    say: (line) => {
      progress.end()
      people.write(`${line}\n`)
    },
    progress: progress.show,
    progressEnds: progress.end,
    result(value, lines) {
      progress.end()
      const text = json ? JSON.stringify(value) : lines.join('\n')
      streams.stdout.write(`${text}\n`)
    },
  }
}

interface Progress {
  readonly show: (done: number, total: number, label: string) => void
  readonly end: () => void
}

function barProgress(stream: NodeJS.WritableStream): Progress {
  let bar: SingleBar | undefined
  return {
    show(done, total, label) {
      if (bar === undefined) {
        bar = new SingleBar({ format: '{label} {bar} {value}/{total}', stream, hideCursor: true, clearOnComplete: false, barsize: 30 })
        bar.start(total, done, { label })
      }
      bar.setTotal(total)
      bar.update(done, { label })
    },
    end() {
      bar?.stop()
      bar = undefined
    },
  }
}

function plainProgress(stream: NodeJS.WritableStream): Progress {
  let last = -1
  return {
    show(done, total, label) {
      const step = total === 0 ? 0 : Math.floor((done * plainSteps) / total)
      if (step !== last) {
        last = step
        stream.write(`${label} ${done}/${total}\n`)
      }
    },
    end() {},
  }
}
