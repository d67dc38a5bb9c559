import { isStaff, mayManage, mayRunOffice } from '../identity/policy.ts'
import { isOffice, type Actor } from '../identity/rules.ts'
import { no, type Decision } from '../../platform/problem.ts'
import { archiveBlockedBy, type CustomerStatus } from './rules.ts'

type Customer = { status: CustomerStatus; mergedInto?: string | null }

/** All staff. The office sees every row, a worker the customers of their open jobs (row-level security). */
export const mayReadCustomers = (actor: Actor): Decision => isStaff(actor)

/** Notes, billing and portal users are for the office; a worker needs only addresses and phone numbers. */
export const canSeeOfficeDetails = (actor: Actor): boolean => actor.kind === 'staff' && isOffice(actor.role)

/** Owners, admins and dispatchers. */
export const mayManageCustomers = (actor: Actor): Decision => mayRunOffice(actor)

/** An archived customer must be restored before it is changed. */
export function mayEditCustomer(actor: Actor, customer: Customer): Decision {
  const decision = mayRunOffice(actor)
  return decision.yes && customer.status === 'archived' ? no('customerArchived') : decision
}

/** Only without open jobs. */
export function mayArchiveCustomer(actor: Actor, customer: Customer & { openJobs: number }): Decision {
  const decision = mayRunOffice(actor)
  return decision.yes && archiveBlockedBy(customer) ? no('customerHasOpenJobs', { count: customer.openJobs }) : decision
}

/** A merged customer stays archived: its records are those of another. */
export function mayRestoreCustomer(actor: Actor, customer: Customer): Decision {
  const decision = mayRunOffice(actor)
  return decision.yes && customer.mergedInto ? no('customerMerged') : decision
}

/** The actions that a customer's page may offer this actor. */
export function allowedActions(actor: Actor, customer: Customer) {
  const canManage = mayRunOffice(actor).yes
  const isActive = customer.status === 'active'
  return {
    edit: canManage && isActive,
    archive: canManage && isActive,
    restore: canManage && !isActive && !customer.mergedInto,
    merge: isActive && mayManage(actor).yes,
    book: canManage && isActive,
  }
}
