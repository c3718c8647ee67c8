import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as vscode from 'vscode'

const STUDY = `---
title: In the host
---

\`\`\`yaml mirage id=load
triplets: { gt: images/*.png, scale: 4, downscale: bicubic, as: photos }
\`\`\`

\`\`\`yaml mirage id=look
compare: { of: photos, as: shown }
\`\`\`

\`\`\`yaml mirage id=wrong
compare: { of: foto }
\`\`\`
`
/** A 16 x 16 grey PNG. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQMAAAAlPW0iAAAAA1BMVEWAgICQdD0xAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAADElEQVQI12NgIA0AAAAwAAHHqoWOAAAAAElFTkSuQmCC',
  'base64',
)

describe('Mirage inside the extension host', () => {
  let folder: string
  let notebook: vscode.NotebookDocument

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mirage-in-host-'))
    await vscode.workspace.fs.createDirectory(vscode.Uri.file(join(folder, 'images')))
    await writeFile(join(folder, 'images', 'grey.png'), PNG)
    await writeFile(join(folder, 'a.mirage.md'), STUDY)
    notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(join(folder, 'a.mirage.md')))
    await vscode.window.showNotebookDocument(notebook)
  })

  after(async () => {
    await vscode.commands.executeCommand('mirage.restart')
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  it('opens a study as cells of its languages', () => {
    assert.equal(notebook.notebookType, 'mirage-study')
    assert.deepEqual(languages(notebook), ['mirage', 'mirage', 'mirage'])
  })

  it('runs the cells in order, stops at the failure, and leaves the file clean', async () => {
    await vscode.commands.executeCommand('notebook.execute')
    // Each cell shows its own outputs before its mark, so that a quick failure may have its mark first.
    const success = (index: number) => notebook.cellAt(index).executionSummary?.success
    await until(
      () => success(1) === true && success(2) === false,
      () => shown(notebook),
    )
    assert.deepEqual(mimes(notebook.cellAt(1)), [
      'application/vnd.mirage.compare+json',
      'image/png',
      'text/plain',
    ])
    const [error] = notebook.cellAt(2).outputs[0].items
    assert.match(new TextDecoder().decode(error.data), /photos/)
    assert.equal(notebook.isDirty, false)
    assert.equal(await readFile(notebook.uri.fsPath, 'utf8'), STUDY)
  })

  it('gives a new cell an id when the study is saved', async () => {
    const edit = new vscode.WorkspaceEdit()
    const cell = new vscode.NotebookCellData(
      vscode.NotebookCellKind.Code,
      'export: { of: photos, to: t.csv }',
      'mirage',
    )
    edit.set(notebook.uri, [vscode.NotebookEdit.replaceCells(new vscode.NotebookRange(2, 3), [cell])])
    await vscode.workspace.applyEdit(edit)
    await notebook.save()
    assert.match(await readFile(notebook.uri.fsPath, 'utf8'), /```yaml mirage id=export\nexport:/)
    assert.equal((notebook.cellAt(2).metadata.mirage as { id: string }).id, 'export')
    assert.equal(notebook.isDirty, false)
  })

  it('loads no native module into the host', () => {
    const report = process.report.getReport() as { sharedObjects?: string[] }
    assert.ok(report.sharedObjects?.length, 'the report lists what is loaded')
    assert.deepEqual(
      report.sharedObjects.filter(path => /sharp|onnxruntime/.test(path)),
      [],
    )
  })

  it('survives the death of its kernel', async function () {
    if (process.platform === 'win32') this.skip()
    process.kill(kernelPid(), 'SIGKILL')
    await vscode.commands.executeCommand('notebook.cell.execute', { ranges: [{ start: 0, end: 1 }] })
    await until(
      () => notebook.cellAt(0).executionSummary?.success === true,
      () => shown(notebook),
    )
    assert.ok(kernelPid() > 0)
  })
})

const languages = (study: vscode.NotebookDocument) =>
  study.getCells().map(({ document }) => document.languageId)
const mimes = (cell: vscode.NotebookCell) =>
  cell.outputs.flatMap(({ items }) => items.map(({ mime }) => mime))

/** The kernel that this host started. */
function kernelPid(): number {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' }).split('\n')
  const own = rows.map(row => row.trim().split(/\s+/)).filter(([, parent]) => Number(parent) === process.pid)
  const kernel = own.find(words => words.some(word => word.endsWith('kernel.mjs')))
  assert.ok(kernel, 'a kernel is running')
  return Number(kernel[0])
}

/** What every cell shows, for a failure's message. */
function shown(study: vscode.NotebookDocument): string {
  const cells = study.getCells().map(({ executionSummary, outputs }) => ({
    success: executionSummary?.success,
    outputs: outputs.flatMap(({ items }) =>
      items.map(({ data }) => new TextDecoder().decode(data).slice(0, 300)),
    ),
  }))
  return JSON.stringify(cells, undefined, 2)
}

async function until(condition: () => boolean, look: () => string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (condition()) return
    await sleep(50)
  }
  throw new Error(`It did not come to that within 50 s: ${look()}`)
}
