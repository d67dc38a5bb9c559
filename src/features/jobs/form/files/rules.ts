/** Files that the form of a new job brings, in the portal and in the office. Pure; screens do not load this file. */
import type { FileRecord } from '../../../records/files/queries.ts'
import { findJobStorageError } from '../../../records/files/rules.ts'
import type { Field, FieldValues } from '../../../templates/fields/rules.ts'
import { fileFields, fileIdsOf, type FieldErrors } from '../rules.ts'

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
