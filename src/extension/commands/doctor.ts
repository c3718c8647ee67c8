import type { DoctorRow } from '../../kernel/protocol/messages.ts'
import type { App } from '../app.ts'

const ICONS: Record<DoctorRow['state'], string> = { ok: 'check', warning: 'warning', missing: 'error' }

/** Says what works on this machine, what does not, and what to do. Choosing a row copies what to do. */
export async function doctor(app: App): Promise<void> {
  const { window, env, ProgressLocation, l10n } = app.vscode
  const rows = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Mirage: trying what this machine can do') },
    () => app.withKernel(async kernel => (await kernel.request('doctor', {})).report),
  )
  for (const { area, name, state, detail } of rows) app.log.info(`${state} ${area} ${name}: ${detail}`)
  const items = rows.map(({ area, name, state, detail, remedy }) => ({
    label: `$(${ICONS[state]}) ${name}`,
    description: area,
    detail: remedy ? l10n.t('{0}. What to do: {1}', detail, remedy) : detail,
    remedy,
  }))
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Mirage: Doctor'),
    placeHolder: l10n.t('What works on this machine. Enter copies what to do.'),
    matchOnDetail: true,
  })
  if (chosen?.remedy) await env.clipboard.writeText(chosen.remedy)
}
