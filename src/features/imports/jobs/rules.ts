/** A row of a file of jobs. */
import { jobs } from '../../jobs/contract.ts'
import { JOB_STATUSES, type JobStatus } from '../../jobs/rules.ts'
import type { Field } from '../../templates/fields/rules.ts'
import {
  collapseSpaces,
  createCellReader,
  parseTime,
  readCoordinates,
  readLine,
  readReference,
  refusalsOf,
  type CellReader,
  type CsvRecord,
  type LocalTime,
} from '../cells/rules.ts'
import { JOB_TIMES, type JobTime, type Mapping, type ParsedRow, type Reason } from '../rules.ts'

export interface ImportedJob {
  reference: string
  customer: string | null
  template: string
  title: string | null
  status: JobStatus
  address: string | null
  latitude: number | null
  longitude: number | null
  durationMinutes: number | null
  times: Record<JobTime, Date | null>
  tags: string[]
  /** Name of a field → text. */
  fields: Record<string, string>
}

/** Null in the hour that the clocks skip. */
export type ToMoment = (local: LocalTime) => Date | null

export function parseJobRow(record: CsvRecord, mapping: Mapping, toMoment: ToMoment): ParsedRow<ImportedJob> {
  const reader = createCellReader(record, mapping)
  const reference = readReference(reader, 200)
  const template = readLine(reader, 'template', 120, { required: true })
  const times = readTimes(reader, mapping, toMoment)
  const status = readStatus(reader, mapping, times)
  const durationMinutes = readDuration(reader)
  const tags = readTags(reader, mapping)
  const row: ImportedJob = {
    reference,
    customer: readLine(reader, 'customer', 200),
    template: template ?? '',
    title: readLine(reader, 'title', 200),
    status: status ?? 'unassigned',
    address: readLine(reader, 'address', 500),
    ...readCoordinates(reader),
    durationMinutes,
    times,
    tags,
    fields: readFields(reader, mapping),
  }
  const { reasons } = reader
  const known = new Set(reasons.map(({ vars }) => vars?.meaning))
  reasons.push(...findFormRefusals(row).filter(({ vars }) => !known.has(vars!.meaning)))
  return reasons.length > 0 ? { row: null, reasons, reference: row.reference } : { row, reasons: [] }
}

/** What the form for a new job would refuse: what comes in by a file can be saved again by a form. */
function findFormRefusals({ title, address, latitude, longitude, durationMinutes, tags }: ImportedJob): Reason[] {
  const form = { ...(title && { title }), address, latitude, longitude, durationMinutes, tags }
  // Which customer and template it is comes later.
  const refusals = refusalsOf(jobs.createJob.body!, { ...form, customer: ANY_ID, template: ANY_ID })
  return refusals.map(({ code, vars }) => ({ code, vars: { ...vars, meaning: String(vars!.meaning).split('.')[0]! } }))
}
const ANY_ID = '00000000-0000-7000-8000-000000000000'

function readTimes({ cell, reasons }: CellReader, mapping: Mapping, toMoment: ToMoment): ImportedJob['times'] {
  const readMoment = (meaning: JobTime): Date | null => {
    const text = cell(meaning)
    if (text === '') return null
    const time = parseTime(text, mapping.times)
    const at = time && ('at' in time ? time.at : toMoment(time))
    if (!at) reasons.push({ code: time ? 'timeGap' : 'time', vars: { meaning, value: text.slice(0, 60) } })
    return at
  }
  return Object.fromEntries(JOB_TIMES.map((meaning) => [meaning, readMoment(meaning)])) as ImportedJob['times']
}

function readStatus({ cell, reasons }: CellReader, mapping: Mapping, times: ImportedJob['times']) {
  const text = cell('status')
  const status = text === '' ? 'unassigned' : statusOf(text, mapping)
  if (!status) reasons.push({ code: 'status', vars: { value: text.slice(0, 60) } })
  const { closedAt, createdAt } = times
  const isClosed = status === 'completed' || status === 'canceled'
  if (status && closedAt && !isClosed) reasons.push({ code: 'closedOpen', vars: { status: text } })
  if (closedAt && createdAt && closedAt < createdAt) reasons.push({ code: 'closedBefore' })
  return status
}

function statusOf(text: string, { statuses }: Mapping): JobStatus | undefined {
  return Object.keys(statuses).length > 0 ? statuses[text] : JOB_STATUSES.find((status) => status === text)
}

/** From 5 minutes to 10 days. */
function readDuration({ cell, reasons }: CellReader): number | null {
  const text = cell('durationMinutes')
  if (text === '') return null
  const minutes = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(minutes >= 5 && minutes <= 14_400))
    reasons.push({ code: 'minutes', vars: { meaning: 'durationMinutes', value: text.slice(0, 40) } })
  return minutes
}

function readTags({ columnCell, reasons }: CellReader, mapping: Mapping): string[] {
  const cells = mapping.tags.map((column) => collapseSpaces(columnCell(column)))
  const tags = [...new Set(cells.filter(Boolean))]
  for (const tag of tags) if (tag.length > 40) reasons.push({ code: 'tooLong', vars: { meaning: 'tags', max: 40 } })
  return tags
}

function readFields({ columnCell }: CellReader, mapping: Mapping): Record<string, string> {
  return Object.fromEntries(
    Object.entries(mapping.fields)
      .map(([name, column]) => [name, columnCell(column)])
      .filter(([, value]) => value !== ''),
  )
}

/** `REFERENCE`, an id, or `REFERENCE=NAME` for a customer to create if needed. Customers are never matched by name (E-16). */
export function parseCustomerOption(text: string): { key: string; name: string | null } {
  const separator = text.indexOf('=')
  return separator < 1
    ? { key: text.trim(), name: null }
    : { key: text.slice(0, separator).trim(), name: text.slice(separator + 1).trim() || null }
}

/** The id that a mapped field gets in a template that lacks it. */
const fieldIdOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .join('-')
    .slice(0, 40) || 'field'

/** Fields that the mapping names and the template lacks. */
export const missingFields = (fields: readonly Field[], mapping: Mapping): Field[] =>
  Object.keys(mapping.fields)
    .filter((name) => !fields.some((field) => field.name === name || field.id === fieldIdOf(name)))
    .map((name) => ({ id: fieldIdOf(name), name, type: 'text', portal: 'hidden', worker: 'readOnly' }))

/** The row's field cells by the id of their field. */
export const cellsByField = (fields: readonly Field[], row: ImportedJob): Record<string, string> => {
  const findField = (name: string) =>
    fields.find((field) => field.name === name) ?? fields.find((field) => field.id === fieldIdOf(name))
  return Object.fromEntries(Object.entries(row.fields).map(([name, value]) => [findField(name)!.id, value]))
}
