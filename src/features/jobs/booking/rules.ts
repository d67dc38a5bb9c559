/** What a booking is made of: the rows of its jobs and their answers. Pure; screens do not load this file. */
import type { Field, FieldValues } from '../../templates/fields/rules.ts'
import type { TemplateOf } from '../form/queries.ts'
import { fileFields, type addressOfSite, type RequestedColumns } from '../form/rules.ts'

/** Answers of the second and further jobs: the same, with file ids of their own. */
export function valuesWithNewFiles(fields: readonly Field[], values: FieldValues, newId: () => string): FieldValues {
  const ids = new Set(fileFields(fields).map((field) => field.id))
  return Object.fromEntries(
    Object.entries(values).map(([id, value]) => [id, ids.has(id) ? (value as string[]).map(() => newId()) : value]),
  )
}

interface NewJob {
  account: string
  customer: string
  template: TemplateOf
  address: ReturnType<typeof addressOfSite>
  requested: RequestedColumns
  actor: { kind: string; id: string; name: string }
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
  created_by_kind: actor.kind,
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
