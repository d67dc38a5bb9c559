/**
 * Owners, admins and dispatchers view the portal as somebody else: they see every record of the account anyway. Workers see
 * only their own jobs and tickets, and a customer's portal would show them more.
 */
import { notFound, type Decision } from '../../platform/problem.ts'
import { mayRunOffice } from '../identity/policy.ts'
import type { Actor } from '../identity/rules.ts'

export const mayViewAs = mayRunOffice

/** Who started a view sees and ends it: row-level security shows nobody another's. */
export function mayUseView(actor: Actor, view: object | undefined): Decision {
  const office = mayRunOffice(actor)
  return office.yes && !view ? notFound : office
}
