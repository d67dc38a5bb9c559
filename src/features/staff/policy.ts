/** Who may invite staff, change their roles and deactivate them. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { mayManage } from '../identity/policy.ts'
import type { Actor, StaffRole } from '../identity/rules.ts'
import { assignableRoles, type MemberStatus } from './rules.ts'

/** Owners and admins see the list of staff. */
export const maySeeStaff = (actor: Actor): Decision => mayManage(actor)

/** Only owners may give the owner role: otherwise an admin could promote themselves (PS-40). */
export function mayGiveRole(actor: Actor, role: StaffRole): Decision {
  const decision = mayManage(actor)
  if (!decision.yes || actor.kind !== 'staff') return decision
  return assignableRoles(actor.role).includes(role) ? yes : no('ownersOnly')
}

/** Only owners manage owners. A member of another account is refused like one that does not exist. */
export function mayManageMember(actor: Actor, member: { role: StaffRole } | undefined): Decision {
  const decision = mayManage(actor)
  if (!decision.yes) return decision
  return member ? mayGiveRole(actor, member.role) : notFound
}

/** Nobody deactivates themselves or changes their own role: this needs a second person. */
export function mayChangeMember(actor: Actor, member: { id: string; role: StaffRole } | undefined): Decision {
  const decision = mayManageMember(actor, member)
  if (!decision.yes || actor.kind !== 'staff') return decision
  return member!.id === actor.id ? no('notYourself') : yes
}

export function mayChangeRole(
  actor: Actor,
  member: { id: string; role: StaffRole } | undefined,
  role: StaffRole,
): Decision {
  const decision = mayChangeMember(actor, member)
  return decision.yes ? mayGiveRole(actor, role) : decision
}

/** What this actor may do with this member, by the policies that the operations use. */
export function allowedActions(
  actor: Extract<Actor, { kind: 'staff' }>,
  member: { id: string; role: StaffRole; status: MemberStatus },
) {
  const canManage = mayManageMember(actor, member).yes
  const canChange = mayChangeMember(actor, member).yes
  return {
    resend: canManage && member.status === 'invited',
    revoke: canManage && member.status === 'invited',
    deactivate: canChange && member.status === 'active',
    reactivate: canManage && member.status === 'deactivated',
    roles: canChange && member.status !== 'deactivated' ? assignableRoles(actor.role) : [],
  }
}
