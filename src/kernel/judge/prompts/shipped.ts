import { hs } from './hs.ts'
import { hsPairwise } from './hs-pairwise.ts'
import { hsRegions } from './hs-regions.ts'
import { hsVqa } from './hs-vqa.ts'

/** Prompts that `score` knows without a prompt cell. A prompt cell of the same name comes first. */
export const SHIPPED_PROMPTS: Readonly<Record<string, string>> = {
  hs,
  'hs-regions': hsRegions,
  'hs-vqa': hsVqa,
  'hs-pairwise': hsPairwise,
}
