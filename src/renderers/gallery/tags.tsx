import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../shared/ui/controls.tsx'
import { useAction } from '../shared/ui/use-action.tsx'
import { useUniqueId } from '../shared/ui/use-unique-id.ts'

const LONGEST = 60

/** The tags of one row: taken away by pressing, added by writing, where they can be written into the study. */
export function Tags(props: {
  name: string
  tags: readonly string[]
  known: readonly string[]
  /** Raised each time that the field is asked for; 0 leaves the focus where it is. */
  asked: number
  /** Resolves when the study has them. */
  write: ((tags: string[]) => Promise<void>) | undefined
}) {
  const { name, tags, known, asked, write } = props
  const [text, setText] = useState('')
  const { run, status } = useAction()
  const field = useRef<HTMLInputElement>(null)
  const suggestions = useUniqueId()
  useEffect(() => {
    if (asked > 0) field.current?.focus()
  }, [asked])
  if (!write) {
    return (
      <div class="m-group">
        {tags.map(tag => (
          <span key={tag} class="gallery-tag">
            {tag}
          </span>
        ))}
      </div>
    )
  }
  const set = (next: string[]) => run(() => write(next), 'Written into the cell')
  const add = () => {
    const tag = text.trim()
    setText('')
    if (tag !== '' && !tags.includes(tag)) set([...tags, tag])
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
          onPress={() => set(tags.filter(other => other !== tag))}
        >
          {tag}
        </Button>
      ))}
      <input
        class="m-input"
        ref={field}
        aria-label="New tag"
        placeholder="Add a tag"
        list={suggestions}
        maxLength={LONGEST}
        value={text}
        onInput={event => setText(event.currentTarget.value)}
      />
      <datalist id={suggestions}>
        {known.map(tag => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
      {status}
    </form>
  )
}
