import { cellMetadata, kindOf, LANGUAGES, NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import { type Definition, definitionsOf, usesOf } from '../language/names.ts'
import type { NameUse } from '../language/names-in.ts'
import { holds } from '../language/step-text.ts'
import type { vscode } from '../vscode.ts'
import { type LanguagePorts, type Place, placeOf, rangeOf } from './steps.ts'

const STEPS: vscode.DocumentFilter = { notebookType: NOTEBOOK_TYPE, language: LANGUAGES.step }
const NAME = /^[A-Za-z_][\w-]*$/

/** Go to definition, all references, and rename of the results of a study. */
export function registerNames(ports: LanguagePorts): vscode.Disposable {
  const { vscode: api } = ports
  return api.Disposable.from(
    api.languages.registerDefinitionProvider(STEPS, {
      provideDefinition: async (document, position) => {
        const found = await nameAt(ports, document, position)
        return found?.definition && locationOf(api, found.place, found.definition)
      },
    }),
    api.languages.registerReferenceProvider(STEPS, {
      provideReferences: async (document, position) => {
        const found = await nameAt(ports, document, position)
        return found
          ? placesOf(api, found.place, found.use.name).map(({ uri, range }) => new api.Location(uri, range))
          : []
      },
    }),
    api.languages.registerRenameProvider(STEPS, {
      prepareRename: async (document, position) => {
        const found = await nameAt(ports, document, position)
        if (!found?.definition) throw new Error('This is not the name of a result of this study.')
        return rangeOf(api, document, found.use.span)
      },
      provideRenameEdits: async (document, position, newName) => {
        const found = await nameAt(ports, document, position)
        if (!found?.definition) return undefined
        const wrong = nameProblem(found.place, newName)
        if (wrong !== undefined) throw new Error(wrong)
        return renameEdit(api, found.place, found.definition, newName)
      },
    }),
  )
}

interface FoundName {
  place: Place
  use: NameUse
  definition: Definition | undefined
}

async function nameAt(
  ports: LanguagePorts,
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<FoundName | undefined> {
  const place = await placeOf(ports, document)
  if (!place) return undefined
  const offset = document.offsetAt(position)
  const use = place.analyse(document.getText()).names.find(({ span }) => holds(span, offset))
  if (!use) return undefined
  const definition = definitionsOf(place.analyse, place.cells).find(({ name }) => name === use.name)
  return { place, use, definition }
}

function locationOf(
  api: typeof vscode,
  { study }: Place,
  definition: Definition,
): vscode.Location | undefined {
  const document = study.cell(definition.cell)?.document
  if (!document) return undefined
  return new api.Location(document.uri, rangeOf(api, document, definition.span ?? { start: 0, end: 0 }))
}

function placesOf(api: typeof vscode, { study, analyse, cells }: Place, name: string) {
  return usesOf(analyse, cells, name).flatMap(({ cell, use }) => {
    const document = study.cell(cell)?.document
    return document ? [{ uri: document.uri, range: rangeOf(api, document, use.span) }] : []
  })
}

/** What is wrong with a new name for a result; undefined for one that will do. */
export function nameProblem(place: Pick<Place, 'analyse' | 'cells'>, newName: string): string | undefined {
  if (!NAME.test(newName)) return 'A name is a letter, then letters, digits, _ and -.'
  const taken = definitionsOf(place.analyse, place.cells).some(({ name }) => name === newName)
  return taken ? `Another cell defines "${newName}" already.` : undefined
}

/** Gives a result another name: where it is defined, and in every step cell that reads it. */
export function renameEdit(
  api: typeof vscode,
  place: Place,
  definition: Definition,
  newName: string,
): vscode.WorkspaceEdit {
  const edit = new api.WorkspaceEdit()
  for (const { uri, range } of placesOf(api, place, definition.name)) edit.replace(uri, range, newName)
  if (definition.span) return edit
  // The name of a prompt or a script is an attribute of its cell.
  const { notebook } = place.study
  const cell = place.study.cell(definition.cell)
  if (!cell) return edit
  const kept = cellMetadata(cell.metadata)
  const attribute = kindOf(cell.document.languageId) === 'prompt' ? 'prompt' : 'as'
  const mirage = { ...kept, attributes: { ...kept.attributes, [attribute]: newName } }
  edit.set(notebook.uri, [api.NotebookEdit.updateCellMetadata(cell.index, { ...cell.metadata, mirage })])
  return edit
}
