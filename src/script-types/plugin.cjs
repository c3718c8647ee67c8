/**
 * A plugin of VS Code's TypeScript server, which checks script cells like any TypeScript: it reads each cell as if the
 * declarations that the extension sends (extension/language/script-types.ts) stood behind its text. What lies in them
 * is never shown. In a window without a study it does nothing.
 */

/** Declarations by the end of the name that the server has for a cell: the notebook's path and the cell's fragment. */
let behind = {}
let version = 0
const projects = new Set()

function declarationsOf(fileName) {
  if (!fileName.includes('vscode-notebook-cell')) return undefined
  const key = Object.keys(behind).find(end => fileName.endsWith(end))
  return key === undefined ? undefined : behind[key]
}

function init() {
  return {
    create({ languageService, languageServiceHost: host, project }) {
      projects.add(project)
      const getSnapshot = host.getScriptSnapshot.bind(host)
      const getVersion = host.getScriptVersion.bind(host)
      host.getScriptSnapshot = fileName => {
        const cell = getSnapshot(fileName)
        const more = cell && declarationsOf(fileName)
        return more === undefined ? cell : extended(cell, more)
      }
      host.getScriptVersion = fileName => {
        const own = getVersion(fileName)
        return declarationsOf(fileName) === undefined ? own : `${own} ${version}`
      }
      /** Length of a cell's own text; everything, for any other file. */
      const lengthOf = fileName =>
        declarationsOf(fileName) === undefined ? Number.POSITIVE_INFINITY : getSnapshot(fileName).getLength()
      return within(languageService, lengthOf)
    },
    onConfigurationChanged(config) {
      behind = config.cells ?? {}
      version++
      for (const project of projects) project.refreshDiagnostics?.()
    },
  }
}

function extended(cell, more) {
  const own = cell.getText(0, cell.getLength())
  const text = own + more
  return {
    getText: (start, end) => text.slice(start, end),
    getLength: () => text.length,
    getChangeRange: () => undefined,
  }
}

/** The language service without what it finds behind the end of a cell. */
function within(service, lengthOf) {
  const own = Object.assign(Object.create(null), service)
  const inside = ({ fileName, textSpan }) => textSpan.start < lengthOf(fileName)
  for (const name of ['getSemanticDiagnostics', 'getSyntacticDiagnostics', 'getSuggestionDiagnostics']) {
    own[name] = (fileName, ...rest) =>
      service[name](fileName, ...rest).filter(
        ({ start }) => start === undefined || start < lengthOf(fileName),
      )
  }
  for (const name of ['getDefinitionAtPosition', 'getTypeDefinitionAtPosition', 'getReferencesAtPosition']) {
    own[name] = (...args) => service[name](...args)?.filter(inside)
  }
  own.getDefinitionAndBoundSpan = (...args) => {
    const found = service.getDefinitionAndBoundSpan(...args)
    return found && { ...found, definitions: found.definitions?.filter(inside) }
  }
  own.findReferences = (...args) =>
    service
      .findReferences(...args)
      ?.filter(({ definition }) => inside(definition))
      .map(symbol => ({ ...symbol, references: symbol.references.filter(inside) }))
  own.getNavigationTree = fileName => {
    const tree = service.getNavigationTree(fileName)
    const length = lengthOf(fileName)
    const cut = node => ({
      ...node,
      spans: node.spans.map(span => ({ ...span, length: Math.min(span.length, length - span.start) })),
      childItems: node.childItems?.filter(({ spans }) => spans.every(({ start }) => start < length)).map(cut),
    })
    return length === Number.POSITIVE_INFINITY ? tree : cut(tree)
  }
  own.getOutliningSpans = fileName =>
    service.getOutliningSpans(fileName).filter(({ textSpan }) => textSpan.start < lengthOf(fileName))
  return own
}

module.exports = init
