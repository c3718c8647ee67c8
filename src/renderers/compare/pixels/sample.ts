import type { Picture } from '../../shared/pictures/picture.ts'
import type { Point, Size } from '../model/view.ts'
import { nearestSample } from './difference.ts'

/** Red, green and blue, 0..255, of the image pixel that covers a frame pixel. */
export function sampleAt(picture: Picture, frame: Size, at: Point): [number, number, number] {
  const x = nearestSample(at.x, frame.width, picture.width)
  const y = nearestSample(at.y, frame.height, picture.height)
  const { data } = picture.read(x, y, 1, 1)
  return [data[0], data[1], data[2]]
}
