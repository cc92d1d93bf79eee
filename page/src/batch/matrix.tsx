import type { Comparison, Story } from './story.ts'

interface Props {
  readonly story: Story
  /** Essays from the best down, as far as they are ranked. */
  readonly order: readonly string[]
}

/** Beyond this many essays cells have no names and no words any more: the picture tells the pattern. */
const mostNamed = 24

/** Who beat whom: the row's essay was shown as A, the column's as B; so both orientations of a pair have a cell of their own. */
export function Matrix({ story, order }: Props) {
  const essays = [...order, ...story.essays.filter((id) => !order.includes(id))]
  return (
    <section class="panel" aria-label="Comparison matrix">
      <h3>
        Comparisons <small>row shown as A, column as B</small>
      </h3>
      {story.comparisons.length === 0 ? (
        <p class="soft">No pair is chosen yet.</p>
      ) : essays.length <= mostNamed ? (
        <Named essays={essays} comparisons={story.comparisons} />
      ) : (
        <Picture essays={essays} comparisons={story.comparisons} />
      )}
      <p class="legend">
        <span class="cell won">▲</span> row won <span class="cell lost">▽</span> column won <span class="cell open">·</span> asked
      </p>
    </section>
  )
}

interface NetProps {
  readonly essays: readonly string[]
  readonly comparisons: readonly Comparison[]
}

const kindOf = ({ verdict }: Comparison): 'open' | 'won' | 'lost' => (verdict === null ? 'open' : verdict.winner === 'a' ? 'won' : 'lost')

const signs = { open: '·', won: '▲', lost: '▽' }

function Named({ essays, comparisons }: NetProps) {
  const cells = new Map(comparisons.map((each) => [`${each.a} ${each.b}`, each]))
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Matrix of comparisons">
      <table class="matrix">
        <thead>
          <tr>
            <td />
            {essays.map((id) => (
              <th key={id} scope="col">
                <span>{id}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {essays.map((a) => (
            <tr key={a}>
              <th scope="row">{a}</th>
              {essays.map((b) => (
                <Cell key={b} comparison={cells.get(`${a} ${b}`)} isSame={a === b} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell({ comparison, isSame }: { readonly comparison: Comparison | undefined; readonly isSame: boolean }) {
  if (comparison === undefined) {
    return <td class={isSame ? 'cell same' : 'cell'} />
  }
  const { a, b, verdict } = comparison
  const kind = kindOf(comparison)
  const told = kind === 'open' ? `${a} against ${b}: asked` : `${kind === 'won' ? a : b} beat ${kind === 'won' ? b : a}`
  return (
    <td class={`cell ${kind}`} title={verdict?.why === null || verdict === null ? told : `${told}: ${verdict.why}`}>
      <span aria-hidden="true">{signs[kind]}</span>
      <span class="unseen">{told}</span>
    </td>
  )
}

function Picture({ essays, comparisons }: NetProps) {
  const place = new Map(essays.map((id, index) => [id, index]))
  const size = essays.length
  return (
    <svg
      class="matrix-picture"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={`${comparisons.length} comparisons of ${size} essays`}
    >
      <rect class="ground" width={size} height={size} />
      {comparisons.map((each) => (
        <rect
          key={each.slot}
          class={kindOf(each)}
          x={(place.get(each.b) ?? 0) + 0.08}
          y={(place.get(each.a) ?? 0) + 0.08}
          width="0.84"
          height="0.84"
        />
      ))}
    </svg>
  )
}
