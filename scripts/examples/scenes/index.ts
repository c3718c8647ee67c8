import { clock } from './clock.ts'
import { fabric } from './fabric.ts'
import { facade } from './facade.ts'
import { face } from './face/index.ts'
import { foliage } from './foliage.ts'
import { page } from './page.ts'
import { roof } from './roof.ts'
import type { Scene } from './scene.ts'
import { sign } from './sign.ts'

export const SCENES: readonly Scene[] = [clock, fabric, facade, face, foliage, page, roof, sign]
