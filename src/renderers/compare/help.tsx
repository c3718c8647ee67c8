import { SHORTCUTS } from './model/keys.ts'

/** The keys, from the table that answers them. */
export function Help() {
  return (
    <section class="compare-help" aria-label="Keys">
      <p class="m-muted">
        While the images have the focus. The wheel zooms then too; with Ctrl it always does.
      </p>
      <dl>
        {SHORTCUTS.map(({ keys, label }) => (
          <div key={label}>
            <dt>
              <kbd>{keyName(keys)}</kbd>
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function keyName(keys: readonly string[]): string {
  if (keys.length > 2) return `${keys[0]} … ${keys.at(-1)}`
  return keys.map(key => ARROWS[key] ?? (key === ' ' ? 'Space' : key)).join(' or ')
}

const ARROWS: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' }
