import type { Output } from '../../protocol/messages.ts'
import { ensureImages } from '../prepare.ts'
import type { EndpointJob } from './job.ts'

/** The first questions as they would be sent: the texts, then each image after its label. */
export async function previewOf(job: EndpointJob, questions: number): Promise<Output[]> {
  const { assignment, settings } = job
  const groups = job.groups.slice(0, questions)
  await ensureImages(groups, assignment.context)
  return groups.flatMap(({ content, looks }, i) => {
    const { id, method } = assignment.table.rows[looks[0].row]
    const name = `preview-${settings.name ?? settings.model}-${i}`
    const system = content.system === undefined ? [] : [`[system] ${content.system}`, '']
    const text = [
      `Question about ${id}${method === null ? '' : ` (${method})`}`,
      '',
      ...system,
      content.text,
    ].join('\n')
    const images = content.images.flatMap(
      ({ label, prepared: { hash, width, height, mime, bytes } }, j): Output[] => {
        const caption = `${j + 1}. ${label} (${width} x ${height}, ${mime}, ${Math.ceil(bytes / 1024)} KiB)`
        return [
          { id: `${name}-label-${j}`, items: [{ mime: 'text/plain', text: caption }] },
          { id: `${name}-image-${j}`, items: [{ mime, object: hash }] },
        ]
      },
    )
    return [{ id: name, items: [{ mime: 'text/plain', text }] }, ...images]
  })
}
