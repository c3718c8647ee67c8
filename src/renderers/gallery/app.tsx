import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Compare } from '../compare/app.tsx'
import type { ViewProps } from '../shared/activate.tsx'
import { onRows } from '../shared/rows.ts'
import { Button } from '../shared/ui/controls.tsx'
import { type Filter, FilterError, parseFilter } from './filter.ts'
import { GridView } from './grid-view.tsx'
import { arrange, type Entry, fieldsOf, type Group } from './order.ts'
import { rowKey, type ShownGallery, type ShownRow } from './rows.ts'
import { type GalleryState, OPENING, tagsOf as stateTagsOf, withTags } from './state.ts'
import { Tags } from './tags.tsx'
import { GalleryToolbar } from './toolbar.tsx'

/** The study table as pictures: found by numbers, tagged, opened in the comparison. */
export function Gallery({
  payload,
  services,
  cell,
  remembered,
  remember,
}: ViewProps<ShownGallery, GalleryState>) {
  const [state, setState] = useState<GalleryState>({ ...OPENING, ...remembered })
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState(0)
  const latest = useRef(state)
  const update = (patch: Partial<GalleryState>) => {
    const next = { ...latest.current, ...patch }
    latest.current = next
    setState(next)
    remember(next)
  }
  useEffect(() => onRows(rows => setSelected(new Set(rows.map(rowKey)))), [])

  const tagsOf = useMemo(() => (row: ShownRow) => stateTagsOf(state, row), [state.given])
  const fields = useMemo(() => fieldsOf(payload.columns, tagsOf), [payload.columns, tagsOf])
  const { filter, problem } = useFilter(state.filter, fields)
  const groups = useMemo(() => {
    const wanted: Filter = state.onlySelected ? row => selected.has(rowKey(row)) && filter(row) : filter
    return arrange(payload.rows, wanted, state.sorting, state.groupBy, fields)
  }, [payload.rows, filter, state.onlySelected, selected, state.sorting, state.groupBy, fields])
  const shownColumns = useMemo(() => columnsFor(payload, state.sorting.by), [payload, state.sorting.by])
  const known = useMemo(
    () => [...new Set(payload.rows.flatMap(row => [...tagsOf(row)]))].sort(),
    [payload.rows, tagsOf],
  )
  const count = groups.reduce((sum, group) => sum + group.entries.length, 0)
  const opened = state.open && payload.rows.find(row => rowKey(row) === rowKey(state.open!))

  const open = ({ row }: Entry, tag: boolean) => {
    setAsked(tag ? asked + 1 : 0)
    update({ open: { id: row.id, method: row.method } })
  }
  const { host } = services
  // Tags belong to the study: where nobody can write them into it, they are only shown.
  const write =
    host && cell
      ? async (row: ShownRow, tags: string[]) => {
          const { given } = latest.current
          // Shown at once, so that the next change starts from it.
          update(withTags(latest.current, row, tags))
          try {
            await host.ask({ type: 'tag', cell, id: row.id, method: row.method, tags })
          } catch (error) {
            update({ given })
            throw error
          }
        }
      : undefined

  return (
    <div class="gallery">
      <GalleryToolbar
        state={state}
        columns={payload.columns}
        rows={payload.rows}
        count={count}
        total={payload.rows.length}
        selected={selected.size}
        problem={problem}
        onChange={update}
      />
      {count === 0 ? (
        <p class="m-message">
          {payload.rows.length === 0 ? 'There are no rows.' : 'No row passes the filter.'}
        </p>
      ) : (
        <GridView
          groups={groups}
          rows={payload.rows}
          columns={shownColumns}
          width={state.width}
          aspect={aspectOf(payload)}
          tagsOf={tagsOf}
          selected={selected}
          open={state.open ? rowKey(state.open) : undefined}
          pictures={services.pictures}
          onOpen={entry => open(entry, false)}
          onTag={entry => open(entry, true)}
        />
      )}
      {opened && (
        <section class="gallery-opened" aria-label={`Comparison of ${opened.id}`}>
          <div class="m-toolbar">
            <span class="gallery-name">
              {opened.id} <span class="m-muted">{opened.method}</span>
            </span>
            <Tags
              name={[opened.id, opened.method].filter(Boolean).join(' ')}
              tags={tagsOf(opened)}
              known={known}
              asked={asked}
              write={write && (tags => write(opened, tags))}
            />
            <span class="m-spring" />
            <Button icon="close" label="Close the comparison" onPress={() => update({ open: null })} />
          </div>
          <Opened payload={payload} groups={groups} row={opened} services={services} />
        </section>
      )}
    </div>
  )
}

/** The comparison of the open row; previous and next walk through what the gallery shows. */
function Opened(props: {
  payload: ShownGallery
  groups: readonly Group[]
  row: ShownRow
  services: ViewProps<ShownGallery, GalleryState>['services']
}) {
  const { payload, groups, row, services } = props
  const compared = useMemo(() => {
    const byId = new Map(
      payload.triplets.filter(({ images }) => images.length > 0).map(triplet => [triplet.id, triplet]),
    )
    if (!byId.has(row.id)) return undefined
    const ids = new Set([...groups.flatMap(({ entries }) => entries.map(entry => entry.row.id)), row.id])
    return { columns: payload.columns, triplets: [...ids].flatMap(id => byId.get(id) ?? []) }
  }, [payload, groups, row.id])
  const methods = row.method === null ? undefined : [row.method]
  if (!compared) return <p class="m-message">There are no images to compare.</p>
  return (
    <Compare payload={compared} services={services} remembered={undefined} at={row.id} methods={methods} />
  )
}

/** The last filter that could be read, and what is wrong with the present one. */
function useFilter(
  text: string,
  fields: ReturnType<typeof fieldsOf>,
): { filter: Filter; problem: FilterError | undefined } {
  const [last, setLast] = useState('')
  const result = useMemo(() => {
    try {
      return { filter: parseFilter(text, fields), problem: undefined }
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      return { filter: undefined, problem: error }
    }
  }, [text, fields])
  useEffect(() => {
    if (!result.problem) setLast(text)
  }, [result, text])
  const fallback = useMemo(() => readable(last, fields), [last, fields])
  return { filter: result.filter ?? fallback, problem: result.problem }
}

function readable(text: string, fields: ReturnType<typeof fieldsOf>): Filter {
  try {
    return parseFilter(text, fields)
  } catch {
    return () => true
  }
}

/** Numbers under the tiles: what is sorted by comes first. */
function columnsFor({ columns }: ShownGallery, sortedBy: string) {
  const first = columns.filter(({ name }) => name === sortedBy)
  return [...first, ...columns.filter(({ name }) => name !== sortedBy)].slice(0, 3)
}

/** Height over width of the tiles' pictures, from the first row, within what a grid can take. */
function aspectOf({ rows }: ShownGallery): number {
  const image = rows.find(row => row.image)?.image
  return image ? Math.min(1.25, Math.max(0.6, image.height / Math.max(1, image.width))) : 1
}
