/** Dispatchers invite; owners and admins manage. Nobody gives what is not theirs to give. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { mayManage, mayRunOffice } from '../identity/policy.ts'
import { isManager, type Actor } from '../identity/rules.ts'
import { obstacle, type UserStatus, type Verb } from './rules.ts'

export const maySeePortalUsers = mayRunOffice

/** Permissions and templates beyond the defaults are the managers' to give (PS-40). */
export function mayInvite(actor: Actor, wish: { beyondDefaults: boolean }): Decision {
  const office = mayRunOffice(actor)
  if (!office.yes || !wish.beyondDefaults) return office
  return mayManage(actor)
}

/** The actor's right first, then whether there is such a user, then whether its status allows it. */
export function mayDo(actor: Actor, verb: Verb, user: { status: UserStatus } | undefined): Decision {
  const right = verb === 'resend' ? mayRunOffice(actor) : mayManage(actor)
  if (!right.yes) return right
  if (!user) return notFound
  const why = obstacle(verb, user.status)
  return why ? no(why) : yes
}

export const canOf = (actor: Actor, status: UserStatus) => {
  const manages = actor.kind === 'staff' && isManager(actor.role)
  const open = (verb: Verb) => obstacle(verb, status) === null
  return {
    resend: open('resend'),
    manage: manages && status !== 'removed',
    changeEmail: manages && open('changeEmail'),
    suspend: manages && status === 'active',
    reactivate: manages && status === 'suspended',
    remove: manages && open('remove'),
  }
}
