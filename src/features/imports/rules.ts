/**
 * What an import understands: which column means what, how a cell becomes a value, and why a row is refused. Pure; the
 * file, the database and the words are elsewhere.
 */
import { JOB_STATUSES, type JobStatus } from '../jobs/rules.ts'

export type ImportKind = 'jobs' | 'customers'

const MOMENTS = ['requestedAt', 'scheduledAt', 'startedAt', 'closedAt', 'createdAt', 'updatedAt'] as const
type MomentName = (typeof MOMENTS)[number]

/** What a column may mean. Jobs also know `field:<name of a field>`, as often as there are fields. */
const MEANINGS: Record<ImportKind, readonly string[]> = {
  jobs: [
    'reference',
    'customer',
    'template',
    'title',
    'status',
    'address',
    'latitude',
    'longitude',
    'durationMinutes',
    'tags',
    ...MOMENTS,
  ],
  customers: [
    'reference',
    'name',
    'notes',
    'billingName',
    'billingEmail',
    'billingPhone',
    'billingAddress',
    'siteName',
    'address',
    'latitude',
    'longitude',
    'contactName',
    'contactRole',
    'contactEmail',
    'contactPhone',
  ],
}
const NEEDED: Record<ImportKind, readonly string[]> = {
  jobs: ['reference', 'template'],
  customers: ['reference', 'name'],
}

/** How times are written. us: 12/31/2017 11:59:58 PM · eu: 31.12.2017 23:59 · iso: 2017-12-31T23:59:58, with or without offset. */
const TIME_STYLES = ['iso', 'us', 'eu'] as const
export type TimeStyle = (typeof TIME_STYLES)[number]

export interface Mapping {
  /** Meaning → column. */
  columns: Record<string, string>
  /** Columns whose cells become tags. */
  tags: string[]
  /** Name of a field → column. */
  fields: Record<string, string>
  /** Status as the file says it → ours. Empty: the file uses our names. */
  statuses: Record<string, JobStatus>
  times: TimeStyle
  /** Zone of times without an offset; null: the account's. */
  timeZone: string | null
}

/** A reason with words under `imports.reasons.<code>`. */
export interface Reason {
  code: string
  vars?: Record<string, string | number>
}

/** @throws Reason[] what is wrong with the mapping, all of it */
export function readMapping(kind: ImportKind, text: string): Mapping {
  const given = text.trimStart().startsWith('{') ? fromJson(text) : fromList(text)
  const fieldErrors: Reason[] = []
  const mapping: Mapping = { columns: {}, tags: [], fields: {}, statuses: {}, times: 'iso', timeZone: null }
  for (const [meaning, column] of given.columns) {
    const names = Array.isArray(column) ? column : [column]
    if (!names.every((name): name is string => typeof name === 'string' && name !== ''))
      fieldErrors.push({ code: 'mapColumn', vars: { meaning } })
    else if (kind === 'jobs' && meaning.startsWith('field:') && meaning.length > 6)
      mapping.fields[meaning.slice(6).trim()] = names[0]!
    else if (kind === 'jobs' && meaning === 'tags') mapping.tags.push(...names)
    else if (MEANINGS[kind].includes(meaning) && names.length === 1) mapping.columns[meaning] = names[0]!
    else fieldErrors.push({ code: 'mapMeaning', vars: { meaning, known: MEANINGS[kind].join(', ') } })
  }
  for (const [theirs, ours] of given.statuses) {
    if ((JOB_STATUSES as readonly unknown[]).includes(ours)) mapping.statuses[theirs] = ours as JobStatus
    else fieldErrors.push({ code: 'mapStatus', vars: { status: String(ours), known: JOB_STATUSES.join(', ') } })
  }
  if (given.times !== undefined) {
    if ((TIME_STYLES as readonly unknown[]).includes(given.times)) mapping.times = given.times as TimeStyle
    else fieldErrors.push({ code: 'mapTimes', vars: { known: TIME_STYLES.join(', ') } })
  }
  if (given.timeZone !== undefined) {
    if (typeof given.timeZone === 'string' && isZone(given.timeZone)) mapping.timeZone = given.timeZone
    else fieldErrors.push({ code: 'mapZone', vars: { zone: String(given.timeZone) } })
  }
  for (const meaning of NEEDED[kind])
    if (!mapping.columns[meaning]) fieldErrors.push({ code: 'mapMissing', vars: { meaning } })
  if (fieldErrors.length > 0) throw fieldErrors
  return mapping
}

