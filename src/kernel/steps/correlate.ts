import type { Output } from '../protocol/messages.ts'
import { MIME, type TablePayload } from '../protocol/mime.ts'
import type { StepDefinition } from '../step.ts'
import { estimateOf } from './columns.ts'
import { analysing } from './correlate/analyse.ts'
import { correlationCharts } from './correlate/charts.ts'
import { params } from './correlate/params.ts'
import { comparisonPayload, correlationPayload, correlationTable } from './correlate/tables.ts'
import { comparisonText, correlationText } from './correlate/text.ts'
import { driven } from './drive.ts'

/** Correlates columns: how well does each x tell y? */
export const correlate: StepDefinition<typeof params> = {
  name: 'correlate',
  version: 1,
  summary:
    'Spearman, Pearson and Kendall with intervals clustered by image, pooled, within images and by method; plots.',
  params,
  granularity: 'table',

  async *run(values, { input, seed, signal }) {
    const table = input(values.of, 'table')
    const analysis = yield* driven(analysing(table, values, seed), 'Correlating', signal)
    const estimates = [...analysis.ys, ...analysis.xs].flatMap(({ name }) => {
      const told = estimateOf(table, name)
      return told === undefined
        ? []
        : `${name} is an ESTIMATE, no judge was asked (${told}). What correlates with it may do so because it is made of the same images.`
    })
    const notes = [
      ...estimates,
      values.bootstrap > 0
        ? `Intervals: BCa, ${Math.round(1000 * values.level) / 10} %, ${values.bootstrap} draws of whole images.`
        : 'No intervals were asked for.',
      values.permutations > 0
        ? `p: two-sided, ${values.permutations} permutations of images and of rows within images (within-image view: of rows within images); from 1000 images on the normal limit of the same. Holm over all pairs of a view.`
        : 'No p was asked for.',
      'Pooled correlations can come from the levels of methods or images alone; read them beside the other views.',
    ]
    return {
      value: correlationTable(analysis, values),
      outputs: [
        tableOutput(
          'correlations',
          correlationPayload(analysis, values, notes),
          [...estimates, correlationText(analysis)].join('\n'),
        ),
        ...correlationCharts(table, analysis, values, seed),
        ...(analysis.differences.length > 0
          ? [tableOutput('comparisons', comparisonPayload(analysis), comparisonText(analysis))]
          : []),
      ],
      lock: {
        bootstrap: { draws: values.bootstrap, level: values.level, interval: 'BCa', clusters: 'image' },
        permutations: values.permutations,
        seed,
      },
    }
  },
}

function tableOutput(id: string, payload: TablePayload, text: string): Output {
  return {
    id,
    items: [
      { mime: MIME.table, json: payload },
      { mime: 'text/plain', text: `${payload.caption}\n${text}` },
    ],
  }
}
