/** Answers to the fields of a job: which are accepted, and in which form they are stored. Pure. */
import { cleanLine, cleanText } from '../../../platform/text.ts'
import { isAmbiguousAmount, MAX_AMOUNT, readDecimal } from '../amounts/rules.ts'
import {
  getFieldPermission,
  isVisibleTo,
  isWritableBy,
  type Field,
  type FieldAudience,
  type FieldValue,
  type FieldValues,
} from '../fields/rules.ts'

const MAX_TEXT = 5_000
const MAX_FILES = 10
const MAX_ADDRESS = 2_000

export interface FieldError {
  /** Has a text under `problems.fields.<code>`. */
  code: string
  vars?: Record<string, string | number>
}

export interface CheckedValues {
  /** All answers of the job afterwards: `stored`, changed by the answers given; an emptied answer is removed. */
  values: FieldValues
  /** By field id; empty when every answer is accepted. */
  problems: Record<string, FieldError>
}

/**
 * Checks all answers of one audience at once. `given` holds only what that audience may write: any other field is
 * refused, a hidden field with the same code as an unknown one, so that a refusal does not reveal hidden fields. `stored`
 * are the job's present answers (of a new job: `getDefaultValues`); what this audience does not write stays as it is.
 * Required fields (V-30) must have an answer afterwards, and a required checkbox must be checked.
 */
export function checkFieldValues(
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
  audience: FieldAudience,
  stored: Readonly<FieldValues> = {},
): CheckedValues {
  // Without a prototype: the id of a field may be a word like `constructor`.
  const values = Object.assign(Object.create(null), stored) as FieldValues
  const problems = Object.create(null) as Record<string, FieldError>
  const fieldsById = new Map(fields.map((field) => [field.id, field]))
  for (const [id, input] of Object.entries(given)) {
    const result = checkAnswer(fieldsById.get(id), input, audience)
    if ('error' in result) problems[id] = result.error
    else if (result.value === undefined) delete values[id]
    else values[id] = result.value
  }
  for (const field of fields) {
    const isRequired = getFieldPermission(field, audience) === 'required'
    if (isRequired && !problems[field.id] && isUnanswered(values[field.id]))
      problems[field.id] = { code: 'required', vars: { name: field.name, type: field.type } }
  }
  return { values, problems }
}

const isUnanswered = (value: FieldValue | undefined): boolean => value === undefined || value === false

function checkAnswer(field: Field | undefined, input: unknown, audience: FieldAudience): NormalizedValue {
  if (!field || !isVisibleTo(field, audience)) return refuse('unknown')
  return isWritableBy(field, audience) ? normalizeValue(field, input) : refuse('readOnly')
}

/** Errors under the input that held the answers: `{ 'fields.abc': … }`. */
export const prefixFieldErrors = (
  prefix: string,
  fieldErrors: Readonly<Record<string, FieldError>>,
): Record<string, FieldError> =>
  Object.fromEntries(Object.entries(fieldErrors).map(([id, error]) => [`${prefix}.${id}`, error]))

/** The value as it is stored, undefined for an empty answer; or why it is refused. */
export type NormalizedValue = { value: FieldValue | undefined } | { error: FieldError }

const refuse = (code: string, vars?: FieldError['vars']): NormalizedValue => ({
  error: { code, ...(vars && { vars }) },
})

export function normalizeValue(field: Field, input: unknown): NormalizedValue {
  if (isEmptyInput(input)) return { value: undefined }
  switch (field.type) {
    case 'text':
      return normalizeText(input)
    case 'number':
      return typeof input === 'string' ? normalizeNumber(input, field.unit) : refuse('number')
    case 'date':
      return typeof input === 'string' ? normalizeDate(cleanLine(input)) : refuse('date')
    case 'dateTime':
      return typeof input === 'string' ? normalizeDateTime(cleanLine(input)) : refuse('dateTime')
    case 'checkbox':
      return typeof input === 'boolean' ? { value: input } : refuse('type')
    case 'currency':
      return normalizeAmount(input)
    case 'pickList':
      return typeof input === 'string' && field.options?.includes(input) ? { value: input } : refuse('choice')
    case 'multiPickList':
      return normalizeChoices(field.options ?? [], input)
    case 'file':
      return normalizeFileIds(input)
    case 'link':
      return typeof input === 'string' && isWebAddress(cleanLine(input)) ? { value: cleanLine(input) } : refuse('link')
    case 'section':
      return refuse('readOnly')
  }
}

