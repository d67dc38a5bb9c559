/** What the list of errors calls each part of the form: "Duration", or "Brand: Options, one per line" for a field's part. */
import { t } from '../../../ui/i18n.ts'
import type { DraftField } from './draft.ts'

const PART_KEYS: Record<string, string> = {
  name: 'fieldName',
  hint: 'hint',
  options: 'options',
  value: 'defaultValue',
  unit: 'unit',
  portal: 'portal',
  worker: 'worker',
}

/** The label of each path that has an error. A part without a label is named by its error. */
export function errorLabels(
  fieldErrors: Record<string, string>,
  fields: readonly DraftField[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(fieldErrors).map(([path, error]) => [path, errorLabel(path, error, fields)]))
}

function errorLabel(path: string, error: string, fields: readonly DraftField[]): string {
  const [, position, part = ''] = /^fields\.(\d+)\.(\w+)$/.exec(path) ?? []
  if (position === undefined) return t(`templates.edit.${path === 'durationMinutes' ? 'duration' : path}`)
  const fieldName = fields[Number(position)]?.name.trim() || t('templates.edit.untitled')
  return `${fieldName}: ${PART_KEYS[part] ? t(`templates.edit.${PART_KEYS[part]}`) : error}`
}
