import { Component, type ComponentChildren, type ComponentType, render } from 'preact'
import type { ActivationFunction, OutputItem, RendererContext } from 'vscode-notebook-renderer'
import { connect, type Host } from './host.ts'
import { createPictures, type Pictures } from './pictures/pictures.ts'
import { chooseSource } from './pictures/source.ts'
import base from './ui/base.css' with { type: 'text' }

/** What a view may use. One set per renderer, shared by its outputs. */
export interface Services {
  host: Host | undefined
  pictures: Pictures
}

export interface ViewProps<P, S> {
  payload: P
  services: Services
  /** Id of the study's cell that the output belongs to, where the host says it. */
  cell: string | undefined
  /** What `remember` last stored for this output, in this window. */
  remembered: S | undefined
  remember: (state: S) => void
}

export interface RendererDefinition<P, S> {
  /** Such as `compare`; names the root's class, `mirage-compare`. */
  name: string
  css: string
  /** @throws Error when the JSON is not this renderer's payload */
  parse(json: unknown): P
  /** Names an output across reopening, for its remembered state. */
  identify(payload: P): string
  /** Height to keep free, in CSS px, for an output of this width that is not drawn yet. */
  reserve(payload: P, width: number): number
  view: ComponentType<ViewProps<P, S>>
}

type States<S> = Record<string, S>
/** Outputs whose state is kept; the oldest are forgotten. */
const KEPT_STATES = 300
/** How far outside of the window outputs are kept drawn, so that scrolling shows no gaps. */
const MARGIN = '800px'

/** Makes the `activate` of a renderer's entry point. Outputs are drawn when they come near the window. */
export function defineRenderer<P, S>(definition: RendererDefinition<P, S>): ActivationFunction<States<S>> {
  return context => {
    addStyles(base)
    addStyles(definition.css)
    const host = connect(context)
    const pictures = createPictures(chooseSource(host, document))
    const slot = stateSlot(context)
    const outputs = new Map<string, Mounted>()
    const near = new IntersectionObserver(
      entries => {
        for (const entry of entries) for (const output of outputs.values()) output.seen(entry)
      },
      { rootMargin: `${MARGIN} 0px` },
    )

    const forget = (id: string) => {
      outputs.get(id)?.dispose()
      outputs.delete(id)
    }

    return {
      renderOutputItem(item: OutputItem, element: HTMLElement, signal: AbortSignal) {
        if (signal.aborted) return
        const known = outputs.get(item.id)
        if (known && known.element !== element) forget(item.id)
        for (const [id, output] of outputs) if (id !== item.id && output.element === element) forget(id)
        const mounted = outputs.get(item.id) ?? mount(element, definition.name, near)
        outputs.set(item.id, mounted)
        mounted.show(describe(definition, item, { host, pictures }, slot))
        signal.addEventListener(
          'abort',
          () => {
            // An update aborts the earlier rendering of the same element; only an element that is gone is let go.
            setTimeout(() => outputs.get(item.id) === mounted && !element.isConnected && forget(item.id))
          },
          { once: true },
        )
      },
      disposeOutputItem(id?: string) {
        for (const known of id === undefined ? [...outputs.keys()] : [id]) forget(known)
        slot.flush()
        if (outputs.size === 0) pictures.dispose()
      },
      /** What is held, for tests of leaks. */
      live: () => ({ outputs: outputs.size, ...pictures.live() }),
    }
  }
}

interface Content {
  height(width: number): number
  render(): ComponentChildren
}

function describe<P, S>(
  definition: RendererDefinition<P, S>,
  item: OutputItem,
  services: Services,
  slot: StateSlot<S>,
): Content {
  let payload: P
  try {
    payload = definition.parse(item.json())
  } catch (error) {
    return { height: () => 32, render: () => <Failure error={error} /> }
  }
  const key = definition.identify(payload)
  const View = definition.view
  const { cell } = (item.metadata ?? {}) as { cell?: string }
  return {
    height: width => definition.reserve(payload, width),
    render: () => (
      <Boundary>
        <View
          payload={payload}
          services={services}
          cell={cell}
          remembered={slot.get(key)}
          remember={state => slot.set(key, state)}
        />
      </Boundary>
    ),
  }
}

interface Mounted {
  readonly element: HTMLElement
  show(content: Content): void
  seen(entry: IntersectionObserverEntry): void
  dispose(): void
}

function mount(element: HTMLElement, name: string, near: IntersectionObserver): Mounted {
  const root = document.createElement('div')
  root.className = `mirage mirage-${name}`
  element.replaceChildren(root)
  near.observe(root)
  let content: Content
  let drawn = false
  const draw = () => {
    drawn = true
    root.style.minHeight = ''
    render(content.render(), root)
  }
  return {
    element,
    show(next) {
      content = next
      if (drawn) draw()
      else root.style.minHeight = `${Math.round(content.height(root.clientWidth || 800))}px`
    },
    seen(entry) {
      if (entry.target !== root || entry.isIntersecting === drawn) return
      if (entry.isIntersecting) return draw()
      if (root.contains(document.activeElement)) return
      drawn = false
      root.style.minHeight = `${entry.boundingClientRect.height}px`
      render(null, root)
    },
    dispose() {
      near.unobserve(root)
      render(null, root)
      root.remove()
    },
  }
}

interface StateSlot<S> {
  get(key: string): S | undefined
  set(key: string, state: S): void
  flush(): void
}

/** The renderer's one state in VS Code, divided among outputs and written at most every 300 ms. */
function stateSlot<S>(context: RendererContext<States<S>>): StateSlot<S> {
  const states = new Map(Object.entries(context.getState?.() ?? {}))
  let timer: ReturnType<typeof setTimeout> | undefined
  const write = () => {
    timer = undefined
    context.setState?.(Object.fromEntries(states))
  }
  return {
    get: key => states.get(key),
    set(key, state) {
      states.delete(key)
      states.set(key, state)
      for (const oldest of states.keys()) {
        if (states.size <= KEPT_STATES) break
        states.delete(oldest)
      }
      timer ??= setTimeout(write, 300)
    },
    flush() {
      if (timer === undefined) return
      clearTimeout(timer)
      write()
    },
  }
}

class Boundary extends Component<{ children: ComponentChildren }, { error?: unknown }> {
  static override getDerivedStateFromError(error: unknown) {
    return { error }
  }
  override render() {
    return this.state.error === undefined ? this.props.children : <Failure error={this.state.error} />
  }
}

function Failure({ error }: { error: unknown }) {
  const reason = error instanceof Error ? error.message : String(error)
  return (
    <p class="m-message m-error" role="alert">
      This output cannot be shown: {reason}
    </p>
  )
}

/** A constructed sheet, which a strict content security policy allows. */
function addStyles(css: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets.push(sheet)
}
