/** Dispatchers invite, resend and send password resets; owners and admins also manage permissions, suspension and removal. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { mayManage, mayRunOffice } from '../identity/policy.ts'
import { isManager, type Actor } from '../identity/rules.ts'
import { blockedReason, type UserStatus, type PortalUserAction } from './rules.ts'

export const maySeePortalUsers = mayRunOffice

/** Only managers grant permissions and templates beyond the defaults (PS-40). */
export function mayInvite(actor: Actor, request: { beyondDefaults: boolean }): Decision {
  const office = mayRunOffice(actor)
  if (!office.yes || !request.beyondDefaults) return office
  return mayManage(actor)
}

/** Checks the actor's right first, so that a refusal does not reveal whether the user exists; then user and status. */
export function mayManageUser(
  actor: Actor,
  verb: PortalUserAction,
  user: { status: UserStatus; hasNoAccess?: boolean } | undefined,
): Decision {
  const isLinkToUser = verb === 'resend' || verb === 'resetPassword'
  const right = isLinkToUser ? mayRunOffice(actor) : mayManage(actor)
  if (!right.yes) return right
  if (!user) return notFound
  const reason = blockedReason(verb, user.status, user.hasNoAccess === true)
  return reason ? no(reason) : yes
}

export const allowedActions = (actor: Actor, status: UserStatus, hasNoAccess: boolean) => {
  const manages = actor.kind === 'staff' && isManager(actor.role)
  const open = (verb: PortalUserAction) => blockedReason(verb, status, hasNoAccess) === null
  return {
    resend: open('resend'),
    sendReset: open('resetPassword'),
    manage: manages && status !== 'removed',
    changeEmail: manages && open('changeEmail'),
    suspend: manages && status === 'active',
    reactivate: manages && status === 'suspended',
    remove: manages && open('remove'),
  }
}
