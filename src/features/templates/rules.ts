/**
 * What the fields of a template are: their types, who may see and fill them, and which answers are taken.
 * Server and screen share every line; pure, no I/O, no clock.
 */

export const FIELD_TYPES = [
  'text',
  'number',
  'dateTime',
  'checkbox',
  'currency',
  'pickList',
  'multiPickList',
  'file',
  'link',
  'section',
] as const
export type FieldType = (typeof FIELD_TYPES)[number]

/** What a customer may do with a field (V-28), and apart from it what the worker on the job may (V-29). */
export const PERMISSIONS = ['hidden', 'readOnly', 'optional', 'required'] as const
export type FieldPermission = (typeof PERMISSIONS)[number]

export interface Field {
  /** Short, and the same in every later version, so that answers keep their question. */
  id: string
  name: string
  type: FieldType
  hint?: string
  /** The choices of a pick list, in order. */
  options?: string[]
  portal: FieldPermission
  worker: FieldPermission
  /** What every new job starts with: the address of a link, the text under a section header, a read-only value. */
  value?: FieldValue
  /** Written behind a number, such as `kWh`. */
  unit?: string
}

/**
 * text: up to 5,000 characters · number: digits, sign and point as text, never a float · dateTime: ISO 8601 with its
 * offset · checkbox: boolean · currency: whole minor units (cents) · pickList: one option · multiPickList: options ·
 * file: ids of files · link: http or https address · section: none on a job; text in a template.
 */
export type FieldValue = string | number | boolean | string[]
/** Answers of one job, by field id. */
export type Values = Record<string, FieldValue>

export type FieldAudience = 'portal' | 'worker' | 'office'

/** Pictures on the tiles of the portal; their drawings are in ui/template-icons.ts. */
export const TEMPLATE_ICONS = [
  'wrench',
  'hammer',
  'droplets',
  'flame',
  'zap',
  'plug',
  'thermometer',
  'wind',
  'washing-machine',
  'refrigerator',
  'microwave',
  'truck',
  'shield-check',
  'sparkles',
  'paint-roller',
  'leaf',
  'key-round',
  'house',
  'monitor',
  'clipboard-list',
] as const
export type TemplateIcon = (typeof TEMPLATE_ICONS)[number]

export const MAX_FIELDS = 60
export const MAX_OPTIONS = 100
const MAX_TEXT = 5_000
const MAX_FILES = 10
/** In minor units: a hundred thousand million pounds. */
const MAX_AMOUNT = 1e13

/** Which permissions make sense for a type: nobody fills in a link or a header, they are shown or not (V-52). */
export const allowedPermissions = (type: FieldType): readonly FieldPermission[] =>
  type === 'link' || type === 'section' ? ['hidden', 'readOnly'] : PERMISSIONS

export const hasOptions = (type: FieldType): boolean => type === 'pickList' || type === 'multiPickList'

/** What one audience may do. The office sees and fills everything, and nothing blocks it. */
const permissionFor = (field: Field, audience: FieldAudience): FieldPermission =>
  audience === 'office' ? (field.type === 'section' ? 'readOnly' : 'optional') : field[audience]

const visible = (field: Field, audience: FieldAudience) => permissionFor(field, audience) !== 'hidden'
const writable = (field: Field, audience: FieldAudience) =>
  ['optional', 'required'].includes(permissionFor(field, audience))

// ---- the fields an audience sees ----

/** A field as a customer meets it: hidden ones are gone, and nothing about workers is left. */
export interface PortalField {
  id: string
  name: string
  type: FieldType
  hint?: string
  options?: string[]
  permission: Exclude<FieldPermission, 'hidden'>
  value?: FieldValue
  unit?: string
}

/** What a customer sees and writes, in order. A header whose fields are all hidden is hidden too. */
export function portalFields(fields: readonly Field[]): PortalField[] {
  return withoutEmptySections(fields, 'portal').map(({ id, name, type, hint, options, portal, value, unit }) => ({
    id,
    name,
    type,
    permission: portal as PortalField['permission'],
    ...(hint && { hint }),
    ...(options && { options }),
    ...(value !== undefined && { value }),
    ...(unit && { unit }),
  }))
}

