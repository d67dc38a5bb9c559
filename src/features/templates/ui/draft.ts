/**
 * The fields of a template while they are edited: text as entered, in order. The same functions rearrange them in the
 * browser and, without script, on the server.
 */
import {
  allowedPermissions,
  FIELD_TYPES,
  hasOptions,
  type Field,
  type FieldPermission,
  type FieldType,
} from '../fields/rules.ts'

export interface DraftField {
  /** Identifies the field in the form; not stored. */
  key: string
  /** '' for a new field. */
  id: string
  type: FieldType
  name: string
  hint: string
  /** One option per line. */
  options: string
  value: string
  unit: string
  portal: FieldPermission
  worker: FieldPermission
}

/** A template as entered. */
export interface TemplateDraft {
  name: string
  description: string
  duration: string
  icon: string
  fields: DraftField[]
}

/** Whether the form has a default value: a link's address, a section's text, or the value of a simple field. */
export const asksValue = (field: Pick<DraftField, 'type'>): boolean =>
  ['link', 'section', 'text', 'number', 'pickList'].includes(field.type)

export const toDraft = (fields: readonly (Omit<Field, 'value'> & { value?: unknown })[]): DraftField[] =>
  fields.map((field) => ({
    key: field.id,
    id: field.id,
    type: field.type,
    name: field.name,
    hint: field.hint ?? '',
    options: (field.options ?? []).join('\n'),
    value: typeof field.value === 'string' ? field.value : '',
    unit: field.unit ?? '',
    portal: field.portal,
    worker: field.worker,
  }))

/** The input of the operations. Default values that the form does not show are kept from `before`. */
export function fromDraft(
  draft: readonly DraftField[],
  before: readonly { id: string; value?: unknown }[] = [],
): (Omit<Field, 'id'> & { id?: string })[] {
  return draft.map((field) => {
    const previousValue = before.find((each) => each.id === field.id)?.value as Field['value']
    const value = asksValue(field) ? field.value.trim() || undefined : previousValue
    return {
      ...(field.id && { id: field.id }),
      name: field.name,
      type: field.type,
      portal: field.portal,
      worker: field.worker,
      ...(field.hint.trim() && { hint: field.hint }),
      ...(hasOptions(field.type) && {
        options: field.options
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean),
      }),
      ...(field.unit.trim() && field.type === 'number' && { unit: field.unit }),
      ...(value !== undefined && { value }),
    }
  })
}

/** Reads the fields out of the form: inputs named `fields.<n>.<part>`. */
export function readDraft(typed: { get(name: string): unknown }): DraftField[] {
  const fields: DraftField[] = []
  const text = (name: string) => {
    const value = typed.get(name)
    return typeof value === 'string' ? value.replaceAll(/\r\n?/g, '\n') : ''
  }
  for (let n = 0; n < 200 && typed.get(`fields.${n}.type`) !== null; n++) {
    const at = `fields.${n}.`
    const type = FIELD_TYPES.find((one) => one === text(`${at}type`)) ?? 'text'
    const permission = (name: string): FieldPermission =>
      allowedPermissions(type).find((one) => one === text(at + name)) ?? allowedPermissions(type)[1]!
    fields.push({
      key: text(`${at}key`),
      id: text(`${at}id`),
      type,
      name: text(`${at}name`),
      hint: text(`${at}hint`),
      options: text(`${at}options`),
      value: text(`${at}value`),
      unit: text(`${at}unit`),
      portal: permission('portal'),
      worker: permission('worker'),
    })
  }
  return fields
}

/** Adds a field at the end that customers may fill in and workers can read. */
export function addField(draft: readonly DraftField[], type: FieldType, key: string): DraftField[] {
  const isReadOnly = type === 'link' || type === 'section'
  return [
    ...draft,
    {
      key,
      id: '',
      type,
      name: '',
      hint: '',
      options: '',
      value: '',
      unit: '',
      portal: isReadOnly ? 'readOnly' : 'optional',
      worker: 'readOnly',
    },
  ]
}

/** Moves or removes a field by a button's value: `up:2`, `down:2`, `remove:2`. */
export function arrangeFields(draft: readonly DraftField[], command: string): DraftField[] {
  const [verb, at] = command.split(':')
  const n = Number(at)
  const fields = [...draft]
  if (verb === 'remove') fields.splice(n, 1)
  const to = verb === 'up' ? n - 1 : verb === 'down' ? n + 1 : n
  if (verb !== 'remove' && fields[n] && fields[to]) [fields[n], fields[to]] = [fields[to], fields[n]]
  return fields
}
