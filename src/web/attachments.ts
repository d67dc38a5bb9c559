/**
 * Files of a form without script: each chosen file is uploaded when the form is sent and kept by its id, so that a
 * form that comes back with errors keeps them. A file input is named `upload.<name>`, the ids of kept files `<name>`.
 */
import type { Api } from './api.ts'
import { isProblem, type FormProblem, type Refusal, type Typed } from '../ui/forms.ts'

export interface KeptFile {
  id: string
  name: string
  size: number
  /** Id of the field it belongs to; '' for the job itself. */
  for: string
}

export interface Attached {
  kept: KeptFile[]
  /** What was wrong with files, by the name of their input. */
  faults: Record<string, string>
}

type StoredFile = Omit<KeptFile, 'for'>
type Upload = NonNullable<Parameters<Api['uploadPortalFile']>[0]>['file']

/** Where files wait for their form: only their uploader reaches them there. */
interface UploadStore {
  upload(file: Upload): Promise<StoredFile>
  find(file: string): Promise<StoredFile>
  remove(file: string): Promise<unknown>
}

export const portalUploads = ({ api }: App.Locals): UploadStore => ({
  upload: (file) => api.uploadPortalFile({ file }),
  find: (file) => api.getPortalFile({ file }),
  remove: (file) => api.removePortalFile({ file }),
})

export const officeUploads = ({ api }: App.Locals): UploadStore => ({
  upload: (file) => api.uploadFile({ file }),
  find: (file) => api.getFile({ file }),
  remove: (file) => api.removeFile({ file }),
})

interface FormFiles {
  store: UploadStore
  /** The inputs: `files`, `fields.<id>`. */
  names: readonly string[]
  /** Already on the job; they stay as they are. */
  existing?: readonly KeptFile[]
}

/**
 * Uploads the chosen files and looks up those kept before. The file named by the form's remove button is left out.
 * @throws the refusal of a session that ended: nothing is lost then
 */
export async function attachments(
  locals: App.Locals,
  typed: Typed,
  { store, names, existing = [] }: FormFiles,
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
        if (!onJob) await store.remove(id).catch(ignoreRefusal)
        continue
      }
      const record = onJob ?? (await store.find(id).catch(ignoreRefusal))
      if (record) kept.push({ id, name: record.name, size: record.size, for: of })
    }
    const { added, fault } = await uploadEach(locals, typed, name, store.upload)
    kept.push(...added.map(({ id, name: stored, size }) => ({ id, name: stored, size, for: of })))
    if (fault) faults[name] = fault
  }
  return { kept, faults }
}

/** Uploads the files chosen in one input; `fault` names each that was refused, and why. */
async function uploadEach<T>(
  locals: App.Locals,
  typed: Typed,
  name: string,
  upload: (file: Upload) => Promise<T>,
): Promise<{ added: T[]; fault: string | null }> {
  const added: T[] = []
  const faults: string[] = []
  // Received without them (platform/http/forms.ts).
  for (const unsaved of typed.all(`unsaved.upload.${name}`)) {
    const code = UNSAVED.find((each) => unsaved.startsWith(`${each} `)) ?? UNSAVED[0]
    faults.push(unsavedText(locals, unsaved.slice(code.length + 1), code))
  }
  for (const file of typed.files(`upload.${name}`)) {
    try {
      added.push(await upload({ name: file.name, type: file.type, content: file.stream() as never }))
    } catch (refusal) {
      if (!isProblem(refusal) || SESSION.includes(refusal.code)) throw refusal
      faults.push(refusalText(locals, file.name, refusal))
    }
  }
  return { added, fault: faults.join(' ') || null }
}

/**
 * Adds the files chosen in the input `files` to a job that is there already. Those that were taken stay on it, whatever
 * happened to the others.
 */
export async function addJobFiles(
  locals: App.Locals,
  typed: Typed,
  upload: (file: Upload) => Promise<unknown>,
): Promise<{ problem: FormProblem | null; count: number }> {
  const { added, fault } = await uploadEach(locals, typed, 'files', upload)
  const error = fault ?? (added.length === 0 ? locals.t('problems.byField.required.file') : null)
  const problem = error ? { code: 'input', title: locals.t('problems.input'), fields: { files: error } } : null
  return { problem, count: added.length }
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
/** Say nothing about a file. */
const SESSION = ['notSignedIn', 'otherPerson']

function refusalText(locals: App.Locals, name: string, { code, title, fields }: Refusal): string {
  const unsaved = UNSAVED.find((each) => each === code)
  if (unsaved) return unsavedText(locals, name, unsaved)
  const fault = fields?.file
  const why = (typeof fault === 'object' ? fault.text : fault) ?? title ?? code
  return locals.t('ui.files.refused', { name, why })
}

const unsavedText = ({ t }: App.Locals, name: string, code: string): string =>
  t('ui.files.refused', { name, why: t(`problems.fields.${code}`) })

function ignoreRefusal(refusal: unknown): undefined {
  if (!isProblem(refusal) || SESSION.includes(refusal.code)) throw refusal
  return undefined
}
