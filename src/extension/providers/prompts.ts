import { LANGUAGES, NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import { completePrompt } from '../language/prompt/complete-prompt.ts'
import { hoverPrompt } from '../language/prompt/hover-prompt.ts'
import type { vscode } from '../vscode.ts'
import { type LanguagePorts, quickFixes, rangeOf, toItem } from './steps.ts'

const PROMPTS: vscode.DocumentFilter = { notebookType: NOTEBOOK_TYPE, language: LANGUAGES.prompt }

/** Completion, hover and quick fixes of prompt cells. */
export function registerPrompts(ports: LanguagePorts): vscode.Disposable {
  const { vscode: api, source } = ports
  const { languages } = api
  return api.Disposable.from(
    languages.registerCompletionItemProvider(
      PROMPTS,
      {
        provideCompletionItems: async (document, position) => {
          const { language } = await source.get()
          const found = await completePrompt(language, document.getText(), document.offsetAt(position))
          return found.map(item => toItem(api, document, item))
        },
      },
      ...[' ', '{', '%', '|', '.', '['],
    ),
    languages.registerHoverProvider(PROMPTS, {
      provideHover: async (document, position) => {
        const { language } = await source.get()
        const hover = hoverPrompt(language, document.getText(), document.offsetAt(position))
        return (
          hover && new api.Hover(new api.MarkdownString(hover.markdown), rangeOf(api, document, hover.span))
        )
      },
    }),
    languages.registerCodeActionsProvider(
      PROMPTS,
      { provideCodeActions: (document, range) => quickFixes(ports, document, range) },
      { providedCodeActionKinds: [api.CodeActionKind.QuickFix] },
    ),
  )
}
