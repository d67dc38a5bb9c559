/** Who may bring staff in, move them and let them go. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { mayManage } from '../identity/policy.ts'
import type { Actor, StaffRole } from '../identity/rules.ts'
import { assignableRoles } from './rules.ts'

/** The owner and the admins see who works here. */
export const maySeeStaff = (actor: Actor): Decision => mayManage(actor)

/** Nobody gives more than they have: only owners make owners (PS-40). */
export function mayGiveRole(actor: Actor, role: StaffRole): Decision {
  const manages = mayManage(actor)
  if (!manages.yes || actor.kind !== 'staff') return manages
  return assignableRoles(actor.role).includes(role) ? yes : no('ownersOnly')
}

/** A member that this account does not have is as unknown as one that never was; owners are touched by owners alone. */
export function mayManageMember(actor: Actor, member: { role: StaffRole } | undefined): Decision {
  const manages = mayManage(actor)
  if (!manages.yes) return manages
  return member ? mayGiveRole(actor, member.role) : notFound
}

/** Nobody takes their own access or role: that needs a second person. */
export function mayChangeMember(actor: Actor, member: { id: string; role: StaffRole } | undefined): Decision {
  const touch = mayManageMember(actor, member)
  if (!touch.yes || actor.kind !== 'staff') return touch
  return member!.id === actor.id ? no('notYourself') : yes
}

export function mayChangeRole(
  actor: Actor,
  member: { id: string; role: StaffRole } | undefined,
  role: StaffRole,
): Decision {
  const move = mayChangeMember(actor, member)
  return move.yes ? mayGiveRole(actor, role) : move
}
