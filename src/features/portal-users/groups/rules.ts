/** Permission groups: which are built in, what may be changed, and how a link explains its permissions. Pure. */
import {
  PERMISSIONS,
  resolvePermission,
  type GroupKind,
  type LinkPermissions,
  type Permission,
  type Permissions,
  type PermissionGroup,
  type PermissionSource,
  type PortalConfig,
} from '../../identity/rules.ts'

/** Names of the built-in groups on the screen, folded. A group of that name would be taken for one of them. */
export const BUILT_IN_NAMES: readonly string[] = ['full access', 'limited', 'no access', 'visitor']

/** Whether somebody may change the permissions of a group. No access stays what it says. */
export const isEditable = (kind: GroupKind): boolean => kind !== 'none'

/** The group of links that have none of their own. */
export const defaultKindOf = (scope: 'whole' | 'contact'): GroupKind => (scope === 'whole' ? 'full' : 'limited')

export interface ExplainedPermission {
  permission: Permission
  /** Null: it differs between the groups of the user's customers. */
  allowed: boolean | null
  source: PermissionSource
  /** The value set at this level; null follows. */
  own: boolean | null
  /** The value without one at this level. Null: as for `allowed`. */
  otherwise: boolean | null
}

type Portal = Pick<PortalConfig, 'switches' | 'permissions'>

/** Each permission of a link, with where its value comes from. */
export const explainLink = (
  portal: Portal,
  user: Partial<Permissions> | null,
  link: LinkPermissions,
): ExplainedPermission[] =>
  PERMISSIONS.map((permission) => ({
    permission,
    ...resolvePermission(permission, portal, user, link),
    own: link.permissions?.[permission] ?? null,
    otherwise: resolvePermission(permission, portal, user, { ...link, permissions: null }).allowed,
  }))

/** Each permission of a user, for customers whose link has no value of its own. Without a customer, Full access applies. */
export function explainUser(
  portal: Portal,
  user: Partial<Permissions> | null,
  groups: readonly PermissionGroup[],
): ExplainedPermission[] {
  const links = groups.length === 0 ? [null] : groups.map((group) => ({ permissions: null, group }))
  return PERMISSIONS.map((permission) => {
    const withOwn = links.map((link) => resolvePermission(permission, portal, user, link))
    const without = links.map((link) => resolvePermission(permission, portal, null, link))
    const allowed = commonValue(withOwn)
    return {
      permission,
      allowed,
      source: allowed === null ? 'group' : withOwn[0]!.source,
      own: user?.[permission] ?? null,
      otherwise: commonValue(without),
    }
  })
}

function commonValue([first, ...others]: { allowed: boolean }[]): boolean | null {
  return others.every(({ allowed }) => allowed === first!.allowed) ? first!.allowed : null
}

/** A group as links name it. */
export const presentGroup = ({ id, kind, name }: PermissionGroup) => ({ id, kind, name })

/** The one group of all links; null when they differ. */
export function findCommonGroup(groups: readonly PermissionGroup[]): PermissionGroup | null {
  const [first, ...others] = groups
  return first && others.every(({ id }) => id === first.id) ? first : null
}