function withoutEmptySections(fields: readonly Field[], audience: FieldAudience): Field[] {
  const seen = fields.filter((field) => visible(field, audience))
  if (audience === 'office') return seen
  return seen.filter((field) => {
    if (field.type !== 'section') return true
    const after = fields.slice(fields.indexOf(field) + 1)
    const end = after.findIndex((each) => each.type === 'section')
    const own = end === -1 ? after : after.slice(0, end)
    return own.length === 0 ? field.value !== undefined : own.some((each) => visible(each, audience))
  })
}

/**
 * The fields of a job: as they were when it was made (E-20), with today's portal and worker permissions, so that a field
 * hidden later is hidden on old jobs too and its stored value stays for the office (E-18). Never the other way: what
 * was hidden when it was written stays hidden on that job.
 */
export function fieldsOfJob(madeWith: readonly Field[], current: readonly Field[]): Field[] {
  const today = new Map(current.map((field) => [field.id, field]))
  return madeWith.map((field) => {
    const now = today.get(field.id)
    if (!now || now.type !== field.type) return field
    return {
      ...field,
      portal: field.portal === 'hidden' ? 'hidden' : now.portal,
      worker: field.worker === 'hidden' ? 'hidden' : now.worker,
    }
  })
}

/** What a new job starts with. */
export const startingValues = (fields: readonly Field[]): Values =>
  Object.fromEntries(
    fields.flatMap((field) => (field.value === undefined || field.type === 'section' ? [] : [[field.id, field.value]])),
  )

/** The values an audience may read: what belongs to no field it sees is left out. */
export const valuesFor = (fields: readonly Field[], values: Readonly<Values>, audience: FieldAudience): Values =>
  Object.fromEntries(
    fields.flatMap((field) =>
      visible(field, audience) && Object.hasOwn(values, field.id) ? [[field.id, values[field.id]!]] : [],
    ),
  )

/** Words of the answers an audience sees: for search text. Files and ticks say nothing. */
export const searchableText = (fields: readonly Field[], values: Readonly<Values>, audience: FieldAudience): string =>
  fields
    .filter((field) => ['text', 'number', 'pickList', 'multiPickList', 'link'].includes(field.type))
    .flatMap((field) => valuesFor([field], values, audience)[field.id] ?? [])
    .join(' ')

// ---- answers ----

export interface FieldError {
  /** Words under `problems.fields.<code>`. */
  code: string
  vars?: Record<string, string | number>
}

export interface CheckedValues {
  /** All answers of the job afterwards: `stored`, changed by what was given; an emptied one is gone. */
  values: Values
  /** By field id; empty when everything is right. */
  problems: Record<string, FieldError>
}

/**
 * Checks the answers somebody gives, all of them at once. `given` holds only what that audience may write: anything
 * else is refused, hidden fields by the same code as fields that never were. `stored` are the job's present answers
 * (of a new job: `startingValues`); what this audience does not write stays as it is. Required fields (V-30) must
 * have an answer afterwards; the office is never held up by them. A required tick box must be ticked.
 */
export function checkFieldValues(
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
  audience: FieldAudience,
  stored: Readonly<Values> = {},
): CheckedValues {
  const values: Values = { ...stored }
  const problems: Record<string, FieldError> = {}
  const known = new Map(fields.map((field) => [field.id, field]))
  for (const [id, raw] of Object.entries(given)) {
    const field = known.get(id)
    if (!field || !visible(field, audience)) problems[id] = { code: 'unknown' }
    else if (!writable(field, audience)) problems[id] = { code: 'readOnly' }
    else {
      const answer = normalise(field, raw)
      if ('fault' in answer) problems[id] = answer.fault
      else if (answer.value === undefined) delete values[id]
      else values[id] = answer.value
    }
  }
  for (const field of fields) {
    if (permissionFor(field, audience) !== 'required' || problems[field.id]) continue
    const value = values[field.id]
    if (value === undefined || value === false) problems[field.id] = { code: 'required' }
  }
  return { values, problems }
}

/** Problems under the input field that held the answers: `{ 'fields.abc': … }`. */
export const problemsUnder = (
  input: string,
  problems: Readonly<Record<string, FieldError>>,
): Record<string, FieldError> =>
  Object.fromEntries(Object.entries(problems).map(([id, fault]) => [`${input}.${id}`, fault]))

