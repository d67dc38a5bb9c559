/** Permissions of customers in the portal, the groups that name sets of them, and the links that have them. Pure. */

export const PERMISSIONS = [
  'viewJobs',
  'createJobs',
  'chooseTemplates',
  'editJobs',
  'cancelJobs',
  'deleteJobs',
  'viewTickets',
  'createTickets',
  'replyTickets',
  'closeTickets',
  'setTicketPriority',
] as const
export type Permission = (typeof PERMISSIONS)[number]
export type Permissions = Record<Permission, boolean>

/** What visitors may do: everything that a customer may, only write tickets, or what a business set for each permission. */
export const VISITOR_PRESETS = ['classic', 'minimal'] as const
export type VisitorPreset = (typeof VISITOR_PRESETS)[number]

const MINIMAL: readonly Permission[] = ['viewTickets', 'createTickets']

/** Permissions of the group Visitor. Nobody deletes jobs without a login. */
export const visitorPermissions = (preset: VisitorPreset): Permissions =>
  Object.fromEntries(
    PERMISSIONS.map((name) => [name, preset === 'classic' ? name !== 'deleteJobs' : MINIMAL.includes(name)]),
  ) as Permissions

/** The permission without which another one means nothing. */
export const NEEDED_PERMISSIONS: Record<Permission, Permission | null> = {
  viewJobs: null,
  createJobs: 'viewJobs',
  chooseTemplates: 'viewJobs',
  editJobs: 'viewJobs',
  cancelJobs: 'viewJobs',
  deleteJobs: 'viewJobs',
  viewTickets: null,
  createTickets: 'viewTickets',
  replyTickets: 'viewTickets',
  closeTickets: 'viewTickets',
  setTicketPriority: 'viewTickets',
}

/** Whether a permission is given along with the one that it needs. */
export function isEffective(permission: Permission, permissions: Permissions): boolean {
  const needed = NEEDED_PERMISSIONS[permission]
  return permissions[permission] && (needed === null || permissions[needed])
}

/** `none` is No access: its members cannot sign in, whatever else is set. `visitor` waits for links without a password. */
export const GROUP_KINDS = ['full', 'limited', 'none', 'visitor', 'custom'] as const
export type GroupKind = (typeof GROUP_KINDS)[number]

/** A named set of permissions of one account. */
export interface PermissionGroup {
  id: string
  kind: GroupKind
  /** Null for built-in groups, whose names are texts. */
  name: string | null
  permissions: Permissions
}

/** Kinds of records that a secure link opens one by one. */
export const LINKED_KINDS = ['ticket'] as const
export interface LinkedRecord {
  kind: (typeof LINKED_KINDS)[number]
  id: string
}

export interface CustomerLink {
  id: string
  customer: string
  /** Everything of the customer, what belongs to the contact, or one record. */
  scope: 'whole' | 'contact' | 'record'
  contact: string | null
  /** Of a secure link: the one record that it opens. */
  record?: LinkedRecord | null
  permissions: Partial<Permissions> | null
  /** Its own, or the default of its scope. */
  group: PermissionGroup
}
