/** How a cell of the file becomes a value. */
import { cleanText, restoreFormulas } from '../../../platform/text.ts'
import { columnsOf, type Mapping, type Reason, type TimeStyle } from '../rules.ts'

/** A time without an offset: its meaning depends on a time zone. */
export interface LocalTime {
  day: string
  time: string
}

/** A local time (with seconds), or a moment when the text has an offset; null when it is no time in that style. */
export function parseTime(text: string, style: TimeStyle): LocalTime | { at: Date } | null {
  return style === 'iso' ? parseIsoTime(text.trim()) : parseRegionalTime(text.trim(), style)
}

function parseIsoTime(text: string): LocalTime | { at: Date } | null {
  const [, day, hours = '00:00', seconds = ':00', offset] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text) ?? []
  if (!day) return null
  const local = validLocalTime(day, `${hours}${seconds}`)
  if (!offset) return local
  const at = new Date(`${day}T${hours}${seconds.slice(0, 7)}${offset}`)
  return local && !Number.isNaN(at.getTime()) ? { at } : null
}

function parseRegionalTime(text: string, style: 'us' | 'eu'): LocalTime | null {
  const [, first = '', second = '', year, hour = '0', minute = '00', seconds = '00', half] =
    /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp]\.?[Mm]\.?)?)?$/.exec(text) ?? []
  if (!year) return null
  const [month, day] = style === 'us' ? [first, second] : [second, first]
  let hours = Number(hour)
  if (half) {
    if (hours < 1 || hours > 12) return null
    hours = (hours % 12) + (/^p/i.test(half) ? 12 : 0)
  }
  return validLocalTime(
    `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`,
    `${String(hours).padStart(2, '0')}:${minute}:${seconds}`,
  )
}

/** Null for 31 February and for 25 o'clock. */
function validLocalTime(day: string, time: string): LocalTime | null {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  const [hours = 99, minutes = 99, seconds = 99] = time.split(':').map(Number)
  const utc = new Date(Date.UTC(year, month - 1, date))
  const dayExists = utc.getUTCFullYear() === year && utc.getUTCMonth() === month - 1 && utc.getUTCDate() === date
  const timeExists = hours < 24 && minutes < 60 && seconds < 60
  return dayExists && timeExists ? { day, time } : null
}

const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** The cells of one row of the file by the name of their column. */
export type CsvRecord = ReadonlyMap<string, string>

/** Reads the cells of one row and collects what is wrong with them. */
export interface CellReader {
  /** Text of a meaning, trimmed; empty when no column is mapped to it, or all of them are empty. */
  cell(meaning: string): string
  /** Cell of a column, trimmed. */
  columnCell(column: string): string
  reasons: Reason[]
}

export function createCellReader(record: CsvRecord, mapping: Mapping): CellReader {
  const reasons: Reason[] = []
  for (const column of columnsOf(mapping))
    if (CONTROL_CHARACTERS.test(record.get(column) ?? '')) reasons.push({ code: 'control', vars: { column } })
  const columnCell = (column: string) => cleanText(restoreFormulas(record.get(column) ?? ''))
  return {
    cell: (meaning) => {
      const choices = mapping.columns[meaning] ?? []
      const texts = choices.map((columns) => columns.map(columnCell).filter(Boolean).join(' '))
      return texts.find(Boolean) ?? ''
    },
    columnCell,
    reasons,
  }
}

export const collapseSpaces = (text: string): string => text.replaceAll(/\s+/g, ' ')

export function readLine(
  { cell, reasons }: CellReader,
  meaning: string,
  max: number,
  { required = false } = {},
): string | null {
  const text = collapseSpaces(cell(meaning))
  if (text === '' && required) reasons.push({ code: 'needed', vars: { meaning } })
  if (text.length > max) reasons.push({ code: 'tooLong', vars: { meaning, max } })
  return text || null
}

/** "a ::: b", as address books export several values, and what people put between them. */
const SEPARATORS = { email: /:::|[;,\n]/, phone: /:::|[;\n]/, address: /:::/ }

/** All values of a cell that may have several, without repetitions. */
export function readValues(
  { cell, reasons }: CellReader,
  meaning: string,
  { kind, max }: { kind: keyof typeof SEPARATORS; max: number },
): string[] {
  const values = cell(meaning).split(SEPARATORS[kind]).map(cleanText).map(collapseSpaces).filter(Boolean)
  if (values.some((value) => value.length > max)) reasons.push({ code: 'tooLong', vars: { meaning, max } })
  return [...new Set(values)]
}

/** Digits as a spreadsheet shows a long number: many rows then share one reference. */
const ROUNDED = /^\d(?:[.,]\d+)?E\+\d+$/i

/** What a row is recognized by. */
export function readReference(reader: CellReader, max: number): string {
  const reference = readLine(reader, 'reference', max, { required: true }) ?? ''
  if (ROUNDED.test(reference)) reader.reasons.push({ code: 'roundedReference', vars: { value: reference } })
  return reference
}

export function readCoordinates(reader: CellReader): { latitude: number | null; longitude: number | null } {
  const latitude = readDegrees(reader, 'latitude', 90)
  const longitude = readDegrees(reader, 'longitude', 180)
  if ((latitude === null) !== (longitude === null)) reader.reasons.push({ code: 'oneCoordinate' })
  return { latitude, longitude }
}

function readDegrees({ cell, reasons }: CellReader, meaning: string, limit: number): number | null {
  const text = cell(meaning)
  if (text === '') return null
  const degrees = /^[+-]?\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : NaN
  if (Number.isNaN(degrees) || Math.abs(degrees) > limit)
    reasons.push({ code: 'coordinate', vars: { meaning, value: text.slice(0, 40) } })
  return degrees
}

/** The part of a contract's schema that is asked. */
interface FormSchema {
  safeParse(form: unknown): { error?: { issues: readonly { path: PropertyKey[]; message: string }[] } | undefined }
}

/** Why a form would refuse these values. @param meanings names of the mapping by the form's, where they differ */
export function refusalsOf(
  schema: FormSchema,
  form: Record<string, unknown>,
  meanings: Record<string, string> = {},
): Reason[] {
  return (schema.safeParse(form).error?.issues ?? []).map(({ path, message }) => {
    const name = path.join('.')
    const value = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | null)?.[key], form)
    const vars = { meaning: meanings[name] ?? name, value: String(value ?? '').slice(0, 80) }
    return { code: message === 'email' || message === 'phone' ? message : 'value', vars }
  })
}
