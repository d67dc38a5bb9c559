/** The statuses of a portal user, what may be done in each, and how they are shown. Pure. */
import {
  PERMISSIONS,
  permissionOf,
  type Permission,
  type Permissions,
  type PermissionSource,
  type PortalOf,
} from '../identity/rules.ts'

export const STATUSES = ['invited', 'signed_up', 'active', 'suspended', 'removed'] as const
export type UserStatus = (typeof STATUSES)[number]

/** What the list says. Invited and signed up are both just "Not activated" (E-15). */
export const DISPLAY_STATUSES = ['active', 'notActivated', 'suspended', 'removed'] as const
export type DisplayStatus = (typeof DISPLAY_STATUSES)[number]

export const displayStatusOf = (status: UserStatus): DisplayStatus =>
  status === 'invited' || status === 'signed_up' ? 'notActivated' : status

export const statusesOf = (displayStatus: DisplayStatus): UserStatus[] =>
  STATUSES.filter((status) => displayStatusOf(status) === displayStatus)

export type Verb = 'resend' | 'changeEmail' | 'customize' | 'suspend' | 'reactivate' | 'remove'

/** Why a verb is not possible in a status; null when it is. */
export function obstacle(
  verb: Verb,
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

/** Seconds between two activation mails to one user (E-03). */
export const RESEND_PAUSE = 60

export const TEMPLATE_MODES = ['default', 'add', 'replace', 'hide'] as const
export type TemplatesMode = (typeof TEMPLATE_MODES)[number]

/** Each permission with the value that holds, where it comes from, and what was set at this very place. */
export function explained(
  portal: Pick<PortalOf, 'switches' | 'permissions'>,
  user: Partial<Permissions> | null,
  link?: Partial<Permissions> | null,
): { permission: Permission; allowed: boolean; source: PermissionSource; own: boolean | null; otherwise: boolean }[] {
  return PERMISSIONS.map((permission) => ({
    permission,
    ...permissionOf(permission, portal, user, link ?? null),
    own: (link === undefined ? user : link)?.[permission] ?? null,
    // What would hold if nothing were set here: shown beside "follow".
    otherwise: permissionOf(permission, portal, link === undefined ? null : user, null).allowed,
  }))
}

/** Nothing set is stored as nothing: such a user or link follows what is above it, live (V-23). */
export const ownOrNothing = (permissions: Partial<Permissions> | null | undefined): Partial<Permissions> | null => {
  const set = Object.entries(permissions ?? {}).filter(([, value]) => value !== undefined)
  return set.length > 0 ? (Object.fromEntries(set) as Partial<Permissions>) : null
}
