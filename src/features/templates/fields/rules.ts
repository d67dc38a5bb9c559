/** The fields of a template: their types, who may see and fill them, and which values an audience reads. Pure. */

export const FIELD_TYPES = [
  'text',
  'number',
  'date',
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

/** What a customer may do with a field (V-28). The worker on the job has a permission of the same kind (V-29). */
export const FIELD_PERMISSIONS = ['hidden', 'readOnly', 'optional', 'required'] as const
export type FieldPermission = (typeof FIELD_PERMISSIONS)[number]

export interface Field {
  /** Short, and the same in every later version, so that stored answers keep their field. */
  id: string
  name: string
  type: FieldType
  hint?: string
  /** The choices of a pick list, in order. */
  options?: string[]
  portal: FieldPermission
  worker: FieldPermission
  /** What every new job starts with: the address of a link, the text of a section, a default answer. */
  value?: FieldValue
  /** Shown after a number, such as `kWh`. */
  unit?: string
}

/**
 * text: up to 5,000 characters · number: digits, sign and point as text, never a float · date: ISO 8601 day ·
 * dateTime: ISO 8601 with its
 * offset · checkbox: boolean · currency: whole minor units (cents) · pickList: one option · multiPickList: options ·
 * file: ids of files · link: http or https address · section: none on a job; text in a template.
 */
export type FieldValue = string | number | boolean | string[]
/** Answers of one job, by field id. */
export type FieldValues = Record<string, FieldValue>

export type FieldAudience = 'portal' | 'worker' | 'office'

/** Which permissions make sense for a type: links and sections are not filled in, only shown or hidden (V-52). */
export const allowedPermissions = (type: FieldType): readonly FieldPermission[] =>
  type === 'link' || type === 'section' ? ['hidden', 'readOnly'] : FIELD_PERMISSIONS

export const hasOptions = (type: FieldType): boolean => type === 'pickList' || type === 'multiPickList'

/** What one audience may do. The office sees and fills every field, and none is required of it. */
export function getFieldPermission(field: Field, audience: FieldAudience): FieldPermission {
  if (audience !== 'office') return field[audience]
  return field.type === 'section' ? 'readOnly' : 'optional'
}

export const isVisibleTo = (field: Field, audience: FieldAudience): boolean =>
  getFieldPermission(field, audience) !== 'hidden'

export const isWritableBy = (field: Field, audience: FieldAudience): boolean =>
  ['optional', 'required'].includes(getFieldPermission(field, audience))

/** What one audience sees of the fields of a job or a template. Every reader asks it: pages, files, history and lists. */
export interface FieldView {
  /** In order. A section whose fields are all hidden is hidden too. */
  fields: Field[]
  /** Whether what answers this field may be seen, such as a file; true for what answers none. */
  shows(field: string | null | undefined): boolean
  /** Whether something that is kept by name, such as an entry of the history, may name it. */
  showsName(name: string): boolean
}

export function viewFields(fields: readonly Field[], audience: FieldAudience): FieldView {
  const visible = selectVisibleFields(fields, audience)
  const ids = new Set(visible.map((field) => field.id))
  const hiddenNames = new Set(fields.filter((field) => !ids.has(field.id)).map((field) => field.name))
  return {
    fields: visible,
    // A field that a template no longer has is shown to the office alone.
    shows: (field) => audience === 'office' || field === null || field === undefined || ids.has(field),
    showsName: (name) => !hiddenNames.has(name),
  }
}

/** A field as a customer sees it: without hidden fields and without the worker's permission. */
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

/** What a customer sees and fills in, in order. */
export function selectPortalFields(fields: readonly Field[]): PortalField[] {
  return viewFields(fields, 'portal').fields.map(({ id, name, type, hint, options, portal, value, unit }) => ({
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

function selectVisibleFields(fields: readonly Field[], audience: FieldAudience): Field[] {
  if (audience === 'office') return [...fields]
  return fields.filter((field) => {
    if (!isVisibleTo(field, audience)) return false
    if (field.type !== 'section') return true
    const content = fieldsOfSection(fields, field)
    if (content.length === 0) return field.value !== undefined
    return content.some((each) => isVisibleTo(each, audience))
  })
}

/** The fields between a section and the next one. */
function fieldsOfSection(fields: readonly Field[], section: Field): readonly Field[] {
  const following = fields.slice(fields.indexOf(section) + 1)
  const end = following.findIndex((each) => each.type === 'section')
  return end === -1 ? following : following.slice(0, end)
}

/**
 * The fields of a job: as they were when it was created (E-20), with today's portal and worker permissions, so that a
 * field hidden later is hidden on old jobs too and its stored value stays for the office (E-18). A field that was hidden
 * when the job was created stays hidden on it, because its value was written without the customer in mind.
 */
export function resolveJobFields(original: readonly Field[], current: readonly Field[]): Field[] {
  const currentById = new Map(current.map((field) => [field.id, field]))
  return original.map((field) => {
    const latest = currentById.get(field.id)
    if (!latest || latest.type !== field.type) return field
    return {
      ...field,
      portal: field.portal === 'hidden' ? 'hidden' : latest.portal,
      worker: field.worker === 'hidden' ? 'hidden' : latest.worker,
    }
  })
}

/** What a new job starts with. */
export const getDefaultValues = (fields: readonly Field[]): FieldValues =>
  Object.fromEntries(
    fields.flatMap((field) => (field.value === undefined || field.type === 'section' ? [] : [[field.id, field.value]])),
  )

/** The values an audience may read: a value without a field that it sees is left out. */
export const selectVisibleValues = (
  fields: readonly Field[],
  values: Readonly<FieldValues>,
  audience: FieldAudience,
): FieldValues =>
  Object.fromEntries(
    fields.flatMap((field) =>
      isVisibleTo(field, audience) && Object.hasOwn(values, field.id) ? [[field.id, values[field.id]!]] : [],
    ),
  )

/** Text of the answers an audience sees, for search. Files, checkboxes, dates and amounts are not searched. */
export const buildSearchText = (
  fields: readonly Field[],
  values: Readonly<FieldValues>,
  audience: FieldAudience,
): string =>
  fields
    .filter((field) => ['text', 'number', 'pickList', 'multiPickList', 'link'].includes(field.type))
    .flatMap((field) => selectVisibleValues([field], values, audience)[field.id] ?? [])
    .join(' ')
