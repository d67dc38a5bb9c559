/** Shortens the field definitions of the demo's templates. */
import type { Field, FieldPermission, FieldType, FieldValue } from '../src/features/templates/fields/rules.ts'

interface FieldExtras {
  hint?: string
  options?: string[]
  value?: FieldValue
  unit?: string
}

export const field = (
  id: string,
  name: string,
  type: FieldType,
  portal: FieldPermission,
  worker: FieldPermission,
  extras: FieldExtras = {},
): Field => ({ id, name, type, portal, worker, ...extras })
