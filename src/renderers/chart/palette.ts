import type { Config } from 'vega-lite'
import type { Theme } from '../shared/ui/theme.ts'

/** What a figure for a paper looks like, whatever the theme: black on white, Okabe and Ito's colour-blind-safe hues. */
export const PAPER: Theme = {
  kind: 'light',
  foreground: '#000000',
  muted: '#333333',
  background: '#ffffff',
  raised: '#ffffff',
  line: '#d0d0d0',
  accent: '#0072b2',
  warning: '#d55e00',
  font: 'Helvetica, Arial, "Liberation Sans", sans-serif',
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'],
}

/**
 * A specification's configuration in the theme's colours and type. These win over what the specification configures,
 * which suits viewers that know no theme; its sizes, scales and marks stay. What its encodings set wins over both.
 */
export function themedConfig(own: Config, theme: Theme): Config {
  return merge(merge(defaults(theme), own), look(theme))
}

function defaults({ series, muted }: Theme): Config {
  return {
    view: { stroke: 'transparent', continuousWidth: 420, continuousHeight: 300 },
    title: { fontSize: 13, fontWeight: 600, anchor: 'start' },
    axis: {
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: 600,
      titlePadding: 8,
      tickSize: 4,
      gridOpacity: 0.5,
    },
    legend: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: 600, symbolSize: 60 },
    header: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: 600 },
    range: {
      ramp: { scheme: 'viridis' },
      heatmap: { scheme: 'viridis' },
      diverging: { scheme: 'blueorange' },
    },
    mark: { color: series[0] },
    point: { filled: true, size: 45, opacity: 0.8 },
    circle: { size: 45, opacity: 0.8 },
    line: { strokeWidth: 1.5 },
    rule: { color: muted },
    text: { fontSize: 11 },
  }
}

function look(theme: Theme): Config {
  const { foreground, muted, line, font, series } = theme
  const titles = { titleFont: font, titleColor: foreground }
  return {
    font,
    background: theme === PAPER ? theme.background : 'transparent',
    title: { font, color: foreground, subtitleFont: font, subtitleColor: muted },
    axis: {
      ...titles,
      labelFont: font,
      labelColor: muted,
      domainColor: muted,
      tickColor: muted,
      gridColor: line,
    },
    legend: { ...titles, labelFont: font, labelColor: foreground },
    header: { ...titles, labelFont: font, labelColor: foreground },
    text: { font, color: foreground },
    range: { category: series },
  }
}

/** Two levels deep, as configurations are. */
function merge(under: Config, over: Config): Config {
  const isGroup = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  const merged: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isGroup(below) && isGroup(value) ? { ...below, ...value } : value
  }
  return merged as Config
}
