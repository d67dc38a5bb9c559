import type { Field, FieldPermission, FieldType } from './rules.ts'

export const field = (
  id: string,
  type: FieldType,
  portal: FieldPermission = 'optional',
  more: Partial<Field> = {},
): Field => ({ id, name: id, type, portal, worker: 'optional', ...more })
