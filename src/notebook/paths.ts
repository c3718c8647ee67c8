const STUDY = /\.mirage\.md$/i

/** Folder beside the studies with everything that can be computed again; ignored by git. */
export const CACHE_FOLDER = '.mirage-cache'

/** Name of the index in an outputs folder. */
export const OUTPUTS_INDEX = 'index.json'

export function isStudyPath(path: string): boolean {
  return STUDY.test(path) && !/(?:^|[\\/])\.mirage\.md$/i.test(path)
}

/** `a/name.mirage.md` -> `a/name.mirage.lock.json`. Throws a RangeError for a path that names no study. */
export function lockPath(study: string): string {
  return `${stem(study)}.mirage.lock.json`
}

/** `a/name.mirage.md` -> `a/name.mirage.outputs`. Throws a RangeError for a path that names no study. */
export function outputsFolder(study: string): string {
  return `${stem(study)}.mirage.outputs`
}

/** `a/name.mirage.md` -> `name`. Throws a RangeError for a path that names no study. */
export function studyName(study: string): string {
  return stem(study).split(/[\\/]/).at(-1)!
}

function stem(study: string): string {
  if (!isStudyPath(study))
    throw new RangeError(`\`${study}\` is not the path of a study; its name must end in .mirage.md.`)
  return study.replace(STUDY, '')
}
