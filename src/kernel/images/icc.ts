/**
 * The description of an ICC colour profile (its `desc` tag), or undefined where it has none (ICC.1:2022, 9.2.41 and
 * 10.15; version 2 profiles use the older text description type).
 */
export function profileDescription(profile: Uint8Array): string | undefined {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength)
  try {
    const count = view.getUint32(128)
    for (let i = 0; i < count; i++) {
      const entry = 132 + 12 * i
      if (ascii(profile, entry, 4) === 'desc') return text(profile, view, view.getUint32(entry + 4))
    }
  } catch (error) {
    // A profile that is cut short has no description to read.
    if (!(error instanceof RangeError)) throw error
  }
  return undefined
}

/** True for a profile that only says what an untagged image means anyway. */
export function isSrgbProfile(profile: Uint8Array): boolean {
  // "c2" is the name of a widespread minimal sRGB profile.
  return /srgb|^c2$/i.test(profileDescription(profile) ?? '')
}

function text(profile: Uint8Array, view: DataView, at: number): string | undefined {
  const type = ascii(profile, at, 4)
  if (type === 'desc') return ascii(profile, at + 12, view.getUint32(at + 8)).replace(/\0.*$/s, '')
  if (type !== 'mluc') return undefined
  const length = view.getUint32(at + 20)
  const start = at + view.getUint32(at + 24)
  return new TextDecoder('utf-16be').decode(profile.subarray(start, start + length))
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return new TextDecoder('latin1').decode(bytes.subarray(at, at + length))
}
