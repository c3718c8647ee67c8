import type { TablePayload } from '../../kernel/protocol/mime.ts'
import { defineRenderer } from '../shared/activate.tsx'
import { ROW, TALLEST, type TableState, TableView } from './app.tsx'
import css from './table.css' with { type: 'text' }

export const activate = defineRenderer<TablePayload, TableState>({
  name: 'table',
  css,
  parse(json) {
    const payload = json as TablePayload
    if (!Array.isArray(payload?.rows)) throw new Error('it holds no rows.')
    return { ...payload, keys: payload.keys ?? [], columns: payload.columns ?? [] }
  },
  identify: ({ caption, keys, columns, rows }) =>
    [caption, ...keys, ...columns.map(({ name }) => name), rows.length].join('|'),
  reserve: ({ rows, notes }) => 26 + Math.min(TALLEST, (rows.length + 1) * ROW) + 20 * (notes?.length ?? 0),
  view: TableView,
})
