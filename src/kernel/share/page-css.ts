/** The page around exported outputs. The renderers take their colours from the editor's variables, set here for both schemes. */
export const PAGE_CSS = `
:root{color-scheme:light dark;--vscode-editor-background:#fff;--vscode-editor-foreground:#1f2328;--vscode-descriptionForeground:#59636e;--vscode-editorWidget-border:#c8c8c8;--vscode-editorWidget-background:#f8f8f8;--vscode-toolbar-hoverBackground:#b8b8b850;--vscode-focusBorder:#0969da;--vscode-editorWarning-foreground:#9a6700;--vscode-errorForeground:#cf222e;--vscode-charts-blue:#0969da;--vscode-charts-green:#1a7f37;--vscode-charts-purple:#652d90;--vscode-charts-red:#cf222e;--vscode-charts-yellow:#9a6700;--vscode-button-background:#0969da;--vscode-button-foreground:#fff;--vscode-input-background:#fff;--vscode-input-foreground:#1f2328;--vscode-input-border:#c8c8c8}
@media (prefers-color-scheme:dark){:root{--vscode-editor-background:#1f1f1f;--vscode-editor-foreground:#ccc;--vscode-descriptionForeground:#9d9d9d;--vscode-editorWidget-border:#454545;--vscode-editorWidget-background:#202020;--vscode-toolbar-hoverBackground:#5a5d5e50;--vscode-focusBorder:#3794ff;--vscode-editorWarning-foreground:#cca700;--vscode-errorForeground:#f88070;--vscode-charts-blue:#59a4f9;--vscode-charts-green:#89d185;--vscode-charts-purple:#b180d7;--vscode-charts-red:#f88070;--vscode-charts-yellow:#cca700;--vscode-button-background:#0e639c;--vscode-button-foreground:#fff;--vscode-input-background:#313131;--vscode-input-foreground:#ccc;--vscode-input-border:#5a5a5a}}
body{margin:0;background:var(--vscode-editor-background);color:var(--vscode-editor-foreground);font:15px/1.6 system-ui,sans-serif}
main{max-width:1100px;margin:0 auto;padding:32px 20px}
.prose{max-width:72ch}
.prose img{max-width:100%}
a{color:var(--vscode-focusBorder)}
.cell{margin:20px 0;border:1px solid var(--vscode-editorWidget-border);border-radius:6px;overflow:hidden}
.cell header{display:flex;justify-content:space-between;padding:4px 12px;color:var(--vscode-descriptionForeground);font-size:12px;background:var(--vscode-editorWidget-background)}
pre{margin:0;padding:10px 12px;overflow-x:auto;font:12.5px/1.5 ui-monospace,monospace}
.code{background:var(--vscode-editorWidget-background);border-bottom:1px solid var(--vscode-editorWidget-border)}
.output{padding:8px 12px}
.output img{max-width:100%}
.output pre{padding:0;white-space:pre-wrap}
table{border-collapse:collapse}
`.trim()
