import { isStaff, mayRunOffice } from '../identity/policy.ts'
import { isOffice, type Actor } from '../identity/rules.ts'
import { no, type Decision } from '../../platform/problem.ts'
import { archiveBlockedBy, type CustomerStatus } from './rules.ts'

type Customer = { status: CustomerStatus }

/** Staff. Which rows: the office all, a worker the customers of their open jobs (row-level security). */
export const mayReadCustomers = (actor: Actor): Decision => isStaff(actor)

/** Notes, billing and portal users are the office's; a worker needs the door and the phone number. */
export const seesOfficePart = (actor: Actor): boolean => actor.kind === 'staff' && isOffice(actor.role)

/** Owners, admins and dispatchers keep the records. */
export const mayKeepCustomers = (actor: Actor): Decision => mayRunOffice(actor)

/** An archived record is taken back into use before it is changed. */
export function mayEditCustomer(actor: Actor, customer: Customer): Decision {
  const keeps = mayRunOffice(actor)
  return keeps.yes && customer.status === 'archived' ? no('customerArchived') : keeps
}

/** Not while work is open. */
export function mayArchiveCustomer(actor: Actor, customer: Customer & { openJobs: number }): Decision {
  const keeps = mayRunOffice(actor)
  return keeps.yes && archiveBlockedBy(customer) ? no('customerHasOpenJobs', { count: customer.openJobs }) : keeps
}

/** What the page of a customer may offer this actor. */
export function verbsOn(actor: Actor, customer: Customer) {
  const keeps = mayRunOffice(actor).yes
  const active = customer.status === 'active'
  return { edit: keeps && active, archive: keeps && active, restore: keeps && !active, book: keeps && active }
}
