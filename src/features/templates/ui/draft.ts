/**
 * Fields while somebody sets them up: everything is text as typed, in order. The same functions arrange them in the
 * browser and, where there is no script, on the server between two pages.
 */
import {
  allowedPermissions,
  FIELD_TYPES,
  hasOptions,
  type Field,
  type FieldPermission,
  type FieldType,
} from '../rules.ts'

export interface DraftField {
  /** Tells two fields of the form apart; becomes no part of the template. */
  key: string
  /** '' while it is new. */
  id: string
  type: FieldType
  name: string
  hint: string
  /** One choice a line. */
  options: string
  value: string
  unit: string
  portal: FieldPermission
  worker: FieldPermission
}

/** Whether a starting value is asked: an address, the text of a section, or what a field that is only read shows. */
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

/** As the operations want them. Values of kinds that the form does not ask are taken over from `before`. */
export function fromDraft(
  draft: readonly DraftField[],
  before: readonly { id: string; value?: unknown }[] = [],
): (Omit<Field, 'id'> & { id?: string })[] {
  return draft.map((field) => {
    const kept = before.find((each) => each.id === field.id)?.value as Field['value']
    const value = asksValue(field) ? field.value.trim() || undefined : kept
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

/** A new field at the end: asked of the customer, read by the worker. */
export function added(draft: readonly DraftField[], type: FieldType, key: string): DraftField[] {
  const shown = type === 'link' || type === 'section'
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
      portal: shown ? 'readOnly' : 'optional',
      worker: 'readOnly',
    },
  ]
}

/** `up:2`, `down:2`, `remove:2`: what the buttons say. Anything else leaves the fields as they are. */
export function arranged(draft: readonly DraftField[], deed: string): DraftField[] {
  const [verb, at] = deed.split(':')
  const n = Number(at)
  const fields = [...draft]
  if (verb === 'remove') fields.splice(n, 1)
  const to = verb === 'up' ? n - 1 : verb === 'down' ? n + 1 : n
  if (verb !== 'remove' && fields[n] && fields[to]) [fields[n], fields[to]] = [fields[to], fields[n]]
  return fields
}
