import type {
  ChartPayload,
  ComparePayload,
  CompareTriplet,
  GalleryPayload,
  RatePayload,
  TablePayload,
  TrainingPayload,
} from '../../src/kernel/protocol/mime.ts'
import type { RendererName, RendererPage } from './browser.ts'
import { drawImage, objectsOf } from './images.ts'
import { comparePayload, HS, markedTriplet, PSNR } from './payloads.ts'

/** One output of a renderer with all that it can show, another, and some that nobody should send. */
export interface Specimen {
  payload: unknown
  variant: unknown
  hostile: unknown[]
  objects: Record<string, Buffer>
  /** Appears when the output is drawn. */
  ready: string
  /** Opens whatever is closed at first. */
  openEverything(view: RendererPage): Promise<void>
}

const HTML =
  '<script>document.title="hit"</script><img src="https://example.com/x.png" onerror="document.title=1">'
const LONG = 'x'.repeat(5000)

export async function specimens(): Promise<Record<RendererName, Specimen>> {
  const { triplet, images } = await markedTriplet()
  const [tiny, wide] = await Promise.all([
    drawImage(1, 1, () => [9, 9, 9]),
    drawImage(20_000, 10, x => [x % 256, 0, 0]),
  ])
  const objects = objectsOf([...images, tiny, wide])
  const odd = (id: string, image: typeof tiny): CompareTriplet => ({
    id,
    images: [
      { role: 'lr' as const, label: LONG, image: image.ref, values: {} },
      {
        role: 'sr' as const,
        label: HTML,
        method: HTML,
        image: { ...image.ref, name: LONG },
        values: { psnr: HTML, hs: null },
      },
    ],
  })

  const judged = structuredClone(triplet)
  judged.images[2].findings = [
    { what: 'the sign became glyphs', where: 'top left', kind: 'P2', severity: 4, box: [0.1, 0.1, 0.4, 0.3] },
    { what: 'invented grain', kind: 'P1', severity: 1 },
  ]
  judged.images[2].overlays = [
    { name: 'map', label: 'Unexplained detail', image: images[1].ref, range: [0, 12], settings: {} },
  ]
  const second = { ...triplet, id: '0002' }
  const compare: ComparePayload = comparePayload(judged, second)

  const rows = triplet.images
    .filter(({ role }) => role === 'sr')
    .flatMap(({ image, method, values }) =>
      Array.from({ length: 20 }, (_, i) => ({
        id: `000${i + 1}`,
        method: method!,
        image,
        values,
        tags: i === 2 ? ['text'] : [],
      })),
    )
  const gallery: GalleryPayload = {
    columns: [PSNR, HS],
    rows,
    triplets: [judged, second].map((t, i) => ({ ...t, id: `000${i + 1}` })),
  }

  const marks = rows.map((row, i) => ({ _row: i, id: row.id, psnr: 20 + i / 4, hs: 1 + (i % 5) }))
  const chart: ChartPayload = {
    title: 'HS against PSNR',
    description: 'Spearman 0.1',
    columns: [PSNR, HS],
    spec: {
      data: { values: marks },
      mark: 'point',
      encoding: { x: { field: 'psnr', type: 'quantitative' }, y: { field: 'hs', type: 'quantitative' } },
    },
    links: rows.map(({ id, method, image }) => ({ id, method, thumb: image.hash })),
    triplets: gallery.triplets,
  }

  const table: TablePayload = {
    caption: 'Methods',
    keys: ['id', 'method'],
    columns: [PSNR, HS],
    rows: rows.map(({ id, method, values }) => ({ id, method, ...values })),
    notes: ['Y channel, 4 px border cropped.'],
  }

  const training: TrainingPayload = {
    run: 'r',
    state: 'running',
    totalSteps: 60,
    secondsLeft: 30,
    series: [
      { name: 'loss', label: 'total', group: 'loss', direction: 'lower' },
      { name: 'psnr', label: 'PSNR', group: 'guard', direction: 'higher' },
    ],
    points: Array.from({ length: 30 }, (_, i) => ({
      step: i + 1,
      values: { loss: 1 / (i + 1), psnr: 27 + (i % 3) / 10 },
    })),
    samples: [
      {
        id: 'shop',
        lr: images[0].ref,
        gt: images[1].ref,
        before: images[2].ref,
        at: [1, 20].map(step => ({ step, image: images[3].ref })),
      },
    ],
    message: 'Batch 4 of 64 px patches.',
  }

  const rate: RatePayload = {
    session: 's',
    question: 'How much was invented?',
    labels: ['main content', 'objects', 'noticeable', 'trivial', 'nothing'],
    pairs: images.slice(0, 4).map(({ ref }, i) => ({
      key: `k${i}`,
      references: [{ label: 'Original', image: images[1].ref }],
      result: ref,
    })),
  }

  const opened = async (view: RendererPage) => {
    await view.page.locator('canvas[data-role]').first().waitFor()
    await view.settle()
  }
  return {
    compare: {
      payload: compare,
      variant: comparePayload(second),
      hostile: [
        comparePayload(odd('tiny', tiny)),
        comparePayload(odd(LONG, wide), odd(HTML, tiny)),
        comparePayload({ id: 'none', images: [] }),
        comparePayload(),
        { nothing: true },
        null,
        comparePayload({
          id: 'huge',
          images: [
            {
              role: 'sr',
              label: 'huge',
              image: { hash: 'f'.repeat(64), width: 1e9, height: 1e9, mime: 'image/png' },
              values: {},
            },
          ],
        }),
      ],
      objects,
      ready: 'canvas[data-role]',
      async openEverything(view) {
        await view.page.focus('.compare-stage')
        for (const key of ['l', 'r', 'c', '?', 'd']) await view.page.keyboard.press(key)
        if (await view.page.getByLabel('Overlay').count())
          await view.page.getByLabel('Overlay').selectOption('map')
        await opened(view)
      },
    },
    gallery: {
      payload: gallery,
      variant: { ...gallery, rows: rows.slice(0, 7) },
      hostile: [
        { ...gallery, rows: [] },
        {
          columns: [PSNR],
          rows: [{ id: LONG, method: HTML, values: { psnr: Number.POSITIVE_INFINITY }, tags: [HTML, LONG] }],
          triplets: [],
        },
        { columns: [], rows: [{ id: 'no image', method: null, values: {} }] },
        { rows: 3 },
      ],
      objects,
      ready: '.gallery-tile',
      async openEverything(view) {
        await view.page.getByLabel('Group', { exact: true }).selectOption('method')
        await view.page.getByRole('textbox', { name: 'Filter' }).fill('hs <')
        await view.page.locator('.gallery-tile').first().click()
        await opened(view)
      },
    },
    chart: {
      payload: chart,
      variant: { ...chart, links: undefined, triplets: undefined },
      hostile: [
        { ...chart, title: LONG, description: HTML },
        { title: HTML, description: HTML, spec: { mark: 'point', data: { values: [] } } },
        { title: 'Loop', description: '', spec: { layer: [] } },
        {
          title: 'Odd rows',
          description: '',
          spec: { ...chart.spec, data: { values: [{ _row: 99, _chart: HTML, psnr: null, hs: HTML }] } },
        },
        { spec: 'none' },
      ],
      objects,
      ready: '.mark-symbol path',
      async openEverything(view) {
        await view.page.focus('.chart-layer')
        for (const key of ['ArrowRight', 'Enter', 'ArrowRight']) await view.page.keyboard.press(key)
        await opened(view)
      },
    },
    table: {
      payload: table,
      variant: { ...table, rows: table.rows.slice(3) },
      hostile: [
        { ...table, rows: [] },
        {
          ...table,
          caption: HTML,
          rows: [{ id: LONG, method: HTML, psnr: Number.POSITIVE_INFINITY, hs: 'NaN' }],
          notes: [LONG],
        },
        { keys: [], columns: [], rows: [{}] },
        { rows: {} },
      ],
      objects,
      ready: 'tbody td',
      async openEverything(view) {
        await view.page.getByRole('columnheader').first().getByRole('button').click()
      },
    },
    training: {
      payload: training,
      variant: { ...training, state: 'done', points: training.points.slice(0, 3) },
      hostile: [
        { ...training, points: [], samples: [], series: [] },
        {
          ...training,
          message: HTML,
          series: [{ name: 'loss', label: LONG, group: 'loss', direction: 'lower' }],
        },
        {
          ...training,
          state: 'failed',
          secondsLeft: Number.POSITIVE_INFINITY,
          totalSteps: 0,
          points: [{ step: 1, values: { loss: Number.POSITIVE_INFINITY, psnr: null } }],
        },
        { ...training, samples: [{ id: LONG, lr: tiny.ref, at: [] }] },
        { series: [] },
      ],
      objects,
      ready: '.training-curve path',
      async openEverything(view) {
        await view.page.getByRole('button', { name: 'Compare' }).first().click()
        await opened(view)
      },
    },
    rate: {
      payload: rate,
      variant: { ...rate, session: 't', pairs: rate.pairs.slice(1) },
      hostile: [
        { ...rate, pairs: [] },
        { ...rate, question: HTML, labels: [LONG, HTML, HTML, '', LONG] },
        { pairs: 3 },
        { ...rate, session: null },
      ],
      objects,
      ready: '.m-input',
      async openEverything(view) {
        await view.page.getByRole('textbox').fill('ann')
        await view.page.keyboard.press('Enter')
        await view.page.locator('.rate-pair canvas[data-state=ready]').nth(1).waitFor()
        await view.page.keyboard.press('3')
        await view.page.getByText('1 / 4').waitFor()
        await view.page.keyboard.press('z')
        await view.settle()
      },
    },
  }
}
