/** Decisions about staff and portal users that several features share. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { isCustomerKind, isManager, isOffice, type Actor } from './rules.ts'

/** Owners, admins and dispatchers run the daily work. */
export function mayRunOffice(actor: Actor): Decision {
  if (actor.kind !== 'staff') return notFound
  return isOffice(actor.role) ? yes : no('officeOnly')
}

/** Owners and admins manage settings, staff and portal users. */
export function mayManage(actor: Actor): Decision {
  if (actor.kind !== 'staff') return notFound
  return isManager(actor.role) ? yes : no('managersOnly')
}

/** Any active member of staff, workers included. Row-level security decides which rows they reach. */
export const isStaff = (actor: Actor): Decision => (actor.kind === 'staff' ? yes : notFound)

/** A signed-in portal user. */
export const isPortalUser = (actor: Actor): Decision => (actor.kind === 'portalUser' ? yes : notFound)

/** A signed-in portal user, or whoever came by a secure link. */
export const isCustomer = (actor: Actor): Decision => (isCustomerKind(actor.kind) ? yes : notFound)
