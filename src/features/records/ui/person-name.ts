/** Who did something, as the office reads it. */
import { t } from '../../../ui/i18n.ts'

export interface Person {
  kind: string
  id: string | null
  name: string | null
}

/** What every line of history has, whatever happened. */
export interface OfficeHistoryLine {
  id: string
  at: string
  audience: 'internal' | 'customer'
  by: Person
}

const NAMED_KINDS = ['staff', 'portalUser', 'system']

export const personName = ({ kind, name }: Person): string =>
  name ?? t(`records.office.people.${NAMED_KINDS.includes(kind) ? kind : 'other'}`)
