import type { Finding } from '../../kernel/protocol/mime.ts'
import { formatValue } from '../shared/ui/numbers.ts'
import { useStore } from '../shared/ui/store.ts'
import type { Comparison } from './model/comparison.ts'
import { keysOf } from './model/findings.ts'
import { modeOf } from './model/modes.ts'

/** What the judge wrote about the visible images, as text; a finding with a box is looked at by pressing it. */
export function Findings({ comparison }: { comparison: Comparison }) {
  const state = useStore(comparison.state, value => value)
  const attended = useStore(comparison.attention, attention => attention.finding)
  const visible = new Set(
    modeOf(state)
      .panes(state, comparison.images())
      .flatMap(pane => keysOf(pane.layers)),
  )
  const judged = comparison.images().filter(image => visible.has(image.key) && image.findings?.length)
  if (judged.length === 0) return null
  return (
    <div class="compare-findings">
      {judged.map(image => (
        <section key={image.key} aria-label={`Findings about ${image.label}`}>
          <div class="compare-label">{image.label}</div>
          <ol>
            {image.findings!.map((finding, index) => (
              <li
                key={index}
                data-attended={attended?.key === image.key && attended.index === index ? '' : undefined}
              >
                <FindingText
                  finding={finding}
                  attend={on => comparison.attention.set({ finding: on ? { key: image.key, index } : null })}
                  look={() => lookAt(comparison, finding)}
                />
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  )
}

function FindingText(props: { finding: Finding; attend: (on: boolean) => void; look: () => void }) {
  const { finding, attend, look } = props
  const details = [
    finding.kind,
    finding.severity === undefined ? '' : `severity ${formatValue(finding.severity)}`,
    finding.where,
  ]
  const text = (
    <>
      {finding.what} <span class="m-muted">{details.filter(Boolean).join(', ')}</span>
    </>
  )
  if (!finding.box)
    return (
      <span class="compare-finding" data-plain>
        {text}
      </span>
    )
  return (
    <button
      type="button"
      class="compare-finding"
      onPointerEnter={() => attend(true)}
      onPointerLeave={() => attend(false)}
      onFocus={() => attend(true)}
      onBlur={() => attend(false)}
      onClick={look}
    >
      {text}
    </button>
  )
}

/** Centres a finding's box and zooms so that it fills about half of the pane. */
function lookAt(comparison: Comparison, { box }: Finding): void {
  if (!box) return
  const frame = comparison.frame()
  const pane = comparison.pane()
  const width = Math.max(1, (box[2] - box[0]) * frame.width)
  const height = Math.max(1, (box[3] - box[1]) * frame.height)
  const zoom = Math.min(pane.width / width, pane.height / height) / 2
  comparison.setView({ zoom, x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2 })
  comparison.zoom(1)
}