const isEmptyInput = (input: unknown): boolean =>
  input === null || input === undefined || input === '' || (Array.isArray(input) && input.length === 0)

const CONTROL_CHARACTER = /[\u0000-\u0008\u000b-\u001f\u007f]/

export function normalizeText(input: unknown): NormalizedValue {
  if (typeof input !== 'string') return refuse('type')
  const text = cleanText(input)
  if (text.length > MAX_TEXT) return refuse('tooLong', { max: MAX_TEXT })
  return CONTROL_CHARACTER.test(text) ? refuse('control') : { value: text || undefined }
}

/** Stored as digits, sign and point only (V-52), and as text, so that it is never rounded. */
function normalizeNumber(input: string, unit: string | undefined): NormalizedValue {
  const decimal = readDecimal(cleanLine(input), unit)
  if (decimal === 'ambiguous') return refuse('ambiguousNumber')
  const isTooLong = decimal && (decimal.whole.length > 15 || decimal.fraction.length > 10)
  if (!decimal || isTooLong) return refuse('number')
  const { sign, whole, fraction } = decimal
  const digits = whole.replace(/^0+(?=\d)/, '') || '0'
  const value = fraction ? `${digits}.${fraction}` : digits
  return { value: sign === '-' && /[1-9]/.test(value) ? `-${value}` : value }
}

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/

const normalizeDate = (input: string): NormalizedValue =>
  ISO_DAY.test(input) && isExistingDate(input) ? { value: input } : refuse('date')

const ISO_WITH_OFFSET = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/

const normalizeDateTime = (input: string): NormalizedValue =>
  ISO_WITH_OFFSET.test(input) && isExistingDate(input) ? { value: input } : refuse('dateTime')

/** `Date` turns February 31 into March 3, so the parts are compared. */
function isExistingDate(input: string): boolean {
  const [year = 0, month = 0, day = 0] = input.slice(0, 10).split('-').map(Number)
  const date = new Date(Date.UTC(year, month - 1, day))
  const isSameDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return isSameDay && !Number.isNaN(Date.parse(input))
}

const isAmount = (input: unknown): input is number =>
  typeof input === 'number' && Number.isSafeInteger(input) && Math.abs(input) <= MAX_AMOUNT

function normalizeAmount(input: unknown): NormalizedValue {
  if (isAmount(input)) return { value: input }
  const isAmbiguous = typeof input === 'string' && isAmbiguousAmount(input)
  return refuse(isAmbiguous ? 'ambiguousNumber' : 'amount')
}

/** The choices in the order of the options, each once. */
function normalizeChoices(options: readonly string[], input: unknown): NormalizedValue {
  if (!Array.isArray(input) || !input.every((each) => options.includes(each as string))) return refuse('choice')
  return { value: options.filter((option) => input.includes(option)) }
}

const FILE_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

function normalizeFileIds(input: unknown): NormalizedValue {
  const ids = typeof input === 'string' ? [input] : input
  if (!Array.isArray(ids) || !ids.every(isFileId)) return refuse('type')
  const uniqueIds = [...new Set(ids)]
  return uniqueIds.length > MAX_FILES ? refuse('tooMany') : { value: uniqueIds }
}

const isFileId = (input: unknown): input is string => typeof input === 'string' && FILE_ID.test(input)

/**
 * Whether a text is an http or https address without a user name and password. Stored `javascript:` and `data:`
 * addresses would run a script for whoever clicks the link.
 */
export function isWebAddress(text: string): boolean {
  const hasForbiddenCharacter = /[\s<>"\\]/.test(text)
  if (text.length > MAX_ADDRESS || hasForbiddenCharacter || !/^https?:\/\//i.test(text)) return false
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hostname } = new URL(text)
  const isHttp = protocol === 'http:' || protocol === 'https:'
  return isHttp && !username && !password && hostname !== ''
}
