import { useMemo, useState } from 'preact/hooks'
import type { TablePayload } from '../../kernel/protocol/mime.ts'
import type { ViewProps } from '../shared/activate.tsx'
import { copyText } from '../shared/save.ts'
import { Button } from '../shared/ui/controls.tsx'
import { columnNote, columnTitle, formatValue } from '../shared/ui/numbers.ts'
import { useAction } from '../shared/ui/use-action.tsx'
import { toCsv, toLatex } from './copy.ts'
import { headingText } from './heading.ts'
import { goodness, type ShownColumn, showColumns, sortRows, type TableRow } from './order.ts'

export interface TableState {
  by?: string
  descending: boolean
}

export const ROW = 22
export const TALLEST = 440
/** Width around a column's text, in CSS px: padding, the mark of sorting, and what bold letters take more than digits. */
const FRAME = 36
/** Rows drawn beyond the edges. */
const SPARE = 12

/** A table of numbers: sorted by pressing a heading, tinted towards the better end, copied for a paper. */
export function TableView({ payload, remembered, remember }: ViewProps<TablePayload, TableState>) {
  const [state, setState] = useState<TableState>(remembered ?? { descending: false })
  const [top, setTop] = useState(0)
  const { run, status } = useAction()
  const columns = useMemo(() => showColumns(payload), [payload])
  const rows = useMemo(() => sortRows(payload.rows, state.by, state.descending), [payload.rows, state])
  const sort = (column: ShownColumn) => {
    // First the better end, then the other, then the table's own order.
    const first = column.direction === 'higher'
    const next: TableState =
      state.by !== column.name
        ? { by: column.name, descending: first }
        : state.descending === first
          ? { by: column.name, descending: !first }
          : { descending: false }
    setState(next)
    remember(next)
  }
  const from = Math.max(0, Math.floor(top / ROW) - SPARE)
  const to = Math.min(rows.length, Math.ceil((top + TALLEST) / ROW) + SPARE)

  return (
    <div class="table">
      <div class="m-toolbar">
        {payload.caption && <span class="table-caption">{payload.caption}</span>}
        <span class="m-spring" />
        {status}
        <span class="m-muted m-number">{rows.length} rows</span>
        <div class="m-group">
          <Button
            icon="copy"
            label="Copy as CSV"
            onPress={() => run(() => copyText(toCsv(columns, rows)), 'Copied')}
          >
            CSV
          </Button>
          <Button
            icon="copy"
            label="Copy as LaTeX"
            onPress={() => run(() => copyText(toLatex(columns, rows, payload.caption)), 'Copied')}
          >
            LaTeX
          </Button>
        </div>
      </div>
      <section
        class="table-scroll"
        aria-label={payload.caption ?? 'Table'}
        tabIndex={0}
        style={{ maxHeight: `${TALLEST}px` }}
        onScroll={event => setTop(event.currentTarget.scrollTop)}
      >
        <table aria-rowcount={rows.length + 1}>
          <colgroup>
            {columns.map(({ name, characters }) => (
              <col key={name} style={{ width: `calc(${characters}ch + ${FRAME}px)` }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map(column => (
                <Heading key={column.name} column={column} state={state} onPress={() => sort(column)} />
              ))}
            </tr>
          </thead>
          <tbody>
            {from > 0 && <tr class="table-gap" style={{ height: `${from * ROW}px` }} />}
            {rows.slice(from, to).map((row, i) => (
              <Row key={(from + i) % (to - from)} row={row} index={from + i} columns={columns} />
            ))}
            {to < rows.length && <tr class="table-gap" style={{ height: `${(rows.length - to) * ROW}px` }} />}
          </tbody>
        </table>
      </section>
      {rows.length === 0 && <p class="m-message">There are no rows.</p>}
      {payload.notes?.map(note => (
        <p key={note} class="table-note m-muted">
          {note}
        </p>
      ))}
    </div>
  )
}

function Heading({
  column,
  state,
  onPress,
}: {
  column: ShownColumn
  state: TableState
  onPress: () => void
}) {
  const { name, info, numeric } = column
  const sorted = state.by === name ? (state.descending ? 'descending' : 'ascending') : 'none'
  return (
    <th scope="col" aria-sort={sorted} data-numeric={numeric ? '' : undefined}>
      <button type="button" title={info ? columnNote(info) : name} onClick={onPress}>
        <span class="table-title">{headingText(info ? columnTitle(info) : name)}</span>
        <span class="table-sign" aria-hidden="true">
          {{ ascending: '▴', descending: '▾', none: '' }[sorted]}
        </span>
      </button>
    </th>
  )
}

function Row({ row, index, columns }: { row: TableRow; index: number; columns: readonly ShownColumn[] }) {
  return (
    <tr aria-rowindex={index + 2}>
      {columns.map(column => {
        const value = row[column.name]
        const good = goodness(column, value)
        return (
          <td
            key={column.name}
            data-numeric={column.numeric ? '' : undefined}
            data-best={good === 1 ? '' : undefined}
            title={typeof value === 'string' || typeof value === 'number' ? String(value) : undefined}
            style={good === undefined ? undefined : { '--good': `${Math.round(good * 100)}%` }}
          >
            {column.numeric ? formatValue(value, column.decimals) : formatValue(value)}
          </td>
        )
      })}
    </tr>
  )
}
