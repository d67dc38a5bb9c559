/** Short sentences that several features share about staff. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { isManager, isOffice, type Actor } from './rules.ts'

/** Owners, admins and dispatchers run the daily work. */
export const mayRunOffice = (actor: Actor): Decision =>
  actor.kind === 'staff' ? (isOffice(actor.role) ? yes : no('officeOnly')) : notFound

/** Settings, staff and portal users are the owner's and the admins'. */
export const mayManage = (actor: Actor): Decision =>
  actor.kind === 'staff' ? (isManager(actor.role) ? yes : no('managersOnly')) : notFound

/** Any active member of staff, workers included; what they reach is decided by row-level security. */
export const isStaff = (actor: Actor): Decision => (actor.kind === 'staff' ? yes : notFound)

/** A signed-in portal user. */
export const isPortalUser = (actor: Actor): Decision => (actor.kind === 'portalUser' ? yes : notFound)
