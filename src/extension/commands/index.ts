import type { App } from '../app.ts'
import { debugCell, nextImage } from '../debug/commands.ts'
import { doctor } from './doctor.ts'
import { clearKey, setKey } from './judge-keys.ts'
import { interrupt, kernelMenu, restart, restartAndRunAll, runStale } from './kernel.ts'
import { newCell } from './new-cell.ts'
import { newStudy, openQuickStart } from './new-study.ts'
import { renamePrompt } from './rename-prompt.ts'
import { revealCell } from './reveal-cell.ts'
import { exportStudy, verify } from './share.ts'
import { runOnSlurm } from './slurm.ts'

/** Every command of package.json, one row each. */
export const COMMANDS: { readonly [id: string]: (app: App, ...args: never[]) => unknown } = {
  'mirage.clearKey': clearKey,
  'mirage.debugCell': debugCell,
  'mirage.debugNextImage': nextImage,
  'mirage.doctor': doctor,
  'mirage.export': exportStudy,
  'mirage.interrupt': interrupt,
  'mirage.kernelMenu': kernelMenu,
  'mirage.newCell': newCell,
  'mirage.newStudy': newStudy,
  'mirage.openQuickStart': openQuickStart,
  'mirage.renamePrompt': renamePrompt,
  'mirage.restart': restart,
  'mirage.restartAndRunAll': restartAndRunAll,
  'mirage.revealCell': revealCell,
  'mirage.runOnSlurm': runOnSlurm,
  'mirage.runStale': runStale,
  'mirage.setKey': setKey,
  'mirage.showLog': app => app.log.show(),
  'mirage.verify': verify,
}
