/** The statuses of a portal user, the actions each allows, and how they are displayed. Pure. */
import type { Permissions } from '../identity/rules.ts'

export const STATUSES = ['invited', 'signed_up', 'active', 'suspended', 'removed'] as const
export type UserStatus = (typeof STATUSES)[number]

/** What the list shows. Invited and signed up are both "Not activated" (E-15); "Disabled" are active ones with No access. */
export const DISPLAY_STATUSES = ['active', 'notActivated', 'suspended', 'disabled', 'removed'] as const
export type DisplayStatus = (typeof DISPLAY_STATUSES)[number]

/** `hasNoAccess`: every link of the user is in the group No access. */
export function displayStatusOf(status: UserStatus, hasNoAccess: boolean): DisplayStatus {
  if (status === 'active' && hasNoAccess) return 'disabled'
  return status === 'invited' || status === 'signed_up' ? 'notActivated' : status
}

export type PortalUserAction =
  'resend' | 'resetPassword' | 'changeEmail' | 'customize' | 'suspend' | 'reactivate' | 'remove'

export type BlockedReason =
  'alreadyActivated' | 'notActivatedYet' | 'portalUserDisabled' | 'portalUserSuspended' | 'portalUserRemoved'

/** Why an action is not possible in a status; null when it is. `hasNoAccess` as for `displayStatusOf`. */
export function blockedReason(verb: PortalUserAction, status: UserStatus, hasNoAccess: boolean): BlockedReason | null {
  if (status === 'removed') return 'portalUserRemoved'
  const displayStatus = displayStatusOf(status, false)
  switch (verb) {
    case 'resend':
      return displayStatus === 'active'
        ? 'alreadyActivated'
        : displayStatus === 'suspended'
          ? 'portalUserSuspended'
          : null
    case 'resetPassword':
      if (displayStatus === 'notActivated') return 'notActivatedYet'
      if (displayStatus === 'suspended') return 'portalUserSuspended'
      // A new password would not let them in.
      return hasNoAccess ? 'portalUserDisabled' : null
    case 'changeEmail':
      return displayStatus === 'suspended' ? 'portalUserSuspended' : null
    case 'suspend':
      return displayStatus === 'notActivated' ? 'notActivatedYet' : null
    case 'reactivate':
      return displayStatus === 'notActivated' ? 'notActivatedYet' : null
    case 'customize':
    case 'remove':
      return null
  }
}

/** Seconds between two emails with a link to one user (E-03). */
const RESEND_PAUSE_SECONDS = 60

/** Seconds until the next email with a link may be sent; 0 when it may now. A last one later than now: the clock was set back. */
export const secondsUntilResend = (last: Date | undefined, now: Date): number =>
  last && last <= now ? Math.max(0, Math.ceil(RESEND_PAUSE_SECONDS - (now.getTime() - last.getTime()) / 1000)) : 0

export const TEMPLATE_MODES = ['default', 'add', 'replace', 'hide'] as const
export type TemplatesMode = (typeof TEMPLATE_MODES)[number]

/** Null when no permission is set: the user or link then follows the level above (V-23). */
export const nullIfNoneSet = (permissions: Partial<Permissions> | null | undefined): Partial<Permissions> | null => {
  const set = Object.entries(permissions ?? {}).filter(([, value]) => value !== undefined)
  return set.length > 0 ? (Object.fromEntries(set) as Partial<Permissions>) : null
}
