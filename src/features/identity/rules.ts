/**
 * Who calls, and what they reach. The one function `reachOf` turns an actor into the reach that row-level
 * security enforces (ACCESS: session → actor → reach → rows). Pure: no I/O, no clock.
 */

export const PERMISSIONS = ['createJobs', 'chooseTemplates', 'editJobs', 'cancelJobs', 'deleteJobs'] as const
export type Permission = (typeof PERMISSIONS)[number]
export type Permissions = Record<Permission, boolean>

export const ROLES = ['owner', 'admin', 'dispatcher', 'worker'] as const
export type StaffRole = (typeof ROLES)[number]

export const SIGN_UP_FIELDS = ['name', 'phone', 'company', 'address'] as const
export type SignUpField = (typeof SIGN_UP_FIELDS)[number]
export type FieldRule = 'off' | 'optional' | 'required'

/** The portal of one account, as its settings say. */
export interface PortalConfig {
  enabled: boolean
  public: boolean
  name: string
  introduction: string
  signUpFields: Record<SignUpField, FieldRule>
  signUpDomains: string[]
  /** Default settings: hard caps that nobody's personal permission exceeds. */
  switches: Permissions
  /** Default permissions: followed live by everyone not customised. */
  permissions: Permissions
  templates: string[]
  hideJobsOfOtherTemplates: boolean
  severalJobs: boolean
  requestedStart: boolean
  /** Makes a customer for an unlinked portal user at its first booking. */
  createCustomers: boolean
  staffNames: 'full' | 'first' | 'business'
  confirmBookings: boolean
  mailOnRemoval: boolean
}

/** The one account of a request. */
export interface AccountContext {
  id: string
  slug: string
  status: 'active' | 'suspended'
  name: string
  /** IANA zone; every time a person reads is shown in it. */
  timeZone: string
  locale: string
  /** ISO 4217. */
  currency: string
  /** #rrggbb */
  accent: string
  logoKey: string | null
  supportEmail: string | null
  supportPhone: string | null
  postalAddress: string | null
  portal: PortalConfig
}

export interface CustomerLink {
  id: string
  customer: string
  scope: 'whole' | 'contact'
  contact: string | null
  permissions: Partial<Permissions> | null
}

export type Actor =
  | { kind: 'anonymous' }
  /** A signed-in member of staff before any account is chosen: own profile, sessions, the switcher. */
  | { kind: 'person'; id: string; name: string; email: string; locale: string; sessionId: string }
  | {
      kind: 'staff'
      id: string
      personId: string
      role: StaffRole
      name: string
      email: string
      sessionId: string
      /** Of a worker: the customers of the open jobs assigned to them. */
      customers: string[]
    }
  | {
      kind: 'portalUser'
      id: string
      name: string
      email: string
      phone: string | null
      sessionId: string
      links: CustomerLink[]
      permissions: Partial<Permissions> | null
      templatesMode: 'default' | 'add' | 'replace' | 'hide'
      templates: string[]
      /** Templates offered for booking, resolved. */
      bookable: string[]
    }
  | { kind: 'system'; reason: string }

export type StaffActor = Extract<Actor, { kind: 'staff' }>
export type PortalUserActor = Extract<Actor, { kind: 'portalUser' }>

/** What an actor reaches. An empty reach sees nothing: there is no field whose absence widens. */
export interface Reach {
  account: string | null
  actor_kind: Actor['kind']
  actor_id: string | null
  staff: 'all' | 'assigned' | null
  customers: string[]
  jobs_of: string[]
  contacts: string[]
  all_templates: boolean
  templates: string[]
}

export const isOffice = (role: StaffRole): boolean => role !== 'worker'
export const isManager = (role: StaffRole): boolean => role === 'owner' || role === 'admin'

/** V-24, V-25: which templates a portal user may book, in the account's order. */
export function selectBookableTemplates(
  defaults: readonly string[],
  mode: 'default' | 'add' | 'replace' | 'hide',
  own: readonly string[],
): string[] {
  switch (mode) {
    case 'default':
      return [...defaults]
    case 'add':
      return [...new Set([...defaults, ...own])]
    case 'replace':
      return [...own]
    case 'hide':
      return defaults.filter((template) => !own.includes(template))
  }
}

/** The one function from actor to reach. */
export function reachOf(actor: Actor, account: AccountContext | null): Reach {
  const nothing: Reach = {
    account: account?.id ?? null,
    actor_kind: actor.kind,
    actor_id: 'id' in actor ? actor.id : null,
    staff: null,
    customers: [],
    jobs_of: [],
    contacts: [],
    all_templates: false,
    templates: [],
  }
  if (!account) return nothing
  switch (actor.kind) {
    case 'anonymous':
    case 'person':
    case 'system':
      return nothing
    case 'staff':
      return isOffice(actor.role)
        ? { ...nothing, staff: 'all' }
        : { ...nothing, staff: 'assigned', customers: actor.customers }
    case 'portalUser': {
      const whole = actor.links.filter((link) => link.scope === 'whole').map((link) => link.customer)
      return {
        ...nothing,
        customers: actor.links.map((link) => link.customer),
        jobs_of: whole,
        contacts: actor.links.flatMap((link) => (link.contact ? [link.contact] : [])),
        all_templates: !account.portal.hideJobsOfOtherTemplates,
        templates: actor.bookable,
      }
    }
  }
}

export type PermissionSource = 'switch' | 'link' | 'user' | 'default'

/**
 * Permission resolution, the one place: switch → link → user → default; the most specific that is set wins, and a
 * switch that is off wins over all. `link` null: no customer chosen yet (booking as an unlinked user).
 */
export function resolvePermission(
  permission: Permission,
  portal: Pick<PortalConfig, 'switches' | 'permissions'>,
  user: Partial<Permissions> | null,
  link: Partial<Permissions> | null,
): { allowed: boolean; source: PermissionSource } {
  if (!portal.switches[permission]) return { allowed: false, source: 'switch' }
  const fromLink = link?.[permission]
  if (fromLink !== undefined) return { allowed: fromLink, source: 'link' }
  const fromUser = user?.[permission]
  if (fromUser !== undefined) return { allowed: fromUser, source: 'user' }
  return { allowed: portal.permissions[permission], source: 'default' }
}

/** May this portal user do `permission` for this customer? False when the customer is not linked as a whole. */
export function hasPermissionFor(
  actor: PortalUserActor,
  portal: PortalConfig,
  permission: Permission,
  customer: string,
): boolean {
  const link = actor.links.find((each) => each.customer === customer && each.scope === 'whole')
  return link !== undefined && resolvePermission(permission, portal, actor.permissions, link.permissions).allowed
}

/** May they book at all: for one of their customers or, unlinked, as the customer that is then made (V-26)? */
export function canBook(actor: PortalUserActor, portal: PortalConfig): boolean {
  if (actor.links.length === 0)
    return portal.createCustomers && resolvePermission('createJobs', portal, actor.permissions, null).allowed
  return actor.links.some((link) => hasPermissionFor(actor, portal, 'createJobs', link.customer))
}

export interface AuditInput {
  event: string
  subjectKind?: string
  subjectId?: string
  details?: Record<string, unknown>
}
