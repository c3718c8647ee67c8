/**
 * A specification without its title, which the page shows above the chart, and the subtitle that goes with it. A figure
 * that leaves the page keeps both.
 */
export function takeTitle(specification: Record<string, unknown>): {
  spec: Record<string, unknown>
  subtitle: string
} {
  const { title, ...spec } = specification
  const subtitle =
    typeof title === 'object' && title !== null ? (title as { subtitle?: unknown }).subtitle : undefined
  const lines = Array.isArray(subtitle) ? subtitle : [subtitle]
  return { spec, subtitle: lines.filter(line => typeof line === 'string').join(' ') }
}
