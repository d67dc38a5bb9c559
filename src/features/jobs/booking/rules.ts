/** What a booking is made of: its files and the rows of its jobs. Pure; screens do not load this file. */
import type { FileRecord } from '../../records/files/queries.ts'
import { findJobStorageError } from '../../records/files/rules.ts'
import type { Field, FieldValues } from '../../templates/fields/rules.ts'
import type { TemplateOf } from '../form/queries.ts'
import { fileFields, fileIdsOf, type addressOfSite, type FieldErrors, type RequestedColumns } from '../form/rules.ts'

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i
const isFileId = (value: unknown): value is string => typeof value === 'string' && UUID.test(value)

/** Ids of every file that a form names, in its own list or as an answer. */
export const fileIdsOfForm = (files: readonly string[], answers: Readonly<Record<string, unknown>>): string[] => [
  ...files,
  ...Object.values(answers).filter(Array.isArray).flat().filter(isFileId),
]

/** The files of a form by id: those of its own list and those that answer questions. All must be waiting uploads. */
export function filesOfForm(
  fields: readonly Field[],
  listed: readonly string[],
  values: FieldValues,
  uploads: readonly FileRecord[],
  fieldErrors: FieldErrors,
): Map<string, FileRecord> {
  const answers = fileFields(fields).map((field) => ({ field, ids: fileIdsOf(field, values) }))
  const ids = new Set([...listed, ...answers.flatMap((answer) => answer.ids)])
  const files = new Map(uploads.filter((file) => ids.has(file.id)).map((file) => [file.id, file]))
  const isMissing = (id: string) => !files.has(id)
  if (listed.some(isMissing)) fieldErrors.files = 'fileNotFound'
  for (const answer of answers) {
    if (answer.ids.some(isMissing)) fieldErrors[`fields.${answer.field.id}`] = 'fileNotFound'
  }
  const bytes = [...files.values()].reduce((sum, file) => sum + Number(file.size), 0)
  const storageError = findJobStorageError(0, bytes)
  if (storageError) fieldErrors.files ??= storageError
  return files
}

/** Answers of the second and further jobs: the same, with file ids of their own. */
export function valuesWithNewFiles(fields: readonly Field[], values: FieldValues, newId: () => string): FieldValues {
  const ids = new Set(fileFields(fields).map((field) => field.id))
  return Object.fromEntries(
    Object.entries(values).map(([id, value]) => [id, ids.has(id) ? (value as string[]).map(() => newId()) : value]),
  )
}

/** Which question a file answers, and as the how many-th file of its answer. */
export const answeredFields = (
  fields: readonly Field[],
  values: FieldValues,
): Map<string, { field: string; index: number }> =>
  new Map(
    fileFields(fields).flatMap((field) =>
      fileIdsOf(field, values).map((id, index) => [id, { field: field.id, index }] as const),
    ),
  )

interface NewJob {
  account: string
  customer: string
  template: TemplateOf
  address: ReturnType<typeof addressOfSite>
  requested: RequestedColumns
  actor: { id: string; name: string }
  batch: string
  now: Date
}

export const bookedJobRow = (
  { account, customer, template, address, requested, actor, batch, now }: NewJob,
  { id, number, values }: { id: string; number: number; values: FieldValues },
) => ({
  account_id: account,
  id,
  number,
  customer_id: customer,
  ...address,
  template_id: template.id,
  template_version: template.version,
  title: template.name,
  worker_id: null,
  created_by_kind: 'portalUser',
  created_by_id: actor.id,
  created_by_name: actor.name,
  status: 'unassigned' as const,
  ...requested,
  scheduled_at: null,
  duration_minutes: template.duration_minutes,
  fields: values,
  tags: [],
  batch_id: batch,
  external_reference: null,
  created_at: now,
  updated_at: now,
})
export type BookedJob = ReturnType<typeof bookedJobRow>
