/** Who may do what with jobs. Row-level security has decided before what is in view at all. */
import { mayManage, mayRunOffice } from '../identity/policy.ts'
import {
  hasPermissionFor,
  isCustomerKind,
  isNewCustomer,
  resolvePermission,
  seesJobs,
  type Actor,
  type Permission,
  type PortalConfig,
  type CustomerActor,
  type StaffActor,
} from '../identity/rules.ts'
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import type { CustomerAction, JobStatus } from './rules.ts'
import { transitionOf, transitionRolesOf, type TransitionRole } from './transitions/rules.ts'

export { mayManage as mayDeleteJob, mayRunOffice as mayRunJobs }

/** Facts of a job a policy needs; undefined: not in view. */
export interface JobFacts {
  status: JobStatus
  worker_id: string | null
  customer_id: string
}

export const transitionRolesFor = (actor: StaffActor, job: JobFacts): TransitionRole[] =>
  transitionRolesOf(actor.role, job.worker_id === actor.id)

/** Staff who can see the job may read it, comment and add files. */
export const maySeeJob = (actor: Actor, job: JobFacts | undefined): Decision => (job ? maySeeJobs(actor) : notFound)

/** Whether an actor sees jobs at all. Which ones is decided by their reach. */
export const maySeeJobs = (actor: Actor): Decision =>
  actor.kind === 'staff' || isCustomerKind(actor.kind) ? yes : notFound

/** A transition that the table lacks is refused and not hidden: the job is in view. */
export function mayTransition(actor: Actor, job: JobFacts | undefined, to: JobStatus): Decision {
  if (actor.kind !== 'staff' || !job) return notFound
  return transitionOf(job.status, to, transitionRolesFor(actor, job))
    ? yes
    : no('transitionNotAllowed', { from: job.status, to })
}

/** Planning and correcting one job: it must be in view, and the actor owner, admin or dispatcher. */
export const mayPlan = (actor: Actor, job: JobFacts | undefined): Decision => (job ? mayRunOffice(actor) : notFound)

/** Only a canceled job can be brought back. */
export function mayReinstate(actor: Actor, job: JobFacts | undefined): Decision {
  if (!job) return mayPlan(actor, job)
  if (job.status === 'canceled') return mayTransition(actor, job, 'unassigned')
  return no('transitionNotAllowed', { from: job.status, to: 'unassigned' })
}

/** The staff member who uploaded a file may remove it, and so may owners, admins and dispatchers. */
export function mayRemoveFile(
  actor: StaffActor,
  job: JobFacts | undefined,
  file: { uploader_kind: string; uploader_id: string | null } | undefined,
): Decision {
  if (!job || !file) return notFound
  const isUploader = file.uploader_kind === 'staff' && file.uploader_id === actor.id
  return isUploader ? yes : mayPlan(actor, job)
}

// ---- portal users ----

/** For a portal user who may not see jobs at all, there are none: neither a list nor a form. */
export const mayUseJobs = (actor: CustomerActor, portal: PortalConfig): Decision =>
  seesJobs(actor, portal) ? yes : notFound

const ACTIONS: Record<CustomerAction, { permission: Permission; code: string }> = {
  edit: { permission: 'editJobs', code: 'editingNotAllowed' },
  cancel: { permission: 'cancelJobs', code: 'cancelingNotAllowed' },
  delete: { permission: 'deleteJobs', code: 'deletingNotAllowed' },
}

export function mayDo(actor: Actor, portal: PortalConfig, job: JobFacts | undefined, action: CustomerAction): Decision {
  if ((actor.kind !== 'portalUser' && actor.kind !== 'linkVisitor') || !job) return notFound
  return hasPermissionFor(actor, portal, ACTIONS[action].permission, job.customer_id) ? yes : no(ACTIONS[action].code)
}

/** Customers this user may book for. */
export const bookableCustomers = (actor: CustomerActor, portal: PortalConfig): string[] =>
  actor.links
    .filter((link) => hasPermissionFor(actor, portal, 'createJobs', link.customer))
    .map((link) => link.customer)

/** Without a customer yet: the permission without a link, and the setting that makes one (E-25). */
export const mayBookUnlinked = (actor: CustomerActor, portal: PortalConfig): boolean =>
  isNewCustomer(actor, portal) && resolvePermission('createJobs', portal, actor.permissions, null).allowed

/** `customer` null: none yet. */
export function mayBook(actor: CustomerActor, portal: PortalConfig, customer: string | null): Decision {
  if (!seesJobs(actor, portal)) return notFound
  if (customer === null) {
    if (!resolvePermission('createJobs', portal, actor.permissions, null).allowed) return no('bookingNotAllowed')
    return isNewCustomer(actor, portal) ? yes : no('noCustomer')
  }
  return hasPermissionFor(actor, portal, 'createJobs', customer) ? yes : no('bookingNotAllowed')
}

/** Who may not choose among job types books the first one offered. */
export const mayChooseTemplate = (actor: CustomerActor, portal: PortalConfig, customer: string | null): boolean =>
  customer === null
    ? resolvePermission('chooseTemplates', portal, actor.permissions, null).allowed
    : hasPermissionFor(actor, portal, 'chooseTemplates', customer)
