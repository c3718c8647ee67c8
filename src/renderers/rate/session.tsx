import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { RateAnswer, RatePair, RatePayload } from '../../kernel/protocol/mime.ts'
import type { Pictures } from '../shared/pictures/pictures.ts'
import { useSlots } from '../shared/pictures/use-slots.ts'
import { Button } from '../shared/ui/controls.tsx'
import { useAction } from '../shared/ui/use-action.tsx'
import type { Ratings } from './app.tsx'
import { failureOf, imagesOf, Pair } from './pair.tsx'

/** Shows the first pair that is left, takes its rating once all of it is seen, and goes on once that is kept. */
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
  // Keys of the pairs that could not be shown; beginning again tries them once more.
  const [skipped, setSkipped] = useState<string[]>([])
  const [large, setLarge] = useState(false)
  const [busy, setBusy] = useState(false)
  const { run, status } = useAction()
  const root = useRef<HTMLDivElement>(null)
  const since = useRef(0)

  const left = order.filter(({ key }) => !(key in ratings))
  const pair = order.find(({ key }) => key === again) ?? left.find(({ key }) => !skipped.includes(key))
  const done = order.length - left.length
  const hashes = pair ? imagesOf(pair).map(({ image }) => image.hash) : []
  const slots = useSlots(pictures, hashes)
  const failure = pair && failureOf(pair, slots)
  const seen = failure === undefined && hashes.every(slots.settled)
  useLayoutEffect(() => root.current?.focus(), [pair?.key])
  useLayoutEffect(() => {
    since.current = performance.now()
  }, [pair?.key, seen])
  // A page in the background is not looked at.
  useEffect(() => {
    const restart = () => {
      since.current = performance.now()
    }
    document.addEventListener('visibilitychange', restart)
    return () => document.removeEventListener('visibilitychange', restart)
  }, [])

  const rate = async (rating: number) => {
    if (busy || !pair || !seen) return
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
  const skip = () => {
    if (pair) setSkipped([...skipped, pair.key])
    setAgain(undefined)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const rating = Number(event.key)
    if (Number.isInteger(rating) && rating >= 1 && rating <= labels.length) {
      // A key that is held answers one pair, not those that come after it.
      if (!event.repeat) void rate(rating)
    } else if (event.key === 'Backspace') back()
    else if (event.key === 'z') setLarge(!large)
    else if (event.key === 's' && failure !== undefined) skip()
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
          <Pair key={pair.key} pair={pair} slots={slots} large={large} />
          {failure !== undefined && (
            <div class="m-toolbar">
              <span class="m-error" role="alert">
                {failure} This pair cannot be rated.
              </span>
              <Button label="Skip this pair" keys="s" onPress={skip}>
                Skip
              </Button>
            </div>
          )}
          <div class="rate-scale" role="group" aria-label="Rating">
            {labels.map((label, i) => (
              <button
                key={label}
                type="button"
                class="m-button rate-choice"
                aria-pressed={ratings[pair.key] === i + 1}
                aria-keyshortcuts={String(i + 1)}
                // Not `disabled` while an answer or an image travels: that would take the focus away.
                aria-disabled={busy || !seen}
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
          {left.length === 0
            ? 'All pairs are rated. Thank you. Run the cell again to see how far everybody is.'
            : `Pairs that could not be shown are not rated: ${left.length}. Leave and begin again to try them once more.`}
        </p>
      )}
    </div>
  )
}
