import sharp from 'sharp'
import { useFonts } from '../../pictures/fonts.ts'
import type { PictureRecipe } from '../../pictures/recipe.ts'
import { drawSheet } from '../../pictures/sheet.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { JobDefinition } from './definition.ts'

/** A still picture is for a page that cannot do better, and lies beside the study in git: it stays light. */
export const MOST_BYTES = 400_000

/** Image pixels per unit of a chart. */
const CHART_SCALE = 1.5
/** Units per inch of an SVG. */
const SVG_DENSITY = 72

const MOST_TRIES = 4

/** Draws a picture into the store; its hash. */
export const picture: JobDefinition<PictureRecipe, string> = {
  async run(recipe, { storeRoot, signal }) {
    useFonts()
    const store = createFolderStore(storeRoot)
    const draw = recipe.kind === 'chart' ? await chartDrawer(recipe.spec) : undefined
    let scale = 1
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted()
      const png =
        recipe.kind === 'sheet'
          ? await drawSheet(recipe, Math.max(8, Math.round(recipe.side * scale)), store)
          : await draw!(scale)
      if (png.length <= MOST_BYTES) return store.putObject(png)
      if (tries === MOST_TRIES)
        throw new Error(`the picture has ${png.length} bytes, more than ${MOST_BYTES}`)
      // Bytes go with the area.
      scale *= 0.95 * Math.sqrt(MOST_BYTES / png.length)
    }
  },
}

async function chartDrawer(spec: Record<string, unknown>): Promise<(scale: number) => Promise<Uint8Array>> {
  // Vega is read when the first chart is drawn: most compute processes never draw one.
  const { chartSvg } = await import('../../pictures/chart-svg.ts')
  const svg = Buffer.from(await chartSvg(spec))
  return scale =>
    sharp(svg, { density: SVG_DENSITY * CHART_SCALE * scale })
      .flatten({ background: '#ffffff' })
      .png({ compressionLevel: 9, palette: false })
      .toBuffer()
}
