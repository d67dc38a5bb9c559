/** The mapping of an import: which column of the file means what. Pure; cells and rows are in the folders below. */
import { JOB_STATUSES, type JobStatus } from '../jobs/rules.ts'

export type ImportKind = 'jobs' | 'customers'

export const JOB_TIMES = ['requestedAt', 'scheduledAt', 'startedAt', 'closedAt', 'createdAt', 'updatedAt'] as const
export type JobTime = (typeof JOB_TIMES)[number]

/** What a column may mean. Jobs also accept `field:<name of a field>`, once for each field. */
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
    ...JOB_TIMES,
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
const REQUIRED_MEANINGS: Record<ImportKind, readonly string[]> = {
  jobs: ['reference', 'template'],
  // Without references of the file's own, each customer gets one that is made from the row.
  customers: ['name'],
}

/** How times are written. us: 12/31/2017 11:59:58 PM · eu: 31.12.2017 23:59 · iso: 2017-12-31T23:59:58, with or without offset. */
const TIME_STYLES = ['iso', 'us', 'eu'] as const
export type TimeStyle = (typeof TIME_STYLES)[number]

/** Of these the first that is not empty counts. Each is one column, or several whose cells are joined by a space. */
export type ColumnChoices = readonly (readonly string[])[]

export interface Mapping {
  columns: Record<string, ColumnChoices>
  /** Columns whose cells become tags. */
  tags: string[]
  /** Name of a field → column. */
  fields: Record<string, string>
  /** Status as the file writes it → ours. Empty: the file uses our names. */
  statuses: Record<string, JobStatus>
  times: TimeStyle
  /** Zone of times without an offset; null: the account's. */
  timeZone: string | null
}

/** A reason with a text under `imports.reasons.<code>`. */
export interface Reason {
  code: string
  vars?: Record<string, string | number>
}

/** Ends the import with the texts of these reasons. */
export type RefuseImport = (reasons: Reason[]) => never

/** What a row of the file became. added: a contact or site of an existing customer. existing: imported earlier. */
export type RowOutcome = 'new' | 'added' | 'existing' | 'rejected'

export interface RowResult {
  outcome: RowOutcome
  reference: string
  reasons: Reason[]
}

/** A row whose cells were all readable, or the reasons why not. */
export type ParsedRow<T> = { row: T; reasons: [] } | { row: null; reasons: Reason[]; reference: string }

export const rejectRow = (reference: string, reasons: Reason[]): RowResult => ({
  outcome: 'rejected',
  reference,
  reasons,
})

/** @throws Reason[] everything that is wrong with the mapping */
export function parseMapping(kind: ImportKind, text: string): Mapping {
  const raw = text.trimStart().startsWith('{') ? parseJsonMapping(text) : parseListMapping(text)
  const reasons: Reason[] = []
  const mapping: Mapping = { columns: {}, tags: [], fields: {}, statuses: {}, times: 'iso', timeZone: null }
  for (const [meaning, column] of raw.columns) mapColumn(kind, meaning, column, mapping, reasons)
  for (const [fileStatus, status] of raw.statuses) {
    if ((JOB_STATUSES as readonly unknown[]).includes(status)) mapping.statuses[fileStatus] = status as JobStatus
    else reasons.push({ code: 'mapStatus', vars: { status: String(status), known: JOB_STATUSES.join(', ') } })
  }
  if (raw.times !== undefined) {
    if ((TIME_STYLES as readonly unknown[]).includes(raw.times)) mapping.times = raw.times as TimeStyle
    else reasons.push({ code: 'mapTimes', vars: { known: TIME_STYLES.join(', ') } })
  }
  if (raw.timeZone !== undefined) {
    if (typeof raw.timeZone === 'string' && isTimeZone(raw.timeZone)) mapping.timeZone = raw.timeZone
    else reasons.push({ code: 'mapZone', vars: { zone: String(raw.timeZone) } })
  }
  for (const meaning of REQUIRED_MEANINGS[kind])
    if (!mapping.columns[meaning]) reasons.push({ code: 'mapMissing', vars: { meaning } })
  if (reasons.length > 0) throw reasons
  return mapping
}

