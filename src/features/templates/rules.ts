/** A template and its list of fields as a business sets them up. Pure. */
import { normalizeText, normalizeValue, type FieldError, type NormalizedValue } from './answers/rules.ts'
import { allowedPermissions, hasOptions, type Field } from './fields/rules.ts'

/** Icons of the templates in the portal; their drawings are in src/ui/icons.ts. */
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

/** Errors in a list of fields, by input path (`2.portal`). Shapes and lengths are checked by the contract. */
export function checkFields(fields: readonly Field[]): Record<string, FieldError> {
  const fieldErrors: Record<string, FieldError> = {}
  const ids = new Set<string>()
  fields.forEach((field, index) => {
    if (ids.has(field.id)) fieldErrors[`${index}.id`] = { code: 'taken' }
    ids.add(field.id)
    for (const [part, error] of Object.entries(checkField(field))) fieldErrors[`${index}.${part}`] = error
  })
  return fieldErrors
}

function checkField(field: Field): Record<string, FieldError> {
  const errors: Record<string, FieldError> = {}
  const allowed = allowedPermissions(field.type)
  if (!allowed.includes(field.portal)) errors.portal = { code: 'permission' }
  if (!allowed.includes(field.worker)) errors.worker = { code: 'permission' }
  const optionsError = checkOptions(field)
  if (optionsError) errors.options = { code: optionsError }
  if (field.unit && field.type !== 'number') errors.unit = { code: 'unknown' }
  const value = normalizeDefaultValue(field)
  if ('error' in value) errors.value = value.error
  return errors
}

function checkOptions({ type, options = [] }: Field): 'required' | 'duplicate' | 'unknown' | null {
  if (!hasOptions(type)) return options.length > 0 ? 'unknown' : null
  if (options.length === 0) return 'required'
  return new Set(options).size < options.length ? 'duplicate' : null
}

function normalizeDefaultValue(field: Field): NormalizedValue {
  if (field.value === undefined) return { value: undefined }
  if (field.type === 'section') return normalizeText(field.value)
  if (field.type === 'file') return { error: { code: 'unknown' } }
  return normalizeValue(field, field.value)
}

/** Whether two lists of fields are the same, so that saving one over the other makes no new version. */
export const areFieldsEqual = (first: readonly Field[], second: readonly Field[]): boolean =>
  toComparableText(first) === toComparableText(second)

const toComparableText = (fields: readonly Field[]) =>
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
