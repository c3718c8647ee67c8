import { type LoggerInterface, parse, View } from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { compile, type TopLevelSpec } from 'vega-lite'
import { describe, expect, it } from 'vitest'
import { distributionChart } from '../../src/kernel/charts/distribution.ts'
import { forestChart } from '../../src/kernel/charts/forest.ts'
import { matrixChart } from '../../src/kernel/charts/matrix.ts'
import { rankPlot } from '../../src/kernel/charts/rank-plot.ts'
import { scatterChart } from '../../src/kernel/charts/scatter.ts'
import type { ChartPayload } from '../../src/kernel/protocol/mime.ts'

/** Draws a chart without a screen, as an expression interpreter under a content security policy would see it. */
async function drawn({ spec }: ChartPayload): Promise<string> {
  const warnings: string[] = []
  const quiet = () => logger
  const said = (...text: readonly string[]) => {
    warnings.push(...text)
    return logger
  }
  const logger: LoggerInterface = {
    level: quiet as never,
    error: said,
    warn: said,
    info: quiet,
    debug: quiet,
  }
  const { spec: vega } = compile(spec as unknown as TopLevelSpec, { logger })
  expect(warnings).toEqual([])
  const view = new View(parse(vega, undefined, { ast: true }), {
    renderer: 'none',
    expr: expressionInterpreter,
  })
  const svg = await view.toSVG()
  view.finalize()
  return svg
}

/** Marks of a kind with a role of data, by the words that screen readers are given. */
const marks = (svg: string, kind: string) =>
  svg.match(new RegExp(`aria-roledescription="${kind}"`, 'g'))?.length ?? 0

const methods = ['osediff', 'x4plus']
const points = Array.from({ length: 12 }, (_, k) => ({
  _row: k,
  id: `image ${k >> 1}`,
  method: methods[k % 2],
  x: k / 3,
  y: 5 - (k % 5),
}))
const line = [0, 1, 2].map(x => ({ x, y: x, low: x - 1, high: x + 1 }))

describe('charts', () => {
  it('draw a point per row, a line and a band', async () => {
    const input = { title: 't', subtitle: 's', x: 'psnr', y: 'hs', points, methods, line }
    const svg = await drawn(scatterChart(input))
    expect(marks(svg, 'circle')).toBe(12)
    expect([marks(svg, 'line mark'), marks(svg, 'area mark')]).toEqual([1, 1])
    const bare = await drawn(
      scatterChart({ ...input, line: line.map(at => ({ ...at, low: null, high: null })) }),
    )
    expect([marks(bare, 'line mark'), marks(bare, 'area mark')]).toEqual([1, 0])
  })

  it('draw a cell and a number per correlation, with a dash where there is none', async () => {
    const cells = [
      { row: 'a', column: 'a', value: 1, rows: 9 },
      { row: 'b', column: 'a', value: -0.5, rows: 9, detail: 'a | b' },
      { row: 'b', column: 'b', value: null, rows: 9 },
    ]
    const chart = matrixChart('Matrix', ['a', 'b'], cells, {})
    const svg = await drawn(chart)
    expect(marks(svg, 'rect mark')).toBe(2)
    expect(marks(svg, 'text mark')).toBe(3)
    expect(svg).toContain('−0.50')
    expect(svg).toContain('–')
    expect(chart.description).toContain('b with a, −0.50')
  })

  it('draw an estimate per predictor and view, and an interval where there is one', async () => {
    const row = { view: 'pooled', label: 'psnr', value: 0.2, low: 0.1, high: 0.3, rows: 9, images: 3 }
    const rows = [
      row,
      { ...row, label: 'ssim', low: null, high: null },
      { ...row, view: 'within-image', value: -0.4 },
    ]
    const svg = await drawn(forestChart('Forest', ['psnr', 'ssim'], rows, {}))
    expect(marks(svg, 'point')).toBe(3)
    expect(marks(svg, 'rule mark')).toBe(2)
  })

  it('draw every score beside its box', async () => {
    const values = points.map(({ _row, id, method, y }) => ({ _row, id, method, value: y }))
    const svg = await drawn(distributionChart('hs', methods, values, []))
    expect(marks(svg, 'circle')).toBe(12)
    expect(marks(svg, 'box')).toBeGreaterThanOrEqual(2)
  })

  it('draw the places of methods with their ranges', async () => {
    const standing = { column: 'hs', rows: 6, mean: 3, low: 2, high: 4, rank: 1, rankLow: 1, rankHigh: 2 }
    const standings = [
      { ...standing, method: 'osediff' },
      { ...standing, method: 'x4plus', rank: 2, rankLow: null, rankHigh: null },
    ]
    const chart = rankPlot('Ranks', ['hs'], methods, standings)
    const svg = await drawn(chart)
    expect(marks(svg, 'point')).toBe(2)
    expect(marks(svg, 'rule mark')).toBe(1)
    expect(chart.description).toContain('hs: osediff > x4plus')
  })
})
