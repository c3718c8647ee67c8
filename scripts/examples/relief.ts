import { blur, type Picture, type Plane, picture, type Rgb, sample, sampleRgb } from './raster.ts'

/** A surface close to a plane, on a grid of texels. */
export interface Relief {
  /** Height in texels, towards the viewer. */
  height: Plane
  /** Diffuse reflectance, linear 0..1. */
  albedo: Picture
  /** Strength and exponent of the highlight. */
  gloss?: { strength: Plane; exponent: number }
}

/** x to the right, y down, z to the viewer; need not be of length one. */
export type Vector = readonly [number, number, number]

export interface Light {
  /** Towards the sun. */
  sun: Vector
  sunColour: Rgb
  skyColour: Rgb
  /** Towards the viewer, for highlights. */
  eye?: Vector
  /** Width of shadow edges per texel of distance. */
  penumbra?: number
}

export function unit([x, y, z]: Vector): [number, number, number] {
  const length = Math.hypot(x, y, z)
  return [x / length, y / length, z / length]
}

/** Light that leaves each texel towards the viewer: sun with cast shadows, sky with occlusion, highlights. */
export function shine(relief: Relief, light: Light): Picture {
  const { falling, mirrored } = illuminate(relief, light)
  const { data } = relief.albedo
  return { ...falling, data: falling.data.map((value, i) => value * data[i] + mirrored.data[i]) }
}

/** The light that falls on each texel, and the highlights apart from it. */
export function illuminate(
  { height, gloss }: Omit<Relief, 'albedo'>,
  light: Light,
): { falling: Picture; mirrored: Picture } {
  const sun = unit(light.sun)
  const eye = unit(light.eye ?? [0, 0, 1])
  const half = unit([sun[0] + eye[0], sun[1] + eye[1], sun[2] + eye[2]])
  const shadow = castShadows(height, sun, light.penumbra ?? 0.08)
  const open = openness(height)
  const { width } = height
  const mirrored = picture(width, height.height)
  const falling = picture(width, height.height, (x, y) => {
    const i = y * width + x
    const [nx, ny, nz] = normalAt(height, x, y)
    const facing = Math.max(nx * sun[0] + ny * sun[1] + nz * sun[2], 0) * shadow.data[i]
    // The sky is above: a surface that looks up sees more of it.
    const sky = open.data[i] * (0.75 - 0.25 * ny)
    const shine = gloss
      ? gloss.strength.data[i] * Math.max(nx * half[0] + ny * half[1] + nz * half[2], 0) ** gloss.exponent
      : 0
    const channel = (c: 0 | 1 | 2) => {
      mirrored.data[i * 3 + c] = shine * (light.sunColour[c] * shadow.data[i] + light.skyColour[c] * 0.3)
      return light.sunColour[c] * facing + light.skyColour[c] * sky
    }
    return [channel(0), channel(1), channel(2)]
  })
  return { falling, mirrored }
}

export function normalAt({ width, height, data }: Plane, x: number, y: number): [number, number, number] {
  const [left, right] = [Math.max(x - 1, 0), Math.min(x + 1, width - 1)]
  const [up, down] = [Math.max(y - 1, 0), Math.min(y + 1, height - 1)]
  const dx = (data[y * width + right] - data[y * width + left]) / (right - left)
  const dy = (data[down * width + x] - data[up * width + x]) / (down - up)
  return unit([-dx, -dy, 1])
}

/** 1 in the sun, 0 in full shadow: walks over the heights towards the sun. */
function castShadows(height: Plane, [sx, sy, sz]: Vector, penumbra: number): Plane {
  const { width, data } = height
  const flat = Math.hypot(sx, sy)
  if (flat < 1e-6) return { ...height, data: new Float32Array(data.length).fill(1) }
  const highest = data.reduce((a, b) => Math.max(a, b), -Infinity)
  const [stepX, stepY, rise] = [sx / flat, sy / flat, sz / flat]
  const result = new Float32Array(data.length)
  for (let y = 0, i = 0; y < height.height; y++)
    for (let x = 0; x < width; x++, i++) {
      let lit = 1
      for (let t = 1; lit > 0; t += 1 + t * 0.05) {
        const level = data[i] + t * rise
        if (level > highest || t > 400) break
        const qx = x + stepX * t
        const qy = y + stepY * t
        if (qx < 0 || qy < 0 || qx > width - 1 || qy > height.height - 1) break
        lit = Math.min(lit, 0.5 + (level - sample(height, qx, qy)) / (2 * penumbra * t + 0.5))
      }
      result[i] = Math.max(lit, 0)
    }
  return { ...height, data: result }
}

