import type { InferredImage } from '../../compute/jobs/infer.ts'
import { MirageError } from '../../errors.ts'
import type { ImageRef } from '../../protocol/mime.ts'
import { type RowFailure, reasonOf } from '../../step.ts'
import type { Row, StudyTable } from '../../value.ts'

/** An image of a table, with the LR that is enlarged and the GT that stays beside it. */
export interface Source {
  id: string
  lr: ImageRef
  gt?: ImageRef
}

/**
 * The images of a table, one per id.
 *
 * @throws MirageError `lr-missing`
 */
export function sourcesOf(table: StudyTable): Source[] {
  const byId = Map.groupBy(table.rows, ({ id }) => id)
  return [...byId].map(([id, rows]) => {
    const lr = rows.find(({ images }) => images.lr)?.images.lr
    const gt = rows.find(({ images }) => images.gt)?.images.gt
    if (lr) return { id, lr, ...(gt && { gt }) }
    throw new MirageError({
      code: 'lr-missing',
      message: `"${id}" has no LR image to enlarge.`,
      remedy: 'Give `lr` in the triplets step, or `downscale: true` to make LR from GT.',
    })
  })
}

/** @throws MirageError `scale-unknown`, `scale-mismatch`, `method-taken` */
export function checkModels(table: StudyTable, models: { method: string; scale: number }[]): number {
  const scale = table.scale ?? models[0].scale
  for (const [index, model] of models.entries()) {
    if (model.scale !== scale) throw scaleMismatch(model, scale, table.scale !== undefined)
    const taken =
      table.rows.some(({ method }) => method === model.method) ||
      models.findIndex(({ method }) => method === model.method) < index
    if (taken) throw methodTaken(model.method)
  }
  return scale
}

/** Images of one method: one per source, or one per source and seed. Some may not have been made. */
export interface MadeByMethod {
  method: string
  images: (InferredImage | RowFailure)[]
}

/**
 * The table with a row per image and method. Rows without a method give way; those of other methods stay, and what was
 * measured on them before is said to be missing on the new ones. An image that could not be made has a row without SR that
 * says why (`missing.sr`).
 */
export function withMethods(
  table: StudyTable,
  scale: number,
  sources: Source[],
  made: MadeByMethod[],
): StudyTable {
  const byId = Map.groupBy(table.rows, ({ id }) => id)
  const names = table.columns.map(({ name }) => name)
  const values = Object.fromEntries(names.map(name => [name, null]))
  const missing = Object.fromEntries(names.map(name => [name, 'made after this column was measured']))
  const madeById = made.map(({ method, images }) => ({ method, byId: Map.groupBy(images, ({ id }) => id) }))
  const rows = sources.flatMap(({ id, lr, gt }): Row[] => {
    const ready = byId.get(id)!.filter(({ method }) => method !== null)
    const tags = byId.get(id)!.find(each => each.tags)?.tags
    const rowOf = (method: string, image: InferredImage | RowFailure): Row => {
      const { seed } = image
      const why = 'error' in image ? { ...missing, sr: reasonOf(image) } : missing
      return {
        id,
        method,
        ...(seed !== undefined && { seed }),
        images: { lr, ...(gt && { gt }), ...('sr' in image && { sr: image.sr }) },
        values: { ...values },
        ...(Object.keys(why).length > 0 && { missing: { ...why } }),
        ...(tags && { tags }),
      }
    }
    const fresh = madeById.flatMap(({ method, byId }) => byId.get(id)!.map(image => rowOf(method, image)))
    return [...ready, ...fresh]
  })
  return { ...table, scale, rows }
}

function scaleMismatch(
  { method, scale }: { method: string; scale: number },
  wanted: number,
  ofTable: boolean,
) {
  return new MirageError({
    code: 'scale-mismatch',
    message: ofTable
      ? `"${method}" enlarges x${scale}, but the triplets are x${wanted}.`
      : `"${method}" enlarges x${scale} and the model before it x${wanted}.`,
    remedy: ofTable
      ? `Use a model for x${wanted}, or load triplets with scale: ${scale}.`
      : 'Enlarge by different factors in different cells.',
  })
}

function methodTaken(method: string): MirageError {
  return new MirageError({
    code: 'method-taken',
    message: `The table has images of the method "${method}" already.`,
    remedy: 'Leave the model out, or name it otherwise: model: { file: ..., name: ... }.',
  })
}
