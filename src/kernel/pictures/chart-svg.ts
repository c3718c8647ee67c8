import { type Loader, type LoggerInterface, mergeConfig, parse, type Spec, View } from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { compile, type TopLevelSpec } from 'vega-lite'
import { FONT } from './fonts.ts'

const INK = '#333333'
const LINE = '#dddddd'

/** Black on white, as a page is printed: whoever shows a picture may have any ground. These win over what a chart says. */
const PAPER = {
  background: '#ffffff',
  font: FONT,
  padding: 10,
  title: { color: '#000000', subtitleColor: INK },
  axis: { labelColor: INK, titleColor: INK, domainColor: INK, tickColor: INK, gridColor: LINE },
  legend: { labelColor: INK, titleColor: INK },
  header: { labelColor: INK, titleColor: INK },
  view: { stroke: LINE },
  rule: { color: INK },
}

const refuse = (): Promise<never> => Promise.reject(new Error('Charts load no data and follow no links.'))
const NO_LOADER: Loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse }

/**
 * A Vega-Lite specification with inline data as an SVG, drawn without a browser. Nothing is loaded, and expressions are
 * interpreted.
 *
 * @throws Error when the specification cannot be compiled or drawn
 */
export async function chartSvg(specification: Record<string, unknown>): Promise<string> {
  const problems: string[] = []
  const { config, ...content } = specification
  const own = typeof config === 'object' ? config : {}
  const themed = { ...withoutContainer(content), config: mergeConfig({}, own as object, PAPER) }
  const { spec } = compile(themed as unknown as TopLevelSpec, { logger: recorder([]) })
  const view = new View(parse(spec as Spec, undefined, { ast: true }), {
    expr: expressionInterpreter,
    loader: NO_LOADER,
    renderer: 'none',
    logger: recorder(problems),
  })
  try {
    const svg = await view.toSVG()
    if (problems.length > 0) throw new Error(problems[0])
    return svg
  } finally {
    view.finalize()
  }
}

/** There is no container to fill: a chart that would fill one has Vega-Lite's own size. */
function withoutContainer(content: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(content).filter(
      ([key, value]) => !((key === 'width' || key === 'height') && value === 'container'),
    ),
  )
}

function recorder(problems: string[]): LoggerInterface {
  const note = (...parts: unknown[]) => {
    problems.push(parts.map(String).join(' '))
    return logger
  }
  const logger: LoggerInterface = {
    level: (() => logger) as LoggerInterface['level'],
    error: note,
    // Warnings are about matters of style, but for data that did not come.
    warn: (...parts) => (String(parts[0]).startsWith('Loading failed') ? note(...parts) : logger),
    info: () => logger,
    debug: () => logger,
  }
  return logger
}
