/**
 * The only module that imports `vscode` (lint enforces it). Whoever needs a value of the API is given it as a port, a
 * `Pick<typeof vscode, ...>`, by `extension.ts` or `browser.ts`; types are imported from here with `import type`. So
 * everything else runs in a unit test against a recording fake.
 */
export * as vscode from 'vscode'
