import { useState } from 'preact/hooks'
import type { RateAnswer, RatePayload } from '../../kernel/protocol/mime.ts'
import type { ViewProps } from '../shared/activate.tsx'
import { useAction } from '../shared/ui/use-action.tsx'
import { orderFor } from './order.ts'
import { Session } from './session.tsx'

export interface RateState {
  rater: string
}

/** What a rater has answered, by pair. */
export type Ratings = Record<string, number>

/** A blind rating: a name, then pair after pair by the keys 1 to 5. */
export function Rate({ payload, services, remembered, remember }: ViewProps<RatePayload, RateState>) {
  const { host } = services
  const [name, setName] = useState(remembered?.rater ?? '')
  const [begun, setBegun] = useState<{ rater: string; ratings: Ratings } | undefined>()
  const { run, status } = useAction()
  if (payload.pairs.length === 0) return <p class="m-message">There is nothing to rate.</p>
  if (!host) return <p class="m-message">{payload.pairs.length} pairs; ratings are given in the editor.</p>

  const ask = async (rater: string, answer?: RateAnswer): Promise<Ratings> => {
    const reply = await host.ask({ type: 'rate', session: payload.session, rater, answer })
    if (reply.type !== 'rated') throw new Error('The extension answered something else.')
    return reply.ratings
  }
  if (begun) {
    return (
      <Session
        payload={payload}
        pictures={services.pictures}
        order={orderFor(payload.pairs, begun.rater)}
        ratings={begun.ratings}
        keep={async answer => setBegun({ ...begun, ratings: await ask(begun.rater, answer) })}
        leave={() => setBegun(undefined)}
      />
    )
  }
  const begin = () =>
    run(async () => {
      const rater = name.trim()
      const ratings = await ask(rater)
      remember({ rater })
      setBegun({ rater, ratings })
    }, '')
  return (
    <form
      class="m-toolbar"
      onSubmit={event => {
        event.preventDefault()
        if (name.trim() !== '') void begin()
      }}
    >
      <label class="m-field">
        <span>Your name or pseudonym</span>
        <input
          class="m-input"
          value={name}
          maxLength={60}
          autocomplete="off"
          onInput={event => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="m-button m-primary" disabled={name.trim() === ''}>
        Begin
      </button>
      <span class="m-muted">
        {payload.pairs.length} pairs. What you rated under this name before is remembered.
      </span>
      {status}
    </form>
  )
}
