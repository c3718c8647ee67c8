/** What a template can use. The method's name is not among them: the judge must not know whom it judges. */
export const PROMPT_VARIABLES = {
  mode: 'What SR is held against: "gt", "lr" or "gt+lr".',
  images: 'The images that are sent, in their order; each has label, show, width and height.',
  scale: 'LR to SR side ratio; nothing where it is not known.',
  range: 'Range of the score: range[0] to range[1].',
  schema: 'JSON schema of the answer, as text.',
  tags: 'Tags of the row.',
} as const

export type PromptVariable = keyof typeof PROMPT_VARIABLES

/** Members of each of `images`. */
export const IMAGE_MEMBERS = {
  label: 'What the image is called before the judge.',
  show: 'What it shows: gt, lr, sr, rival or difference.',
  width: 'In pixels, as sent.',
  height: 'In pixels, as sent.',
} as const
