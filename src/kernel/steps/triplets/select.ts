import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MirageError } from '../../errors.ts'
import { findImages } from './find.ts'
import { readManifest } from './manifest.ts'
import { type FileGroup, type Pairing, pairByName, type Triplet } from './pair.ts'
import type { TripletsParams } from './params.ts'
import { listed } from './summary.ts'

export interface Selection {
  triplets: Triplet[]
  notes: string[]
}

/** The triplets that the parameters stand for, and what was left out; no pixel is read. */
export async function selectTriplets(values: TripletsParams, folder: string): Promise<Selection> {
  const { triplets: all, notes } = values.manifest
    ? { triplets: await manifestTriplets(values.manifest, folder), notes: [] }
    : await matched(values, folder)
  if (all.length === 0) {
    throw new MirageError({
      code: 'no-files',
      message: 'No image has everything that was asked for.',
      remedy: 'Compare the file names of lr, gt and sr; they must be the same but for the extension.',
    })
  }
  if (values.limit === undefined || all.length <= values.limit) return { triplets: all, notes }
  return {
    triplets: all.slice(0, values.limit),
    notes: [...notes, `The first ${values.limit} of ${all.length} images (limit).`],
  }
}

async function manifestTriplets(manifest: string, folder: string): Promise<Triplet[]> {
  const path = resolve(folder, manifest)
  // A missing file is told like every other missing file.
  const text = await readFile(path, 'utf8').catch(error => {
    throw new MirageError(
      {
        code: 'file-missing',
        message: `${manifest} cannot be read (${error.code}).`,
        remedy: 'Check the path.',
      },
      { cause: error },
    )
  })
  return readManifest(text, path, folder)
}

async function matched(values: TripletsParams, folder: string): Promise<Selection> {
  const groups: FileGroup[] = []
  if (values.lr) groups.push({ role: 'lr', files: await findImages(folder, 'lr', values.lr) })
  if (values.gt) groups.push({ role: 'gt', files: await findImages(folder, 'gt', values.gt) })
  for (const [method, source] of Object.entries(values.sr ?? {})) {
    groups.push({ role: 'sr', method, files: await findImages(folder, `sr.${method}`, source) })
  }
  const pairing = pairByName(groups)
  const gaps = pairing.gaps.map(({ label, ids }) => `${label} has no file for ${listed(ids)}`)
  if (gaps.length > 0 && values.unmatched === 'error') {
    throw new MirageError({
      code: 'unmatched-files',
      message: `Some images are incomplete: ${gaps.join('; ')}.`,
      remedy:
        'Add or rename the files, narrow the patterns, or set `unmatched: skip` to leave these images out.',
    })
  }
  const notes = pairing.stripped.map(
    ({ label, endings }) => `${label}: matched without the ending ${endings.join(', ')}.`,
  )
  if (gaps.length > 0) notes.push(`Left out, as incomplete: ${gaps.join('; ')}.`)
  return { triplets: complete(pairing, groups), notes }
}

/** Without the images that lack an LR or GT that was asked for, or every SR. */
function complete({ triplets: all }: Pairing, groups: FileGroup[]): Triplet[] {
  const wants = new Set(groups.map(({ role }) => role))
  return all.filter(
    ({ lr, gt, sr }) =>
      (lr || !wants.has('lr')) &&
      (gt || !wants.has('gt')) &&
      (Object.keys(sr).length > 0 || !wants.has('sr')),
  )
}
