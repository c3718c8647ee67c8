import { MirageError } from '../../errors.ts'
import { byName, type FoundFile, stem } from './find.ts'

/** The files of one `lr`, `gt` or method. */
export interface FileGroup {
  role: 'lr' | 'gt' | 'sr'
  /** Name of the method where `role` is `sr`. */
  method?: string
  files: FoundFile[]
}

export interface Triplet {
  id: string
  lr?: FoundFile
  gt?: FoundFile
  sr: Record<string, FoundFile>
}

export interface Pairing {
  /** In natural order of their ids. */
  triplets: Triplet[]
  /** For each group with gaps, the ids that other groups have and it has not. */
  gaps: { label: string; ids: string[] }[]
  /** Endings that had to be left out of file names to match them, by group. */
  stripped: { label: string; endings: string[] }[]
}

/**
 * Matches the files of all groups by name without extension. Where that leaves files unmatched, usual endings (`_LR4`,
 * `x4`, `_SR`, the method's name ...) are left out as well, if that matches more.
 *
 * @throws MirageError `duplicate-image` when two files of a group have the same id
 */
export function pairByName(groups: FileGroup[]): Pairing {
  const plain = match(groups, file => stem(file.name))
  if (gapCount(plain) === 0) return { ...plain, stripped: [] }
  const bare = (file: FoundFile, group: FileGroup) => withoutEnding(stem(file.name), group.method)
  if (!groups.every(group => isUnique(group.files.map(file => bare(file, group)))))
    return { ...plain, stripped: [] }
  const loose = match(groups, bare)
  if (gapCount(loose) >= gapCount(plain)) return { ...plain, stripped: [] }
  const stripped = groups.flatMap(group => {
    const endings = new Set(
      group.files.map(file => stem(file.name).slice(bare(file, group).length)).filter(Boolean),
    )
    return endings.size > 0 ? [{ label: labelOf(group), endings: [...endings] }] : []
  })
  return { ...loose, stripped }
}

export function labelOf(group: Pick<FileGroup, 'role' | 'method'>): string {
  return group.role === 'sr' ? `sr.${group.method}` : group.role
}

function match(
  groups: FileGroup[],
  idOf: (file: FoundFile, group: FileGroup) => string,
): Omit<Pairing, 'stripped'> {
  const indexed = groups.map(group => ({ group, byId: index(group, file => idOf(file, group)) }))
  const ids = [...new Set(indexed.flatMap(({ byId }) => [...byId.keys()]))].sort(byName)
  const triplets = ids.map((id): Triplet => {
    const triplet: Triplet = { id, sr: {} }
    for (const { group, byId } of indexed) {
      const file = byId.get(id)
      if (!file) continue
      if (group.role === 'sr') triplet.sr[group.method ?? ''] = file
      else triplet[group.role] = file
    }
    return triplet
  })
  const gaps = indexed
    .map(({ group, byId }) => ({ label: labelOf(group), ids: ids.filter(id => !byId.has(id)) }))
    .filter(gap => gap.ids.length > 0)
  return { triplets, gaps }
}

function index(group: FileGroup, idOf: (file: FoundFile) => string): Map<string, FoundFile> {
  const byId = new Map<string, FoundFile>()
  for (const file of group.files) {
    const id = idOf(file)
    const other = byId.get(id)
    if (other) {
      throw new MirageError({
        code: 'duplicate-image',
        message: `\`${labelOf(group)}\` has two files for the image "${id}": ${other.name} and ${file.name}.`,
        remedy:
          'Narrow the pattern or rename one of them; images are matched by file name without extension.',
      })
    }
    byId.set(id, file)
  }
  return byId
}

const ENDING = /(?:[-_. ](?:lr|hr|gt|sr|out|output)(?:x?\d)?|[-_. ]?x\d|[-_. ]\dx)$/i

function withoutEnding(name: string, method: string | undefined): string {
  for (let rest = name; ; ) {
    const ending = ENDING.exec(rest)?.[0] ?? methodEnding(rest, method)
    if (!ending || ending.length === rest.length) return rest
    rest = rest.slice(0, -ending.length)
  }
}

function methodEnding(name: string, method: string | undefined): string | undefined {
  if (!method) return undefined
  const end = name.slice(-method.length - 1)
  return /^[-_. ]/.test(end) && end.slice(1).toLowerCase() === method.toLowerCase() ? end : undefined
}

function gapCount({ gaps }: Pick<Pairing, 'gaps'>): number {
  return gaps.reduce((sum, { ids }) => sum + ids.length, 0)
}

function isUnique(names: string[]): boolean {
  return new Set(names).size === names.length
}
