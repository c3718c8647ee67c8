export type ThemeKind = 'light' | 'dark' | 'hc-dark' | 'hc-light'

/** The theme's colours, resolved, for what style sheets do not reach: canvases and charts. */
export interface Theme {
  kind: ThemeKind
  foreground: string
  muted: string
  background: string
  /** Of what lies on the background, such as the empty part of a pane. */
  raised: string
  line: string
  accent: string
  warning: string
  font: string
  /** Categorical colours, in the order in which series take them. */
  series: string[]
}

const KINDS: Record<string, ThemeKind> = {
  'vscode-light': 'light',
  'vscode-dark': 'dark',
  'vscode-high-contrast': 'hc-dark',
  'vscode-high-contrast-light': 'hc-light',
}

/** Reads the variables that base.css derives from VS Code's, as they are at this element. */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element)
  const resolve = new OffscreenCanvas(1, 1).getContext('2d')!
  const colour = (name: string) => {
    // A canvas writes any CSS colour as #rrggbb or rgba(), which chart scales understand.
    resolve.fillStyle = style.getPropertyValue(`--m-${name}`).trim()
    return String(resolve.fillStyle)
  }
  const stated = KINDS[element.ownerDocument.body.dataset.vscodeThemeKind ?? '']
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  return {
    kind: stated ?? (dark ? 'dark' : 'light'),
    foreground: colour('fg'),
    muted: colour('muted'),
    background: colour('bg'),
    raised: colour('raised'),
    line: colour('line'),
    accent: colour('accent'),
    warning: colour('warning'),
    font: style.fontFamily,
    series: ['blue', 'yellow', 'green', 'purple', 'red', 'muted'].map(colour),
  }
}

/** Calls when the theme may have changed. @returns what ends the watch */
export function watchTheme(page: Document, changed: () => void): () => void {
  const observer = new MutationObserver(changed)
  const attributeFilter = ['class', 'style', 'data-vscode-theme-kind', 'data-vscode-theme-id']
  observer.observe(page.documentElement, { attributes: true, attributeFilter })
  observer.observe(page.body, { attributes: true, attributeFilter })
  return () => observer.disconnect()
}
