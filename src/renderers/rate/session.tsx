import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { RateAnswer, RatePair, RatePayload } from '../../kernel/protocol/mime.ts'
import type { Pictures } from '../shared/pictures/pictures.ts'
import { Button } from '../shared/ui/controls.tsx'
import { useAction } from '../shared/ui/use-action.tsx'
import type { Ratings } from './app.tsx'
import { Pair } from './pair.tsx'

/** Shows the first pair that is left, takes its rating, and goes on once that is kept. */
export function Session(props: {
  payload: RatePayload
  pictures: Pictures
  order: readonly RatePair[]
  ratings: Ratings
  keep: (answer: RateAnswer) => Promise<void>
  leave: () => void
}) {
  const { payload, pictures, order, ratings, keep, leave } = props
  const { question, labels } = payload
  // Keys of the pairs that were answered here, so that the last one can be taken back.
  const [given, setGiven] = useState<string[]>([])
  const [again, setAgain] = useState<string | undefined>()
  const [large, setLarge] = useState(false)
  const [busy, setBusy] = useState(false)
  const { run, status } = useAction()
  const root = useRef<HTMLDivElement>(null)
  const since = useRef(0)

  const left = order.filter(({ key }) => !(key in ratings))
  const pair = order.find(({ key }) => key === again) ?? left[0]
  const done = order.length - left.length
  useLayoutEffect(() => {
    since.current = performance.now()
    root.current?.focus()
  }, [pair?.key])
  // A page in the background is not looked at.
  useEffect(() => {
    const restart = () => {
      since.current = performance.now()
    }
    document.addEventListener('visibilitychange', restart)
    return () => document.removeEventListener('visibilitychange', restart)
  }, [])

  const rate = async (rating: number) => {
    if (busy || !pair) return
    setBusy(true)
    await run(async () => {
      await keep({ pair: pair.key, rating, seconds: (performance.now() - since.current) / 1000 })
      setGiven([...given.filter(key => key !== pair.key), pair.key])
      setAgain(undefined)
    }, `Rated ${rating}.`)
    setBusy(false)
  }
  const back = () => {
    const before = again ? given[given.indexOf(again) - 1] : given.at(-1)
    if (before !== undefined) setAgain(before)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const rating = Number(event.key)
    if (Number.isInteger(rating) && rating >= 1 && rating <= labels.length) void rate(rating)
    else if (event.key === 'Backspace') back()
    else if (event.key === 'z') setLarge(!large)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const canGoBack = again ? given.indexOf(again) > 0 : given.length > 0
  return (
    <div class="rate" ref={root} tabIndex={-1} role="group" aria-label="Blind rating" onKeyDown={onKeyDown}>
      <div class="m-toolbar">
        <progress class="rate-progress" max={order.length} value={done} aria-label="Pairs rated" />
        <span class="m-number">
          {done} / {order.length}
        </span>
        <Button label="Back to the last pair" keys="Backspace" disabled={!canGoBack || busy} onPress={back}>
          Back
        </Button>
        {pair && (
          <Button label="Actual pixels" keys="z" pressed={large} onPress={() => setLarge(!large)}>
            Actual pixels
          </Button>
        )}
        <Button label="Leave; what was rated is kept" onPress={leave}>
          Leave
        </Button>
        <span class="m-spring" />
        {status}
      </div>
      {pair ? (
        <>
          <p class="rate-question">{question}</p>
          <Pair key={pair.key} pair={pair} pictures={pictures} large={large} />
          <div class="rate-scale" role="group" aria-label="Rating">
            {labels.map((label, i) => (
              <button
                key={label}
                type="button"
                class="m-button rate-choice"
                aria-pressed={ratings[pair.key] === i + 1}
                aria-keyshortcuts={String(i + 1)}
                // Not `disabled` while an answer travels: that would take the focus away.
                aria-disabled={busy}
                onClick={() => rate(i + 1)}
              >
                <b>{i + 1}</b>
                <span>{label}</span>
              </button>
            ))}
          </div>
        </>
      ) : (
        <p class="m-message">
          All pairs are rated. Thank you. Run the cell again to see how far everybody is.
        </p>
      )}
    </div>
  )
}
