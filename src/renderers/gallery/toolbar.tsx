import { useMemo } from 'preact/hooks'
import type { ColumnInfo } from '../../kernel/protocol/mime.ts'
import { Button, Select } from '../shared/ui/controls.tsx'
import { useUniqueId } from '../shared/ui/use-unique-id.ts'
import type { FilterError } from './filter.ts'
import type { GroupBy } from './order.ts'
import type { ShownRow } from './rows.ts'
import type { GalleryState, TileWidth } from './state.ts'

const WIDTHS: { value: TileWidth; label: string }[] = [
  { value: 112, label: 'Small' },
  { value: 160, label: 'Medium' },
  { value: 240, label: 'Large' },
]
const GROUPS: { value: GroupBy; label: string }[] = [
  { value: '', label: 'Nothing' },
  { value: 'method', label: 'Method' },
  { value: 'id', label: 'Image' },
  { value: 'tag', label: 'Tag' },
]

export function GalleryToolbar(props: {
  state: GalleryState
  columns: readonly ColumnInfo[]
  rows: readonly ShownRow[]
  count: number
  total: number
  selected: number
  problem: FilterError | undefined
  onChange: (patch: Partial<GalleryState>) => void
}) {
  const { state, columns, rows, count, total, selected, problem, onChange } = props
  const { by, descending } = state.sorting
  const message = useUniqueId()
  const hint = useMemo(() => example(columns, rows), [columns, rows])
  const sortable = [
    { value: '', label: 'Study order' },
    ...columns.map(({ name, label }) => ({ value: name, label: label ?? name })),
    { value: 'id', label: 'Image' },
    { value: 'method', label: 'Method' },
  ]
  return (
    <>
      <div class="m-toolbar" role="toolbar" aria-label="Gallery">
        <input
          class="m-input gallery-filter"
          type="text"
          spellcheck={false}
          aria-label="Filter"
          aria-invalid={problem !== undefined}
          aria-describedby={message}
          placeholder={`Filter, such as ${hint}`}
          value={state.filter}
          onInput={event => onChange({ filter: event.currentTarget.value })}
        />
        <div class="m-group">
          <Select
            label="Sort"
            value={by}
            options={sortable}
            onChange={value => onChange({ sorting: { by: value, descending } })}
          />
          <Button
            label={descending ? 'Largest first' : 'Smallest first'}
            pressed={descending}
            disabled={by === ''}
            onPress={() => onChange({ sorting: { by, descending: !descending } })}
          >
            {descending ? '↓' : '↑'}
          </Button>
        </div>
        <Select
          label="Group"
          value={state.groupBy}
          options={GROUPS}
          onChange={value => onChange({ groupBy: value as GroupBy })}
        />
        <Select
          label="Size"
          value={String(state.width)}
          options={WIDTHS.map(({ value, label }) => ({ value: String(value), label }))}
          onChange={value => onChange({ width: Number(value) as TileWidth })}
        />
        {(selected > 0 || state.onlySelected) && (
          <Button
            label={`${selected} selected in a chart; press to see only these`}
            pressed={state.onlySelected}
            onPress={() => onChange({ onlySelected: !state.onlySelected })}
          >
            {selected} selected
          </Button>
        )}
        <span class="m-spring" />
        <span class="m-muted m-number" role="status">
          {count === total ? `${total} rows` : `${count} of ${total} rows`}
        </span>
      </div>
      <p id={message} class="gallery-problem m-error" hidden={!problem}>
        {problem?.message}
      </p>
    </>
  )
}

/** A filter that works for the columns that there are: the worse half of the first two. */
function example(columns: readonly ColumnInfo[], rows: readonly ShownRow[]): string {
  const bounds = columns
    .filter(({ direction }) => direction !== 'none')
    .slice(0, 2)
    .flatMap(({ name, direction }) => {
      const values = rows.flatMap(row =>
        Number.isFinite(row.values[name]) ? (row.values[name] as number) : [],
      )
      if (values.length === 0) return []
      const median = values.sort((a, b) => a - b)[values.length >> 1]
      return `${name} ${direction === 'higher' ? '<' : '>'} ${Number(median.toPrecision(2))}`
    })
  return bounds.length > 0 ? bounds.join(' and ') : 'tag = "text"'
}
