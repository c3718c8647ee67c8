import type { Photo } from '../camera.ts'

/** A picture that the project draws itself. */
export interface Scene {
  /** File name without extension. */
  name: string
  /** What it shows, and what in it super-resolution tends to invent. */
  shows: string
  draw(): Photo
}
