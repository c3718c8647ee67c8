import { canonicalJson, hashOfText } from '../../store/canonical.ts'
import { type Asked, asked, questionKey } from './question.ts'
import { REFERENCES, reference } from './request.ts'

/**
 * `questionKey` for the questions of one run. Most of them differ in their images alone, and the rest, a page of text, is
 * brought into canonical form once.
 */
export class QuestionKeys {
  /** Canonical JSON between the images, by what is alike and by repeat. */
  readonly #between = new WeakMap<object, string[][]>()

  /**
   * @param images hashes of the images in the body, in order
   * @param alike the same object for questions that differ in images and repeat alone
   */
  keyOf(question: Asked, images: readonly string[], alike: object): string {
    const repeats = this.#between.get(alike) ?? []
    this.#between.set(alike, repeats)
    // Every second piece is a hash.
    repeats[question.repeat] ??= canonicalJson(asked(question))
      .split(REFERENCES)
      .filter((_, i) => i % 2 === 0)
    const between = repeats[question.repeat]
    // Something else in the body looks like an image.
    if (between.length !== images.length + 1) return questionKey(question)
    return hashOfText(between.reduce((text, piece, i) => `${text}"${reference(images[i - 1])}"${piece}`))
  }
}
