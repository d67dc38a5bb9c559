/** The name of a person in the office's comments, files and history. */
import { t } from '../../../ui/i18n.ts'

export interface Person {
  kind: string
  id: string | null
  name: string | null
}

/** The properties that every line of history has. */
export interface OfficeHistoryEntry {
  id: string
  at: string
  audience: 'internal' | 'customer'
  by: Person
}

const NAMED_KINDS = ['staff', 'portalUser', 'linkVisitor', 'system']

export const personName = ({ kind, name }: Person): string =>
  name ?? t(`records.office.people.${NAMED_KINDS.includes(kind) ? kind : 'other'}`)
