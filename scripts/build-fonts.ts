/** Puts the typeface of pictures into dist/fonts, with its licence and the file by which it is found. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const PACKAGE = join(ROOT, 'node_modules', 'dejavu-fonts-ttf')
const FONTS = join(ROOT, 'dist', 'fonts')

/** The fonts of this folder first; those of the system for the letters that these do not have. */
const CONFIGURATION = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
`

await mkdir(FONTS, { recursive: true })
for (const name of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'])
  await copyFile(join(PACKAGE, 'ttf', name), join(FONTS, name))
await copyFile(join(PACKAGE, 'LICENSE'), join(FONTS, 'LICENCE.txt'))
await writeFile(join(FONTS, 'fonts.conf'), CONFIGURATION)
