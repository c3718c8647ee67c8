import { useMemo, useState } from 'preact/hooks'
import type { CompareTriplet, ImageRef, TrainingPayload } from '../../kernel/protocol/mime.ts'
import { Compare } from '../compare/app.tsx'
import type { Services } from '../shared/activate.tsx'
import { Thumbnail } from '../shared/pictures/thumbnail.tsx'
import { Button, Slider } from '../shared/ui/controls.tsx'
import { shorten } from '../shared/ui/numbers.ts'

type TrackedImage = TrainingPayload['samples'][number]

const SIDE = 112

/** The tracked images at one step, all moved by one slider; an image opens in the comparison. */
export function Samples(props: {
  samples: readonly TrackedImage[]
  services: Services
  /** Step that is looked at; undefined follows the newest. */
  step: number | undefined
  onStep: (step: number | undefined) => void
}) {
  const { samples, services, step, onStep } = props
  const [opened, setOpened] = useState<string | undefined>()
  const steps = useMemo(
    () => [...new Set(samples.flatMap(({ at }) => at.map(({ step }) => step)))].sort((a, b) => a - b),
    [samples],
  )
  const index =
    step === undefined
      ? steps.length - 1
      : Math.max(
          0,
          steps.findLastIndex(known => known <= step),
        )
  const shown = steps[index]
  const payload = useMemo(
    () => ({ columns: [], triplets: samples.map(sample => tripletAt(sample, shown)) }),
    [samples, shown],
  )
  if (samples.length === 0) return null
  const known = opened !== undefined && samples.some(({ id }) => id === opened)

  return (
    <section aria-label="Samples">
      {steps.length > 0 && (
        <div class="m-toolbar">
          <Slider
            label="Samples at step"
            value={index}
            min={0}
            max={Math.max(0, steps.length - 1)}
            step={1}
            text={String(shown)}
            onInput={value => onStep(value === steps.length - 1 ? undefined : steps[value])}
          />
          <span class="m-muted">{step === undefined ? 'newest' : ''}</span>
        </div>
      )}
      <div class="training-samples">
        {samples.map(sample => (
          <button
            key={sample.id}
            type="button"
            class="training-sample"
            aria-pressed={opened === sample.id}
            onClick={() => setOpened(opened === sample.id ? undefined : sample.id)}
          >
            <span class="training-name">
              <span class="m-hidden">Compare </span>
              {shorten(sample.id, 60)}
            </span>
            <span class="training-images" aria-hidden="true">
              {columnsOf(sample, shown).map(({ label, image }) => (
                <span key={label} class="training-image">
                  <Thumbnail
                    hash={thumbOf(image)}
                    label=""
                    width={SIDE}
                    height={SIDE}
                    pictures={services.pictures}
                  />
                  <span class="m-muted">{label}</span>
                </span>
              ))}
            </span>
          </button>
        ))}
      </div>
      {known && (
        <div class="training-compare">
          <div class="m-toolbar">
            <span class="m-spring" />
            <Button icon="close" label="Close the comparison" onPress={() => setOpened(undefined)} />
          </div>
          <Compare payload={payload} services={services} remembered={undefined} at={opened} />
        </div>
      )}
    </section>
  )
}

function thumbOf(image: ImageRef | undefined): string | undefined {
  return image?.thumb ?? image?.hash
}

/** What is drawn of a sample: its output at the step, or at the last one before, between what it was and what it should be. */
function columnsOf(
  sample: TrackedImage,
  step: number | undefined,
): { label: string; image: ImageRef | undefined }[] {
  const now = sample.at.findLast(drawn => step !== undefined && drawn.step <= step)
  return [
    { label: 'LR', image: sample.lr },
    ...(sample.before ? [{ label: 'before', image: sample.before }] : []),
    { label: now ? `step ${now.step}` : 'not yet', image: now?.image },
    ...(sample.gt ? [{ label: 'GT', image: sample.gt }] : []),
  ]
}

function tripletAt(sample: TrackedImage, step: number | undefined): CompareTriplet {
  const now = sample.at.findLast(drawn => step !== undefined && drawn.step <= step)
  const values = {}
  return {
    id: sample.id,
    images: [
      { role: 'lr', label: 'LR', image: sample.lr, values },
      ...(sample.before
        ? [{ role: 'sr' as const, label: 'before', method: 'before', image: sample.before, values }]
        : []),
      ...(now
        ? [{ role: 'sr' as const, label: `step ${now.step}`, method: 'tuned', image: now.image, values }]
        : []),
      ...(sample.gt ? [{ role: 'gt' as const, label: 'GT', image: sample.gt, values }] : []),
    ],
  }
}
