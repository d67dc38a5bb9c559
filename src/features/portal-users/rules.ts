/** The states of a portal user, what may be done in each, and how they are shown. Pure. */
import {
  PERMISSIONS,
  permissionOf,
  type Permission,
  type Permissions,
  type PermissionSource,
  type PortalOf,
} from '../identity/rules.ts'

export const STATES = ['invited', 'signed_up', 'active', 'suspended', 'removed'] as const
export type UserState = (typeof STATES)[number]

/** What the list says. Invited and signed up are both just "Not activated" (E-15). */
export const STANDINGS = ['active', 'notActivated', 'suspended', 'removed'] as const
export type UserStatus = (typeof STANDINGS)[number]

export const userStatusOf = (state: UserState): UserStatus =>
  state === 'invited' || state === 'signed_up' ? 'notActivated' : state

export const statesOf = (userStatus: UserStatus): UserState[] => STATES.filter((state) => userStatusOf(state) === userStatus)

export type Verb = 'resend' | 'changeEmail' | 'customize' | 'suspend' | 'reactivate' | 'remove'

/** Why a verb is not possible in a state; null when it is. */
export function obstacle(
  verb: Verb,
  state: UserState,
): 'alreadyActivated' | 'notActivatedYet' | 'portalUserSuspended' | 'portalUserRemoved' | null {
  if (state === 'removed') return 'portalUserRemoved'
  const userStatus = userStatusOf(state)
  switch (verb) {
    case 'resend':
      return userStatus === 'active' ? 'alreadyActivated' : userStatus === 'suspended' ? 'portalUserSuspended' : null
    case 'changeEmail':
      return userStatus === 'suspended' ? 'portalUserSuspended' : null
    case 'suspend':
      return userStatus === 'notActivated' ? 'notActivatedYet' : null
    case 'reactivate':
      return userStatus === 'notActivated' ? 'notActivatedYet' : null
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
