import { type Loader, type LoggerInterface, parse, type Spec, View } from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { Theme } from '../shared/ui/theme.ts'
import { themedConfig } from './palette.ts'

/** Above this many data rows marks are drawn on a canvas: each would be an element of the page otherwise. */
const MOST_ELEMENTS = 4000

/** A chart reads what it was given and nothing else: no file, no network, no link. */
const NO_LOADER: Loader = {
  load: refuse,
  sanitize: refuse,
  http: refuse,
  file: refuse,
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('Charts load no data and follow no links.'))
}

/**
 * Draws a Vega-Lite specification into an element, or aside where there is none. Expressions are interpreted, so it works where code from text is
 * forbidden. The caller ends the view with `finalize()`.
 * @param width CSS px for a chart that states no width
 * @throws Error when the specification cannot be compiled or drawn
 */
export async function drawChart(
  specification: Record<string, unknown>,
  element: HTMLElement | undefined,
  theme: Theme,
  width: number,
): Promise<View> {
  const problems: string[] = []
  const { config, ...content } = specification
  const themed = { ...fitWidth(content, width), config: themedConfig(config ?? {}, theme) }
  const { spec } = compile(themed as unknown as TopLevelSpec, { logger: recorder([]) })
  const runtime = parse(spec as Spec, undefined, { ast: true })
  const view = new View(runtime, {
    expr: expressionInterpreter,
    loader: NO_LOADER,
    ...(element
      ? {
          container: element,
          renderer: countRows(specification) > MOST_ELEMENTS ? 'canvas' : 'svg',
          hover: true,
        }
      : { renderer: 'none' }),
    logger: recorder(problems),
    // Hovering is answered by the chart's own tooltip, which also shows the image.
    tooltip: () => {},
  })
  try {
    await view.runAsync()
    if (problems.length > 0) throw new Error(problems[0])
    return view
  } catch (error) {
    view.finalize()
    throw error
  }
}

/** A single view without a width takes the room that there is, up to what stays readable. */
function fitWidth(specification: Record<string, unknown>, width: number): Record<string, unknown> {
  const composed = ['facet', 'repeat', 'concat', 'hconcat', 'vconcat'].some(key => key in specification)
  const encoding = (specification.encoding ?? {}) as Record<string, unknown>
  const faceted = ['facet', 'row', 'column'].some(key => key in encoding)
  if (composed || faceted || 'width' in specification) return specification
  return {
    height: 300,
    ...specification,
    width: Math.min(640, width),
    autosize: { type: 'fit', contains: 'padding' },
  }
}

function countRows(specification: Record<string, unknown>): number {
  const values = (specification.data as { values?: unknown } | undefined)?.values
  return Array.isArray(values) ? values.length : 0
}

/** Keeps what went wrong, in place of the console. Warnings are about matters of style, but for data that did not come. */
function recorder(problems: string[]): LoggerInterface {
  const logger: LoggerInterface = {
    level: (() => logger) as LoggerInterface['level'],
    error(...parts) {
      problems.push(parts.map(String).join(' '))
      return logger
    },
    warn(...parts) {
      if (String(parts[0]).startsWith('Loading failed')) problems.push(parts.map(String).join(' '))
      return logger
    },
    info: () => logger,
    debug: () => logger,
  }
  return logger
}