interface Given {
  columns: [string, unknown][]
  statuses: [string, unknown][]
  times?: unknown
  timeZone?: unknown
}

function fromJson(text: string): Given {
  let read: Record<string, unknown>
  try {
    read = JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw [{ code: 'mapJson', vars: { why: (error as Error).message } }] satisfies Reason[]
  }
  const unknown = Object.keys(read).filter((key) => !['columns', 'statuses', 'times', 'timeZone'].includes(key))
  if (unknown.length > 0) throw [{ code: 'mapKey', vars: { key: unknown.join(', ') } }] satisfies Reason[]
  const entries = (value: unknown) => (value && typeof value === 'object' ? Object.entries(value) : [])
  return {
    columns: entries(read.columns),
    statuses: entries(read.statuses),
    times: read.times,
    timeZone: read.timeZone,
  }
}

/** `reference=SRNumber,template=RequestType,field:Source=RequestSource,status:Closed=completed,times=us,timeZone=America/Los_Angeles` */
function fromList(text: string): Given {
  const given: Given = { columns: [], statuses: [] }
  for (const pair of text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)) {
    const at = pair.indexOf('=')
    if (at < 1) throw [{ code: 'mapPair', vars: { pair } }] satisfies Reason[]
    const key = pair.slice(0, at).trim(),
      value = pair.slice(at + 1).trim()
    if (key === 'times' || key === 'timeZone') given[key] = value
    else if (key.startsWith('status:')) given.statuses.push([key.slice(7).trim(), value])
    else given.columns.push([key, value])
  }
  return given
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** Every column the mapping names. */
export const columnsOf = ({ columns, tags, fields }: Mapping): string[] => [
  ...new Set([...Object.values(columns), ...tags, ...Object.values(fields)]),
]

// ---- cells ----

/** A local day and time (with seconds), or a moment that says its own offset; null when it is no time in that style. */
function readTime(text: string, style: TimeStyle): { day: string; time: string } | { at: Date } | null {
  const whole = text.trim()
  if (style === 'iso') {
    const [, day, hours = '00:00', seconds = ':00', offset] =
      /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(whole) ?? []
    if (!day) return null
    if (!offset) return checked(day, `${hours}${seconds}`)
    const at = new Date(`${day}T${hours}${seconds.slice(0, 7)}${offset}`)
    return checked(day, `${hours}${seconds}`) && !Number.isNaN(at.getTime()) ? { at } : null
  }
  const [, first = '', second = '', year, hour = '0', minute = '00', sec = '00', half] =
    /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp]\.?[Mm]\.?)?)?$/.exec(whole) ??
    []
  if (!year) return null
  const [month, day] = style === 'us' ? [first, second] : [second, first]
  let hours = Number(hour)
  if (half) {
    if (hours < 1 || hours > 12) return null
    hours = (hours % 12) + (/^p/i.test(half) ? 12 : 0)
  }
  return checked(
    `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`,
    `${String(hours).padStart(2, '0')}:${minute}:${sec}`,
  )
}

/** 31 February is none, nor is 25 o'clock. */
function checked(day: string, time: string): { day: string; time: string } | null {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  const made = new Date(Date.UTC(year, month - 1, date))
  const [hours = 99, minutes = 99, seconds = 99] = time.split(':').map(Number)
  return made.getUTCFullYear() === year &&
    made.getUTCMonth() === month - 1 &&
    made.getUTCDate() === date &&
    hours < 24 &&
    minutes < 60 &&
    seconds < 60
    ? { day, time }
    : null
}

/** What a spreadsheet would run as a formula is made text. Plain numbers stay as they are. */
export const neutral = (cell: string): string =>
  /^[=+\-@\t\r]/.test(cell) && !/^[+-]?\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell
