import type { Finding } from '../protocol/mime.ts'

/** One look of one judge at one image, or why there is none. */
export type Judgement =
  | {
      kind: 'score'
      repeat: number
      score: number
      findings: Finding[]
      /** How the answer was read, and what was missing from it. */
      how?: string
      remarks?: string[]
      /** Tokens and US dollars of the answer (all its attempts), where known. */
      tokens?: { input: number; output: number }
      cost?: number
      /** A person changed something on the way. */
      edited?: true
    }
  | {
      kind: 'none'
      repeat: number
      reason: string
      tokens?: { input: number; output: number }
      cost?: number
    }

/** Everything that one judge said about a table. */
export interface Judged {
  /** For columns and messages. */
  name: string
  /** By row of the table; empty for a row that was not asked. */
  rows: Judgement[][]
  /** What defines the numbers, for the column's settings and the lock. */
  settings: Record<string, unknown>
  /** Where the scores come from, for people: "gpt-4o at api.openai.com", "300 recorded answers of FILE". */
  origin: string
  /** For a judge that estimates: how good the estimates are. Its scores are labelled as estimates wherever they go. */
  estimate?: string
  /** False when something is missing that another run could bring, or was edited. */
  complete: boolean
  /** Stored records behind the scores; absent for a judge that keeps none. */
  uses?: Uses
  /** Calls that were made now. */
  calls: number
}

/** Records of the store that a replay needs. */
export interface Uses {
  /** Names in the space `answer`. */
  answers: string[]
  /** Names in the space `judge-image`. */
  images: string[]
  /** Questions without a usable answer, and why. */
  unanswered: Record<string, string>
}
