/**
 * Files of a portal form without script: each chosen file is uploaded when the form is sent and kept by its id, so that a
 * form that comes back with errors keeps them. A file input is named `upload.<name>`, the ids of kept files `<name>`.
 */
import { isProblem, type Typed } from '../ui/forms.ts'

export interface KeptFile {
  id: string
  name: string
  size: number
  /** Id of the field it belongs to; '' for the job itself. */
  for: string
}

export interface Attached {
  kept: KeptFile[]
  /** What was wrong with a file, by the name of its input. */
  faults: Record<string, string>
}

/**
 * Uploads the chosen files and looks up those kept before. `names` are the inputs: `files`, `fields.<id>`. Files in
 * `existing` are already on the job and stay as they are. The file named by the form's remove button is left out.
 */
export async function attachments(
  locals: App.Locals,
  typed: Typed,
  names: readonly string[],
  existing: readonly KeptFile[] = [],
): Promise<Attached> {
  const kept: KeptFile[] = []
  const faults: Record<string, string> = {}
  const removed = typed.text('remove')
  for (const name of names) {
    const of = fieldOfInput(name)
    for (const id of typed.all(name)) {
      const onJob = existing.find((file) => file.id === id)
      if (id === removed) {
        // A file of the job is removed when the form is saved; one uploaded by this form is deleted now.
        if (!onJob) await locals.api.removePortalFile({ file: id }).catch(ignoreRefusal)
        continue
      }
      const record = onJob ?? (await locals.api.getPortalFile({ file: id }).catch(ignoreRefusal))
      if (record) kept.push({ id, name: record.name, size: record.size, for: of })
    }
    // Received without them (platform/http/forms.ts).
    for (const unsaved of typed.all(`unsaved.upload.${name}`)) {
      const code = UNSAVED.find((each) => unsaved.startsWith(`${each} `)) ?? UNSAVED[0]
      faults[name] = refusedFile(locals, unsaved.slice(code.length + 1), code)
    }
    for (const file of typed.files(`upload.${name}`)) {
      try {
        const {
          id,
          name: stored,
          size,
        } = await locals.api.uploadPortalFile({
          file: { name: file.name, type: file.type, content: file.stream() as never },
        })
        kept.push({ id, name: stored, size, for: of })
      } catch (refusal) {
        if (!isProblem(refusal)) throw refusal
        const fault = refusal.fields?.file
        const text = (typeof fault === 'object' ? fault.text : fault) ?? refusal.title ?? refusal.code
        const unsaved = UNSAVED.find((each) => each === refusal.code)
        faults[name] = unsaved
          ? refusedFile(locals, file.name, unsaved)
          : locals.t('jobs.portal.form.fileRefused', { name: file.name, why: text })
      }
    }
  }
  return { kept, faults }
}

/** A file input that was refused, as an id that no file has: the operation refuses it along with all else. */
const REFUSED = 'refused'

/** The ids to send of one file input: its kept files, or one that makes the operation refuse the form. */
export const fileIdsToSend = ({ kept, faults }: Attached, name: string): string[] =>
  faults[name] ? [REFUSED] : kept.filter((file) => file.for === fieldOfInput(name)).map((file) => file.id)

/** The errors of a refused form, with what was wrong with its files in their place. */
export const withFileFaults = (fields: Record<string, string>, { faults }: Attached): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(fields).filter(([path]) => !Object.keys(faults).some(isPartOf(path)))),
  ...faults,
})
const isPartOf = (path: string) => (name: string) => path === name || path.startsWith(`${name}.`)

const fieldOfInput = (name: string): string => (name.startsWith('fields.') ? name.slice('fields.'.length) : '')

/** The disk for files is full, or cannot be written. */
const UNSAVED = ['storageFull', 'storageUnavailable'] as const

const refusedFile = ({ t }: App.Locals, name: string, code: string): string =>
  t('jobs.portal.form.fileRefused', { name, why: t(`problems.fields.${code}`) })

function ignoreRefusal(refusal: unknown): undefined {
  if (!isProblem(refusal)) throw refusal
  return undefined
}
