/** Roles and invitations of the staff. Pure; runs on server and screen. */
import { ROLES, type StaffRole } from '../identity/rules.ts'

/** How long an invitation to the staff can be accepted (RELIABILITY C4), in milliseconds. */
export const INVITATION_MS = 7 * 24 * 3600_000

export type MailStatus = 'waiting' | 'sending' | 'sent' | 'failed' | 'canceled'
export type MemberStatus = 'invited' | 'active' | 'deactivated'

/** Roles that a member with this role may give or take away: never a role above their own (PS-40). */
export function assignableRoles(role: StaffRole): StaffRole[] {
  if (role === 'owner') return [...ROLES]
  return role === 'admin' ? ROLES.filter((each) => each !== 'owner') : []
}

export interface InvitationFacts {
  expires_at: Date
  used_at: Date | null
  replaced_at: Date | null
  member_status: MemberStatus
}
export type InvitationStatus = 'open' | 'accepted' | 'expired' | 'replaced' | 'unknown'

/** A used link is accepted even when it has expired since, so that the page offers to sign in. */
export function invitationStatus(link: InvitationFacts | undefined, now: Date): InvitationStatus {
  if (!link) return 'unknown'
  if (link.used_at) return 'accepted'
  if (link.replaced_at || link.member_status !== 'invited') return 'replaced'
  return link.expires_at <= now ? 'expired' : 'open'
}

export const isActiveOwner = (member: { role: StaffRole; status: MemberStatus }): boolean =>
  member.role === 'owner' && member.status === 'active'

/** What the holder of an open invitation does next; `signedInId` is the person signed in to the browser. */
export function nextStep(
  invitation: { has_password: boolean; person_id: string },
  signedInId: string | null,
): 'new' | 'signIn' | 'join' | 'other' {
  if (signedInId === invitation.person_id) return 'join'
  if (!invitation.has_password) return 'new'
  return signedInId ? 'other' : 'signIn'
}

/** The open invitation of a member with the status of its mail, as the list of staff shows it. */
export function presentInvitation(
  member: { status: MemberStatus },
  invitation: { expires_at: Date } | undefined,
  mail: { id: string; status: MailStatus } | undefined,
  now: Date,
) {
  if (member.status !== 'invited' || !invitation) return null
  return {
    expiresAt: invitation.expires_at,
    expired: invitation.expires_at <= now,
    mail: mail?.status ?? null,
    message: mail?.id ?? null,
  }
}
