/** What is told of a step at one of its stages. */
export interface StageFacts {
  stage: string
  /** The stage's name for people. */
  title?: string
  row?: { id: string; method: string | null }
  /** What the row is asked, in words: which judge, which look, which question of how many. */
  about?: Record<string, string>
  values: Record<string, unknown>
  /** Names among `values` that an edit may replace. */
  editable?: readonly string[]
}