type Answer = { value: FieldValue | undefined } | { fault: FieldError }
const fault = (code: string, vars?: Record<string, string | number>): Answer => ({
  fault: { code, ...(vars && { vars }) },
})

function normalise(field: Field, raw: unknown): Answer {
  if (raw === null || raw === undefined || raw === '' || (Array.isArray(raw) && raw.length === 0))
    return { value: undefined }
  switch (field.type) {
    case 'text':
      return text(raw)
    case 'number':
      return typeof raw === 'string' ? number(raw) : fault('number')
    case 'dateTime':
      return typeof raw === 'string' ? dateTime(raw.trim()) : fault('dateTime')
    case 'checkbox':
      return typeof raw === 'boolean' ? { value: raw } : fault('type')
    case 'currency':
      return typeof raw === 'number' && Number.isSafeInteger(raw) && Math.abs(raw) <= MAX_AMOUNT
        ? { value: raw }
        : fault('amount')
    case 'pickList':
      return typeof raw === 'string' && field.options?.includes(raw) ? { value: raw } : fault('choice')
    case 'multiPickList': {
      if (!Array.isArray(raw) || !raw.every((each) => field.options?.includes(each as string))) return fault('choice')
      // In the list's own order, each once.
      return { value: field.options!.filter((option) => raw.includes(option)) }
    }
    case 'file': {
      const ids = typeof raw === 'string' ? [raw] : raw
      if (!Array.isArray(ids) || !ids.every((each): each is string => typeof each === 'string' && FILE_ID.test(each)))
        return fault('type')
      return new Set(ids).size > MAX_FILES ? fault('tooMany') : { value: [...new Set(ids)] }
    }
    case 'link':
      return typeof raw === 'string' && isWebAddress(raw.trim()) ? { value: raw.trim() } : fault('link')
    case 'section':
      return fault('readOnly')
  }
}

const FILE_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/

function text(raw: unknown): Answer {
  if (typeof raw !== 'string') return fault('type')
  const clean = raw.replaceAll(/\r\n?/g, '\n').trim()
  if (clean.length > MAX_TEXT) return fault('tooLong', { max: MAX_TEXT })
  return CONTROL.test(clean) ? fault('control') : { value: clean || undefined }
}

