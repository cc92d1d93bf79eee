import { useEffect, useRef, useState } from 'preact/hooks'
import markup from 'virtual:batch-chart'
import { spoken } from '../words.ts'
import type { Story } from './story.ts'

/** The statechart, with the state that is active and the transitions that were taken, and how often. */
export function Chart({ story }: { readonly story: Story }) {
  const frame = useRef<HTMLDivElement>(null)
  const [isWhole, setWhole] = useState(false)
  useEffect(() => {
    if (frame.current !== null) {
      paint(frame.current, story)
    }
  }, [story])
  useEffect(() => {
    if (frame.current !== null) {
      showActive(frame.current, story.state)
    }
  }, [story.state, isWhole])
  return (
    <section class="panel chart-panel" aria-label="Statechart">
      <div class="panel-head">
        <h3>Statechart</h3>
        <button type="button" class="quiet" aria-pressed={isWhole} onClick={() => setWhole(!isWhole)}>
          Whole chart
        </button>
      </div>
      <p class="unseen" role="status">
        In {spoken(story.state)}; {story.taken.size} different transitions were taken.
      </p>
      <div
        class={isWhole ? 'chart-frame whole' : 'chart-frame'}
        ref={frame}
        tabIndex={0}
        role="group"
        aria-label="Picture of the statechart"
        dangerouslySetInnerHTML={{ __html: markup }}
      />
    </section>
  )
}

function paint(frame: HTMLElement, { state, taken, last }: Story): void {
  const active = `batch.${state}`
  for (const element of frame.querySelectorAll<SVGElement>('[data-state]')) {
    const id = element.dataset['state'] ?? ''
    element.classList.toggle('active', id === active || active.startsWith(`${id}.`))
    element.classList.toggle(
      'visited',
      [...taken.keys()].some((transition) => transition.startsWith(`${id}|`)),
    )
  }
  for (const element of frame.querySelectorAll<SVGElement>('[data-transition]')) {
    const count = taken.get(element.dataset['transition'] ?? '') ?? 0
    element.classList.toggle('taken', count > 0)
    element.classList.toggle('last', last.includes(element.dataset['transition'] ?? ''))
    if (!element.classList.contains('way')) {
      count > 0 ? countOn(element, count) : element.querySelector('.times')?.remove()
    }
  }
}

const svg = 'http://www.w3.org/2000/svg'

/** A round sign with the count, at the right upper corner of a pill or before a row. */
function countOn(element: SVGElement, count: number): void {
  const text = count < 1_000 ? String(count) : `${Math.floor(count / 1_000)}k`
  const old = element.querySelector('.times')
  if (old?.textContent === text) {
    return
  }
  old?.remove()
  const width = 7 * text.length + 9
  const frame = element.querySelector('rect')
  const isRow = element.classList.contains('row')
  const x = isRow ? -15 : Number(frame?.getAttribute('width') ?? 0) - 4
  const sign = made('g', { class: 'times', transform: `translate(${x},${isRow ? 8 : 2})` })
  sign.append(made('rect', { x: -width / 2, y: -8, width, height: 16, rx: 8 }))
  const label = made('text', { y: 3.6, 'text-anchor': 'middle', 'font-size': 10 })
  label.textContent = text
  sign.append(label)
  element.append(sign)
}

function made(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(svg, name)
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, String(value))
  }
  return element
}

function showActive(frame: HTMLElement, state: string): void {
  const card = frame.querySelector<SVGGraphicsElement>(`[data-state="batch.${CSS.escape(state)}"]`)
  if (card === null) {
    return
  }
  const box = card.getBoundingClientRect()
  const around = frame.getBoundingClientRect()
  frame.scrollTo({
    top: frame.scrollTop + box.top - around.top - margin(around.height, box.height),
    left: frame.scrollLeft + box.left - around.left - margin(around.width, box.width),
  })
}

/** Room before a card that stands in the middle; one that is too large begins at the edge. */
function margin(frame: number, card: number): number {
  return Math.max(12, (frame - card) / 2)
}
