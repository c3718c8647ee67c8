import { Component, type ComponentType, createElement } from 'preact'

/** A component that renders again only when one of its properties changed. */
export function memo<P extends object>(inner: (props: P) => preact.ComponentChild): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: P) {
      const keys = new Set([...Object.keys(next), ...Object.keys(this.props)]) as Set<keyof P>
      return [...keys].some(key => !Object.is(next[key], (this.props as P)[key]))
    }
    override render() {
      return createElement(inner, this.props as P & preact.Attributes)
    }
  }
}
