/** The statuses of a portal user, the actions each allows, and how they are displayed. Pure. */
import {
  PERMISSIONS,
  resolvePermission,
  type Permission,
  type Permissions,
  type PermissionSource,
  type PortalConfig,
} from '../identity/rules.ts'

export const STATUSES = ['invited', 'signed_up', 'active', 'suspended', 'removed'] as const
export type UserStatus = (typeof STATUSES)[number]

/** What the list shows. Invited and signed up are both "Not activated" (E-15). */
export const DISPLAY_STATUSES = ['active', 'notActivated', 'suspended', 'removed'] as const
export type DisplayStatus = (typeof DISPLAY_STATUSES)[number]

export const displayStatusOf = (status: UserStatus): DisplayStatus =>
  status === 'invited' || status === 'signed_up' ? 'notActivated' : status

export const statusesOf = (displayStatus: DisplayStatus): UserStatus[] =>
  STATUSES.filter((status) => displayStatusOf(status) === displayStatus)

export type PortalUserAction =
  'resend' | 'resetPassword' | 'changeEmail' | 'customize' | 'suspend' | 'reactivate' | 'remove'

/** Why an action is not possible in a status; null when it is. */
export function blockedReason(
  verb: PortalUserAction,
  status: UserStatus,
): 'alreadyActivated' | 'notActivatedYet' | 'portalUserSuspended' | 'portalUserRemoved' | null {
  if (status === 'removed') return 'portalUserRemoved'
  const displayStatus = displayStatusOf(status)
  switch (verb) {
    case 'resend':
      return displayStatus === 'active'
        ? 'alreadyActivated'
        : displayStatus === 'suspended'
          ? 'portalUserSuspended'
          : null
    case 'resetPassword':
      if (displayStatus === 'notActivated') return 'notActivatedYet'
      return displayStatus === 'suspended' ? 'portalUserSuspended' : null
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

/** Each permission with its effective value, where it comes from, and the value set at this level. */
export function explainPermissions(
  portal: Pick<PortalConfig, 'switches' | 'permissions'>,
  user: Partial<Permissions> | null,
  link?: Partial<Permissions> | null,
): { permission: Permission; allowed: boolean; source: PermissionSource; own: boolean | null; otherwise: boolean }[] {
  return PERMISSIONS.map((permission) => ({
    permission,
    ...resolvePermission(permission, portal, user, link ?? null),
    own: (link === undefined ? user : link)?.[permission] ?? null,
    // The value without a setting at this level, shown beside "follow".
    otherwise: resolvePermission(permission, portal, link === undefined ? null : user, null).allowed,
  }))
}

/** Null when no permission is set: the user or link then follows the level above (V-23). */
export const nullIfNoneSet = (permissions: Partial<Permissions> | null | undefined): Partial<Permissions> | null => {
  const set = Object.entries(permissions ?? {}).filter(([, value]) => value !== undefined)
  return set.length > 0 ? (Object.fromEntries(set) as Partial<Permissions>) : null
}
