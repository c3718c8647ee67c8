import type { Compute } from '../compute/compute.ts'
import type { Output } from '../protocol/messages.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import { type PictureRecipe, recipeOf } from './recipe.ts'

/** Raised whenever the same recipe would be drawn otherwise. */
const VERSION = 1

export interface PictureTools {
  compute: Compute
  store: Store
  signal: AbortSignal
  /** What went wrong with a picture; its output is as good without. */
  log(line: string): void
}

/**
 * The outputs, each that a renderer draws with a still picture (PNG) between its payload and its text, for pages that
 * have no renderer. A picture belongs to no result: keys, values and locks know nothing of it.
 */
export async function withPictures(outputs: readonly Output[], tools: PictureTools): Promise<Output[]> {
  const drawn: Output[] = []
  for (const output of outputs) drawn.push(await withPicture(output, tools))
  return drawn
}

async function withPicture(output: Output, tools: PictureTools): Promise<Output> {
  const { id, items } = output
  if (items.some(({ mime }) => mime.startsWith('image/'))) return output
  for (const [i, item] of items.entries()) {
    if (!('json' in item) || tools.signal.aborted) continue
    try {
      const recipe = recipeOf(item.mime, item.json)
      if (!recipe) continue
      const object = await pictureOf(asSaved(recipe), tools)
      return { id, items: items.toSpliced(i + 1, 0, { mime: 'image/png', object }) }
    } catch (error) {
      tools.log(
        `No still picture of the output "${id}": ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  return output
}

/** As the output is saved: what JSON cannot hold (NaN in a script's chart) is null. */
const asSaved = (recipe: PictureRecipe): PictureRecipe => JSON.parse(JSON.stringify(recipe))

/** Store hash of the picture, drawn if nobody has. */
async function pictureOf(recipe: PictureRecipe, { compute, store, signal }: PictureTools): Promise<string> {
  const key = hashOf([VERSION, recipe])
  const known = await store.getRecord<{ object: string }>('picture', key)
  if (known && (await store.hasObject(known.object))) return known.object
  const object = await compute.run('picture', recipe, { signal, lane: 'cpu' })
  await store.putRecord('picture', key, { object })
  return object
}
