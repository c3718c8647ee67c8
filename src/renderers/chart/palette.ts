import type { Config } from 'vega-lite'
import type { Theme } from '../shared/ui/theme.ts'

/** What a figure for a paper looks like, whatever the theme: black on white, Okabe and Ito's colour-blind-safe hues. */
export const PAPER: Theme = {
  kind: 'light',
  foreground: '#000000',
  muted: '#333333',
  background: '#ffffff',
  line: '#d0d0d0',
  accent: '#0072b2',
  warning: '#d55e00',
  font: 'Helvetica, Arial, "Liberation Sans", sans-serif',
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'],
}

/** A Vega-Lite configuration in the theme's colours. What a specification sets itself wins over it. */
export function chartConfig(theme: Theme): Config {
  const { foreground, muted, line, font, series } = theme
  const text = { font, fontSize: 11, fontWeight: 400 } as const
  const titles = { titleFont: font, titleFontSize: 11, titleFontWeight: 600, titleColor: foreground } as const
  return {
    font,
    background: theme === PAPER ? theme.background : 'transparent',
    view: { stroke: 'transparent', continuousWidth: 420, continuousHeight: 300 },
    title: { ...text, fontSize: 13, fontWeight: 600, color: foreground, anchor: 'start' },
    axis: {
      ...titles,
      labelFont: font,
      labelFontSize: 11,
      labelColor: muted,
      domainColor: muted,
      tickColor: muted,
      tickSize: 4,
      gridColor: line,
      gridOpacity: 0.5,
      titlePadding: 8,
    },
    legend: { ...titles, labelFont: font, labelFontSize: 11, labelColor: foreground, symbolSize: 60 },
    header: { ...titles, labelFont: font, labelFontSize: 11, labelColor: foreground },
    range: {
      category: series,
      ramp: { scheme: 'viridis' },
      heatmap: { scheme: 'viridis' },
      diverging: { scheme: 'blueorange' },
    },
    mark: { color: series[0] },
    point: { filled: true, size: 45, opacity: 0.8 },
    circle: { size: 45, opacity: 0.8 },
    line: { strokeWidth: 1.5 },
    rule: { color: muted },
    text: { color: foreground, font, fontSize: 11 },
  }
}
