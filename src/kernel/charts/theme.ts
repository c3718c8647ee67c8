/**
 * The look of every chart, as a Vega-Lite configuration. Charts are shown on light and dark pages, so grounds are
 * transparent, and text and lines of a grey that reads on both (contrast above 4 on white and on #1e1e1e).
 */
const INK = '#808080'
const GRID = 'rgba(128, 128, 128, 0.22)'

/** Colours that people with any common colour vision tell apart (Okabe and Ito, "Color Universal Design", 2008). */
export const PALETTE = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#8c6d31',
  '#7f7fbf',
]

/** -1 .. 0 .. +1: blue, neutral, orange; as dark as each other at both ends. */
export const DIVERGING = ['#2166ac', '#67a9cf', '#c8c8c8', '#ef8a62', '#b2182b']

/** Colour of marks that stand for no method. */
export const ACCENT = '#4f8fc0'

const FONT = 'system-ui, -apple-system, "Segoe UI", sans-serif'

export const THEME = {
  background: 'transparent',
  font: FONT,
  axis: {
    labelColor: INK,
    titleColor: INK,
    domainColor: INK,
    tickColor: INK,
    gridColor: GRID,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 500,
    labelLimit: 220,
  },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 500,
    labelLimit: 220,
  },
  header: { labelColor: INK, titleColor: INK, labelFontSize: 11, labelFontWeight: 500 },
  title: {
    color: INK,
    fontSize: 13,
    fontWeight: 600,
    subtitleColor: INK,
    subtitleFontSize: 11,
    anchor: 'start',
  },
  view: { stroke: GRID },
  range: { category: PALETTE, diverging: DIVERGING },
  rule: { color: INK },
  text: { color: INK, fontSize: 11 },
  circle: { opacity: 0.75, size: 42 },
  line: { strokeWidth: 2 },
  boxplot: { median: { color: INK } },
} as const

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json'

/** A complete specification in the common look. */
export function themed(spec: Record<string, unknown>): Record<string, unknown> {
  return { $schema: SCHEMA, ...spec, config: THEME }
}

/** The colour of a method, the same in every chart that lists the methods in this order. */
export function methodColour(methods: readonly string[]) {
  return {
    field: 'method',
    type: 'nominal',
    title: 'method',
    scale: { domain: [...methods] },
    ...(methods.length < 2 && { legend: null }),
  }
}

/** A correlation with its sign, two digits: +0.42. */
export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`

/** Field names of data are our own and fixed, so that column names with dots or brackets can't be read as paths. */
export interface PointDatum {
  /** Index into the chart's links. */
  _row: number
  id: string
  method: string
  x: number
  y: number
}
