import type { PreparedImage } from '../../compute/jobs/judge-images.ts'
import type { StudyTable } from '../../value.ts'
import type { Endpoint } from '../calls/endpoint.ts'
import { type ImageSources, lackOf, type PlannedImage, planImages } from '../images.ts'
import type { Prompt, PromptVariables } from '../prompts/prompt.ts'
import { type Question, samplingOf } from '../questions/question.ts'
import type { QuestionKeys } from '../questions/question-keys.ts'
import { type QuestionContent, requestBody, type Sampling } from '../questions/request.ts'
import type { EndpointJudgeSettings } from '../settings.ts'

/** One look at a row, or at a pair of rows. */
export interface Look {
  /** Its place among all looks. */
  nth: number
  repeat: number
  /** Index of the row that is judged, and in a pairwise prompt of the one that is shown as Image B. */
  row: number
  rival?: number
}

/** A look with what it shows, before that is prepared. */
export interface PlannedLook extends Look {
  images: PlannedImage[]
}

/** A look as a question. */
export interface Inquiry {
  look: PlannedLook
  content: QuestionContent
  /** What the template was given. */
  variables: PromptVariables
  question: Question
}

/**
 * All looks at a table, in its order, and for each row that cannot be looked at why.
 */
export function planLooks(
  table: StudyTable,
  prompt: Prompt,
  repeats: number,
): { looks: Look[]; unasked: Map<number, string> } {
  const looks: Look[] = []
  const unasked = new Map<number, string>()
  const peers = prompt.images.some(({ show }) => show === 'rival') ? peersOf(table) : undefined
  table.rows.forEach((row, index) => {
    if (!row.images.sr) {
      unasked.set(
        index,
        `no ${row.method === null ? 'method' : 'super-resolved image'}: there is nothing to judge`,
      )
      return
    }
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const look of peers ? pairsOf(peers.get(row.id)!, { table, index, repeat }) : [{ row: index }]) {
        const lack = lackOf(sourcesOf(look, table), prompt.images, prompt.header)
        if (lack !== undefined) unasked.set(index, lack)
        else looks.push({ ...look, nth: looks.length, repeat })
      }
    }
    if (peers?.get(row.id)?.length === 1) unasked.set(index, 'no other method of this image to compare with')
  })
  return { looks, unasked }
}

/** What a look shows. */
export const pictured = (look: Look, table: StudyTable, prompt: Prompt): PlannedLook => ({
  ...look,
  images: planImages(sourcesOf(look, table), prompt.images, prompt.header),
})

/** The images of the row or rows that a look is at. */
export const sourcesOf = (
  { row, rival }: Pick<Look, 'row' | 'rival'>,
  { rows }: StudyTable,
): ImageSources => ({
  images: rows[row].images,
  rival: rival === undefined ? undefined : rows[rival].images.sr,
})

/** Indices of the rows that have an SR image, by the image that they are of. */
function peersOf({ rows }: StudyTable): Map<string, number[]> {
  const judged = rows.flatMap(({ images }, index) => (images.sr ? [index] : []))
  return Map.groupBy(judged, index => rows[index].id)
}

/**
 * Each pair once per repeat, with the first of its rows. Who is Image A alternates over pairs and repeats, and over images
 * by what they are: the same questions are asked of a part of a table, and when images were added.
 */
function pairsOf(
  peers: readonly number[],
  { table, index, repeat }: { table: StudyTable; index: number; repeat: number },
): Pick<Look, 'row' | 'rival'>[] {
  const { lr, gt, sr } = table.rows[peers[0]].images
  const first = Number.parseInt((lr ?? gt ?? sr)!.hash.slice(-1), 16)
  const rank = peers.indexOf(index)
  return peers
    .slice(rank + 1)
    .map((other, i) =>
      (first + rank + rank + 1 + i + repeat) % 2 === 0
        ? { row: index, rival: other }
        : { row: other, rival: index },
    )
}

/** What all questions of a judge have in common. */
export interface Inquest {
  table: StudyTable
  prompt: Prompt
  endpoint: Endpoint
  settings: EndpointJudgeSettings
  prepared: ReadonlyMap<string, PreparedImage>
  keys: QuestionKeys
}

export function inquire(look: PlannedLook, inquest: Inquest): Inquiry {
  const { table, prompt, endpoint, settings, prepared, keys } = inquest
  const row = table.rows[look.row]
  const images = look.images.map(({ label, show, key }) => ({
    label,
    show,
    prepared: prepared.get(key)!,
  }))
  const { system } = prompt.header
  const { text, variables } = prompt.render({
    images: images.map(({ label, show, prepared: { width, height } }) => ({ label, show, width, height })),
    scale: table.scale ?? null,
    tags: row.tags ?? [],
  })
  const content: QuestionContent = { text, images, ...(system !== undefined && { system }) }
  const { repeat } = look
  const sampling = samplingOf(samplingFrom(settings, prompt), repeat)
  const body = requestBody(settings.api, content, sampling)
  const asked = { endpoint: endpoint.baseURL, api: settings.api, repeat, body }
  const hashes = images.map(image => image.prepared.hash)
  // Equal variables are one object, with one text.
  const key = keys.keyOf(asked, hashes, variables)
  const subject = { id: row.id, method: row.method }
  return { look, content, variables, question: { ...asked, key, form: prompt.form, subject } }
}

export function samplingFrom(settings: EndpointJudgeSettings, prompt: Prompt): Sampling {
  const { model, temperature, seed, maxTokens, extra } = settings
  return { model, temperature, seed, maxTokens, extra, detail: settings.detail ?? prompt.header.detail }
}
