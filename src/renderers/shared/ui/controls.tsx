import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icons.tsx'

/** A button of a toolbar: an icon, named by its label; `keys` is the shortcut that does the same. */
export function Button(props: {
  icon?: IconName
  label: string
  keys?: string
  pressed?: boolean
  disabled?: boolean
  children?: ComponentChildren
  onPress: () => void
}) {
  const { icon, label, keys, pressed, disabled, children, onPress } = props
  return (
    <button
      type="button"
      class="m-button"
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={keys}
      disabled={disabled}
      title={keys ? `${label} (${keys})` : label}
      onClick={onPress}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** One of a few: buttons of which one is pressed. */
export function Segments<T extends string>(props: {
  label: string
  value: T
  options: readonly { value: T; label: string; icon?: IconName; keys?: string }[]
  onChange: (value: T) => void
}) {
  return (
    <div class="m-segments" role="group" aria-label={props.label}>
      {props.options.map(option => (
        <Button
          key={option.value}
          icon={option.icon}
          label={option.label}
          keys={option.keys}
          pressed={option.value === props.value}
          onPress={() => props.onChange(option.value)}
        >
          {option.icon ? null : option.label}
        </Button>
      ))}
    </div>
  )
}

export function Select(props: {
  label: string
  value: string
  options: readonly { value: string; label: string }[]
  hideLabel?: boolean
  onChange: (value: string) => void
}) {
  return (
    <label class="m-field">
      {!props.hideLabel && <span>{props.label}</span>}
      <select
        class="m-select"
        aria-label={props.label}
        value={props.value}
        onChange={event => props.onChange(event.currentTarget.value)}
      >
        {props.options.map(option => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  )
}

export function Slider(props: {
  label: string
  value: number
  min: number
  max: number
  step: number
  /** What the value is called, for screen readers and beside the slider. */
  text?: string
  onInput: (value: number) => void
}) {
  return (
    <label class="m-field">
      <span>{props.label}</span>
      <input
        class="m-slider"
        type="range"
        aria-label={props.label}
        min={props.min}
        max={props.max}
        step={props.step}
        value={props.value}
        aria-valuetext={props.text}
        onInput={event => props.onInput(event.currentTarget.valueAsNumber)}
      />
      {props.text !== undefined && <output class="m-number">{props.text}</output>}
    </label>
  )
}