/** Digits, sign and point only (V-52); kept as text, so that nothing is rounded. */
function number(raw: string): Answer {
  const [, sign, whole = '', part = ''] = /^\s*([+-]?)(\d{0,15})(?:\.(\d{0,10}))?\s*$/.exec(raw) ?? []
  if (sign === undefined || whole + part === '') return fault('number')
  const digits = whole.replace(/^0+(?=\d)/, '') || '0'
  const value = part ? `${digits}.${part}` : digits
  return { value: sign === '-' && /[1-9]/.test(value) ? `-${value}` : value }
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/
const dateTime = (raw: string): Answer => (MOMENT.test(raw) && isDay(raw) ? { value: raw } : fault('dateTime'))

/** 31 February is none, though Date would make it March. */
function isDay(raw: string): boolean {
  const [year = 0, month = 0, day = 0] = raw.slice(0, 10).split('-').map(Number)
  const made = new Date(Date.UTC(year, month - 1, day))
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === day && !Number.isNaN(Date.parse(raw))
}

/** http or https, without a sign-in in it: anything else (javascript:, data:) must never become a link. */
export function isWebAddress(raw: string): boolean {
  if (raw.length > 2_000 || /[\s<>"\\]/.test(raw) || !/^https?:\/\//i.test(raw) || !URL.canParse(raw)) return false
  const { protocol, username, password, hostname } = new URL(raw)
  return (protocol === 'http:' || protocol === 'https:') && !username && !password && hostname !== ''
}

// ---- answers as a form brings them ----

/**
 * Typed form fields as values. `typed` holds the texts of each input by field id. What cannot be read is handed on as
 * it was typed, so that checkFieldValues says what is wrong with it. `moment` turns a local date and time
 * (`2026-03-02T09:30`) into ISO with its offset, in the account's zone, or null; `minorDigits` is 2 for pounds and euros.
 * Hand in the fields that the form lets somebody write; a tick box that is missing is unticked.
 */
export function typedValues(
  fields: readonly Field[] | readonly PortalField[],
  typed: Readonly<Record<string, readonly string[] | undefined>>,
  { moment, minorDigits = 2 }: { moment: (local: string) => string | null; minorDigits?: number },
): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const field of fields) {
    const { id, type } = field
    if (type === 'section' || ('permission' in field && field.permission === 'readOnly')) continue
    const all = typed[id] ?? []
    const [first] = all
    if (type === 'checkbox') values[id] = all.some((each) => !['', '0', 'false', 'off'].includes(each))
    else if (type === 'multiPickList' || type === 'file') values[id] = all.filter((each) => each !== '')
    else if (first === undefined) continue
    else if (first.trim() === '') values[id] = null
    else if (type === 'currency') values[id] = parseAmount(first, minorDigits) ?? first
    else if (type === 'dateTime') values[id] = moment(first.trim()) ?? first
    else values[id] = first
  }
  return values
}

/** `1,234.50` as 123450 minor units; null when it is no amount. No float is involved. */
export function parseAmount(typed: string, minorDigits = 2): number | null {
  const [, sign, whole, part = ''] =
    /^\s*(-?)[^\d\s.,-]{0,3}\s*(\d{1,3}(?:,\d{3}){1,4}|\d{1,13})(?:\.(\d*))?\s*$/.exec(typed) ?? []
  if (whole === undefined || part.length > minorDigits) return null
  const minor = Number(whole.replaceAll(',', '') + part.padEnd(minorDigits, '0'))
  if (minor > MAX_AMOUNT) return null
  return sign && minor !== 0 ? -minor : minor
}

/** 123450 as `1234.50`: what a form field holds. */
export function amountText(minor: number, minorDigits = 2): string {
  const digits = String(Math.abs(minor)).padStart(minorDigits + 1, '0')
  const cut = digits.length - minorDigits
  return `${minor < 0 ? '-' : ''}${digits.slice(0, cut)}${minorDigits ? `.${digits.slice(cut)}` : ''}`
}

/** Digits after the point of a currency: 2 for GBP, none for JPY. */
export const minorDigitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** 123450 as `£1,234.50`: as somebody reads it. */
export const formatAmount = (minor: number, currency: string, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'currency', currency }).format(
    amountText(minor, minorDigitsOf(currency)) as Intl.StringNumericLiteral,
  )

// ---- the fields of a template, as somebody sets them up ----

/** What is wrong with a list of fields, by input path (`2.portal`). Shapes and lengths are the contract's. */
export function faultsOfFields(fields: readonly Field[]): Record<string, FieldError> {
  const fieldErrors: Record<string, FieldError> = {}
  const ids = new Set<string>()
  fields.forEach((field, index) => {
    const set = (key: string, code: string, vars?: FieldError['vars']) => {
      fieldErrors[`${index}.${key}`] ??= { code, ...(vars && { vars }) }
    }
    if (ids.has(field.id)) set('id', 'taken')
    ids.add(field.id)
    const allowed = allowedPermissions(field.type)
    if (!allowed.includes(field.portal)) set('portal', 'permission')
    if (!allowed.includes(field.worker)) set('worker', 'permission')
    if (hasOptions(field.type)) {
      const options = field.options ?? []
      if (options.length === 0) set('options', 'required')
      if (new Set(options).size < options.length) set('options', 'duplicate')
    } else if (field.options?.length) set('options', 'unknown')
    if (field.unit && field.type !== 'number') set('unit', 'unknown')
    if (field.value !== undefined) {
      const answer =
        field.type === 'section'
          ? text(field.value)
          : field.type === 'file'
            ? fault('unknown')
            : normalise(field, field.value)
      if ('fault' in answer) set('value', answer.fault.code, answer.fault.vars)
    }
  })
  return fieldErrors
}

/** The same fields as one text: two versions that ask the same are the same version. */
export const sameFields = (one: readonly Field[], other: readonly Field[]): boolean =>
  canonical(one) === canonical(other)

const canonical = (fields: readonly Field[]) =>
  JSON.stringify(
    fields.map(({ id, name, type, hint, options, portal, worker, value, unit }) => [
      id,
      name,
      type,
      hint ?? '',
      options ?? [],
      portal,
      worker,
      value ?? null,
      unit ?? '',
    ]),
  )