/** Share of the sky that a texel sees, 0..1, from how far it lies below its surroundings at four scales. */
function openness(height: Plane): Plane {
  const result = new Float32Array(height.data.length).fill(1)
  for (const radius of [1.5, 4, 10, 24]) {
    const around = blur(height, radius)
    for (let i = 0; i < result.length; i++) {
      const depth = Math.max(around.data[i] - height.data[i], 0) / radius
      result[i] *= 1 / (1 + 1.1 * depth)
    }
  }
  return { ...height, data: result }
}

export interface Viewpoint {
  /** Texels of the surface under the middle of the image. */
  centre: readonly [number, number]
  /** Turn of the surface around x, y and z in radians: y > 0 takes the right side further away, x > 0 the top. */
  turn: Vector
  /** Distance of the eye in texels; the smaller, the stronger the perspective. */
  distance: number
  /** Texels per image pixel in the middle. */
  scale: number
  /** Diameter of the lens in texels, and the distance in focus relative to the middle. */
  lens?: { diameter: number; focus: number }
}

/**
 * Rays from the image to a surface: for an image position relative to the middle in pixels and a lens point in 0..1 the
 * origin and direction in surface coordinates (texels, z to the viewer).
 */
export function rays(
  view: Viewpoint,
): (x: number, y: number, u: number, v: number) => { from: Vector; towards: Vector } {
  const { centre, turn, distance, scale, lens } = view
  const rotate = ([x, y, z]: Vector): Vector => {
    const [cz, sz] = [Math.cos(turn[2]), Math.sin(turn[2])]
    const [cy, sy] = [Math.cos(turn[1]), Math.sin(turn[1])]
    const [cx, sx] = [Math.cos(turn[0]), Math.sin(turn[0])]
    const [x1, y1] = [x * cz - y * sz, x * sz + y * cz]
    const [x2, z2] = [x1 * cy + z * sy, -x1 * sy + z * cy]
    return [x2, y1 * cx - z2 * sx, y1 * sx + z2 * cx]
  }
  const focus = distance + (lens?.focus ?? 0)
  return (x, y, u, v) => {
    const radius = ((lens?.diameter ?? 0) / 2) * Math.sqrt(u)
    const [lx, ly] = [radius * Math.cos(2 * Math.PI * v), radius * Math.sin(2 * Math.PI * v)]
    const reach = focus / distance
    const eye = rotate([lx, ly, distance])
    const target = rotate([x * scale * reach, y * scale * reach, distance - focus])
    const from: Vector = [eye[0] + centre[0], eye[1] + centre[1], eye[2]]
    return { from, towards: unit([target[0] - eye[0], target[1] - eye[1], target[2] - eye[2]]) }
  }
}

/**
 * Looks along a ray at a lit relief. Returns undefined where the ray misses its texels.
 *
 * @param highest upper bound of the heights
 */
export function look(
  { from, towards }: { from: Vector; towards: Vector },
  height: Plane,
  highest: number,
  radiance: Picture,
): [number, number, number] | undefined {
  if (towards[2] >= 0) return undefined
  const at = (z: number): [number, number] => {
    const t = (z - from[2]) / towards[2]
    return [from[0] + towards[0] * t, from[1] + towards[1] * t]
  }
  const steps = highest > 0 ? 24 : 0
  let [x, y] = at(highest)
  let above = highest
  for (let i = 1; i <= steps; i++) {
    const z = highest * (1 - i / steps)
    const [qx, qy] = at(z)
    const ground = sample(height, qx, qy)
    if (z <= ground) {
      const before = above - sample(height, x, y)
      const share = before / Math.max(before + ground - z, 1e-6)
      ;[x, y] = [x + (qx - x) * share, y + (qy - y) * share]
      break
    }
    ;[x, y, above] = [qx, qy, z]
  }
  if (x < 0 || y < 0 || x > height.width - 1 || y > height.height - 1) return undefined
  return sampleRgb(radiance, x, y)
}
