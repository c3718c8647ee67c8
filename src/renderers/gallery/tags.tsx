import { useState } from 'preact/hooks'
import { Button } from '../shared/ui/controls.tsx'

const LONGEST = 60

/** The tags of one row, taken away by pressing, added by writing. */
export function Tags(props: {
  name: string
  tags: readonly string[]
  known: readonly string[]
  focused: boolean
  onChange: (tags: string[]) => void
}) {
  const { name, tags, known, focused, onChange } = props
  const [text, setText] = useState('')
  const add = () => {
    const tag = text.trim().slice(0, LONGEST)
    setText('')
    if (tag !== '' && !tags.includes(tag)) onChange([...tags, tag])
  }
  return (
    <form
      class="m-group gallery-tags"
      aria-label={`Tags of ${name}`}
      onSubmit={event => {
        event.preventDefault()
        add()
      }}
    >
      {tags.map(tag => (
        <Button
          key={tag}
          icon="close"
          label={`Remove the tag ${tag}`}
          onPress={() => onChange(tags.filter(other => other !== tag))}
        >
          {tag}
        </Button>
      ))}
      <input
        class="m-input"
        ref={element => {
          if (focused) element?.focus()
        }}
        aria-label="New tag"
        placeholder="Add a tag"
        list="mirage-gallery-tags"
        maxLength={LONGEST}
        value={text}
        onInput={event => setText(event.currentTarget.value)}
      />
      <datalist id="mirage-gallery-tags">
        {known.map(tag => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
    </form>
  )
}