/** The other way: a refused row, put right in a spreadsheet, comes back as it was. */
const plain = (cell: string): string => (/^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

interface Reading {
  /** Cell of a column, trimmed; empty when the column is not mapped. */
  cell(meaning: string): string
  reasons: Reason[]
}

function reading(record: ReadonlyMap<string, string>, mapping: Mapping): Reading {
  const reasons: Reason[] = []
  for (const column of columnsOf(mapping))
    if (CONTROL.test(record.get(column) ?? '')) reasons.push({ code: 'control', vars: { column } })
  return {
    cell: (meaning) =>
      mapping.columns[meaning] === undefined ? '' : plain(record.get(mapping.columns[meaning]!) ?? '').trim(),
    reasons,
  }
}

function line({ cell, reasons }: Reading, meaning: string, max: number, { needed = false } = {}): string | null {
  const text = cell(meaning).replaceAll(/\s+/g, ' ')
  if (text === '' && needed) reasons.push({ code: 'needed', vars: { meaning } })
  if (text.length > max) reasons.push({ code: 'tooLong', vars: { meaning, max } })
  return text || null
}

function coordinates({ cell, reasons }: Reading): { latitude: number | null; longitude: number | null } {
  const read = (meaning: string, limit: number) => {
    const text = cell(meaning)
    if (text === '') return null
    const value = /^[+-]?\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : NaN
    if (Number.isNaN(value) || Math.abs(value) > limit)
      reasons.push({ code: 'coordinate', vars: { meaning, value: text.slice(0, 40) } })
    return value
  }
  const latitude = read('latitude', 90),
    longitude = read('longitude', 180)
  if ((latitude === null) !== (longitude === null)) reasons.push({ code: 'oneCoordinate' })
  return { latitude, longitude }
}

// ---- rows ----

export interface JobIn {
  reference: string
  customer: string | null
  template: string
  title: string | null
  status: JobStatus
  address: string | null
  latitude: number | null
  longitude: number | null
  durationMinutes: number | null
  times: Record<MomentName, Date | null>
  tags: string[]
  /** Name of a field → text. */
  fields: Record<string, string>
}
export type Read<T> = { row: T; reasons: [] } | { row: null; reasons: Reason[]; reference: string }

/** `moment` makes a moment of a local time, null in the hour that clocks jump over. */
export function readJob(
  record: ReadonlyMap<string, string>,
  mapping: Mapping,
  moment: (local: { day: string; time: string }) => Date | null,
): Read<JobIn> {
  const from = reading(record, mapping)
  const { cell, reasons } = from
  const reference = line(from, 'reference', 200, { needed: true })
  const template = line(from, 'template', 120, { needed: true })
  const times = Object.fromEntries(
    MOMENTS.map((meaning) => {
      const text = cell(meaning)
      if (text === '') return [meaning, null]
      const read = readTime(text, mapping.times)
      const at = read && ('at' in read ? read.at : moment(read))
      if (!at) reasons.push({ code: read ? 'timeGap' : 'time', vars: { meaning, value: text.slice(0, 60) } })
      return [meaning, at]
    }),
  ) as Record<MomentName, Date | null>

  const said = cell('status')
  const status =
    said === ''
      ? 'unassigned'
      : Object.keys(mapping.statuses).length > 0
        ? mapping.statuses[said]
        : JOB_STATUSES.find((each) => each === said)
  if (!status) reasons.push({ code: 'status', vars: { value: said.slice(0, 60) } })
  const over = status === 'completed' || status === 'canceled'
  if (status && times.closedAt && !over) reasons.push({ code: 'closedOpen', vars: { status: said } })
  if (times.closedAt && times.createdAt && times.closedAt < times.createdAt) reasons.push({ code: 'closedBefore' })

  const minutes = cell('durationMinutes')
  const durationMinutes = minutes === '' ? null : /^\d{1,5}$/.test(minutes) ? Number(minutes) : NaN
  if (durationMinutes !== null && !(durationMinutes >= 5 && durationMinutes <= 14_400))
    reasons.push({ code: 'minutes', vars: { value: minutes.slice(0, 40) } })
  const tags = [
    ...new Set(
      mapping.tags
        .map((column) =>
          plain(record.get(column) ?? '')
            .trim()
            .replaceAll(/\s+/g, ' '),
        )
        .filter(Boolean),
    ),
  ]
  for (const tag of tags) if (tag.length > 40) reasons.push({ code: 'tooLong', vars: { meaning: 'tags', max: 40 } })

  const row: JobIn = {
    reference: reference ?? '',
    customer: line(from, 'customer', 200),
    template: template ?? '',
    title: line(from, 'title', 200),
    status: status ?? 'unassigned',
    address: line(from, 'address', 500),
    ...coordinates(from),
    durationMinutes,
    times,
    tags,
    fields: Object.fromEntries(
      Object.entries(mapping.fields)
        .map(([name, column]) => [name, plain(record.get(column) ?? '').trim()])
        .filter(([, value]) => value !== ''),
    ),
  }
  return reasons.length > 0 ? { row: null, reasons, reference: row.reference } : { row, reasons: [] }
}

export interface CustomerIn {
  reference: string
  name: string
  notes: string | null
  billing: { name: string | null; email: string | null; phone: string | null; address: string | null }
  site: { name: string | null; address: string; latitude: number | null; longitude: number | null } | null
  contact: { name: string; role: string | null; email: string | null; phone: string | null } | null
}

const MAIL = /^[^\s@<>()[\],;:"\\]{1,64}@[^\s@<>()[\],;:"\\]{1,190}$/

/** A row is a customer with, at most, one contact and one site: more of them come as more rows of the same reference. */
export function readCustomer(record: ReadonlyMap<string, string>, mapping: Mapping): Read<CustomerIn> {
  const from = reading(record, mapping)
  const { reasons } = from
  const mail = (meaning: string) => {
    const address = line(from, meaning, 254)
    if (address && !MAIL.test(address)) reasons.push({ code: 'email', vars: { value: address.slice(0, 80) } })
    return address
  }
  const reference = line(from, 'reference', 60, { needed: true })
  const name = line(from, 'name', 200, { needed: true })
  const notes = from.cell('notes')
  if (notes.length > 5_000) reasons.push({ code: 'tooLong', vars: { meaning: 'notes', max: 5_000 } })
  const address = line(from, 'address', 500)
  const place = { name: line(from, 'siteName', 120), ...coordinates(from) }
  if (!address && (place.name || place.latitude !== null))
    reasons.push({ code: 'needed', vars: { meaning: 'address' } })
  const person = {
    name: line(from, 'contactName', 120),
    role: line(from, 'contactRole', 120),
    email: mail('contactEmail'),
    phone: line(from, 'contactPhone', 40),
  }
  if (!person.name && (person.role || person.email || person.phone))
    reasons.push({ code: 'needed', vars: { meaning: 'contactName' } })
  const row: CustomerIn = {
    reference: reference ?? '',
    name: name ?? '',
    notes: notes || null,
    billing: {
      name: line(from, 'billingName', 200),
      email: mail('billingEmail'),
      phone: line(from, 'billingPhone', 40),
      address: line(from, 'billingAddress', 500),
    },
    site: address ? { ...place, address } : null,
    contact: person.name ? { ...person, name: person.name } : null,
  }
  return reasons.length > 0 ? { row: null, reasons, reference: row.reference } : { row, reasons: [] }
}

/** What one row came to. there: an earlier import, or an earlier row, brought it. */
export type Verdict = 'new' | 'added' | 'there' | 'rejected'

/** `REFERENCE`, an id, or `REFERENCE=NAME` for one that may have to be made. Nothing is ever matched by a name (E-16). */
export function readCustomerChoice(text: string): { key: string; name: string | null } {
  const at = text.indexOf('=')
  return at < 1
    ? { key: text.trim(), name: null }
    : { key: text.slice(0, at).trim(), name: text.slice(at + 1).trim() || null }
}

/** The id that a mapped field gets in a template that lacks it. */
export const fieldIdOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40) || 'field'