function mapColumn(kind: ImportKind, meaning: string, column: unknown, mapping: Mapping, reasons: Reason[]): void {
  const choices: unknown[][] = [column].flat().map((choice: unknown) => [choice].flat())
  if (!areColumnNames(choices)) {
    reasons.push({ code: 'mapColumn', vars: { meaning } })
    return
  }
  const names = choices.flat()
  const isField = kind === 'jobs' && meaning.startsWith('field:') && meaning.length > 6
  if (isField) mapping.fields[meaning.slice(6).trim()] = names[0]!
  else if (kind === 'jobs' && meaning === 'tags') mapping.tags.push(...names)
  else if (MEANINGS[kind].includes(meaning)) mapping.columns[meaning] = choices
  else reasons.push({ code: 'mapMeaning', vars: { meaning, known: MEANINGS[kind].join(', ') } })
}

const areColumnNames = (choices: unknown[][]): choices is string[][] =>
  choices.length > 0 &&
  choices.every((columns) => columns.length > 0 && columns.every((name) => typeof name === 'string' && name !== ''))

interface RawMapping {
  columns: [string, unknown][]
  statuses: [string, unknown][]
  times?: unknown
  timeZone?: unknown
}

function parseJsonMapping(text: string): RawMapping {
  let json: Record<string, unknown>
  try {
    json = JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw [{ code: 'mapJson', vars: { why: (error as Error).message } }] satisfies Reason[]
  }
  const unknown = Object.keys(json).filter((key) => !['columns', 'statuses', 'times', 'timeZone'].includes(key))
  if (unknown.length > 0) throw [{ code: 'mapKey', vars: { key: unknown.join(', ') } }] satisfies Reason[]
  const entries = (value: unknown) => (value && typeof value === 'object' ? Object.entries(value) : [])
  return {
    columns: entries(json.columns),
    statuses: entries(json.statuses),
    times: json.times,
    timeZone: json.timeZone,
  }
}

/**
 * `name=Company|First Name+Last Name`: the company or else the person. A column whose own name has one of these signs needs
 * a mapping as JSON: `{ "name": ["Company", ["First Name", "Last Name"]] }`.
 */
const parseChoices = (text: string): string[][] =>
  text.split('|').map((choice) => choice.split('+').map((column) => column.trim()))

/** `reference=SRNumber,template=RequestType,field:Source=RequestSource,status:Closed=completed,times=us,timeZone=America/Los_Angeles` */
function parseListMapping(text: string): RawMapping {
  const raw: RawMapping = { columns: [], statuses: [] }
  const pairs = text
    .split(',')
    .map((pair) => pair.trim())
    .filter(Boolean)
  for (const pair of pairs) {
    const separator = pair.indexOf('=')
    if (separator < 1) throw [{ code: 'mapPair', vars: { pair } }] satisfies Reason[]
    const key = pair.slice(0, separator).trim()
    const value = pair.slice(separator + 1).trim()
    if (key === 'times' || key === 'timeZone') raw[key] = value
    else if (key.startsWith('status:')) raw.statuses.push([key.slice(7).trim(), value])
    else raw.columns.push([key, key === 'tags' || key.startsWith('field:') ? value : parseChoices(value)])
  }
  return raw
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** Every column the mapping names. */
export const columnsOf = ({ columns, tags, fields }: Mapping): string[] => [
  ...new Set([...Object.values(columns).flat(2), ...tags, ...Object.values(fields)]),
]

/** What is wrong with the first row of the file. */
export function headerProblems(header: readonly string[], mapping: Mapping): Reason[] {
  const mapped = columnsOf(mapping)
  // What nobody mapped may be there twice, or without a heading.
  const duplicates = mapped.filter((name) => header.indexOf(name) !== header.lastIndexOf(name))
  const missing = mapped.filter((name) => !header.includes(name))
  const reasons: Reason[] = []
  if (header.length === 0) reasons.push({ code: 'noHeader' })
  if (duplicates.length > 0) reasons.push({ code: 'columnTwice', vars: { columns: duplicates.join(', ') } })
  if (missing.length > 0)
    reasons.push({ code: 'columnMissing', vars: { columns: missing.join(', '), there: header.join(', ') } })
  return reasons
}

/** What is wrong with the cells of a row as a whole. Columns without a heading count only where a cell is filled. */
export function cellsProblem(cells: readonly string[], header: readonly string[]): Reason | null {
  const width = header.findLastIndex((name) => name !== '') + 1
  const hasUnknownCells = cells.slice(header.length).some((cell) => cell.trim() !== '')
  if (cells.length < width || hasUnknownCells)
    return { code: 'cells', vars: { count: cells.length, expected: header.length } }
  const unnamed = cells.findIndex((cell, index) => header[index] === '' && cell.trim() !== '')
  if (unnamed === -1) return null
  return { code: 'noHeading', vars: { column: unnamed + 1, value: cells[unnamed]!.trim().slice(0, 40) } }
}
