/** Roles and invitations of the staff. Pure; runs on server and screen. */
import { ROLES, type StaffRole } from '../identity/rules.ts'

/** An invitation to the staff works this long (RELIABILITY C4), in milliseconds. */
export const INVITATION_MS = 7 * 24 * 3600_000

export type MemberStatus = 'invited' | 'active' | 'deactivated'

/** Roles that somebody in this role may give or take: never more than their own (PS-40). */
export const assignableRoles = (role: StaffRole): StaffRole[] =>
  role === 'owner' ? [...ROLES] : role === 'admin' ? ROLES.filter((each) => each !== 'owner') : []

export interface InvitationFacts {
  expires_at: Date
  used_at: Date | null
  replaced_at: Date | null
  member_status: MemberStatus
}
export type InvitationStatus = 'open' | 'accepted' | 'expired' | 'replaced' | 'unknown'

/** What a link is now. Accepted wins over late: whoever comes back to a used link is told to sign in. */
export function invitationStatus(link: InvitationFacts | undefined, now: Date): InvitationStatus {
  if (!link) return 'unknown'
  if (link.used_at) return 'accepted'
  if (link.replaced_at || link.member_status !== 'invited') return 'replaced'
  return link.expires_at <= now ? 'expired' : 'open'
}
