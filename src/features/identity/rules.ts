/**
 * The callers of requests and which rows they reach. Only `reachOf` turns an actor into the reach that row-level
 * security enforces. Pure.
 */

import {
  NEEDED_PERMISSIONS,
  type CustomerLink,
  type Permission,
  type PermissionGroup,
  type Permissions,
} from './permissions/rules.ts'

export * from './permissions/rules.ts'

/**
 * How a secure link alone opens the portal. automatic: until the customer has a portal user. password: never. closed: there are
 * no links.
 */
export const LOCK_MODES = ['automatic', 'password', 'closed'] as const
export type LockMode = (typeof LOCK_MODES)[number]

export const ROLES = ['owner', 'admin', 'dispatcher', 'worker'] as const
export type StaffRole = (typeof ROLES)[number]

export const SIGN_UP_FIELDS = ['name', 'phone', 'company', 'address'] as const
export type SignUpField = (typeof SIGN_UP_FIELDS)[number]
export type FieldRule = 'off' | 'optional' | 'required'

/** The settings of an account's portal. */
export interface PortalConfig {
  enabled: boolean
  public: boolean
  name: string
  introduction: string
  /** The name is always asked (CP-08). */
  signUpFields: Record<SignUpField, FieldRule> & { name: 'required' }
  signUpDomains: string[]
  /** What portal users may do at all. A permission of a user or link cannot go beyond it. */
  switches: Permissions
  /** Those of the group Full access, which a user without a link has. */
  permissions: Permissions
  templates: string[]
  hideJobsOfOtherTemplates: boolean
  severalJobs: boolean
  requestedStart: boolean
  /** Whether the first booking of an unlinked portal user creates a customer. */
  createCustomers: boolean
  staffNames: 'full' | 'first' | 'business'
  confirmBookings: boolean
  mailOnRemoval: boolean
  lockMode: LockMode
  /** Days until a new secure link expires. */
  linkDays: number
}

/** The account of a request. */
export interface AccountContext {
  id: string
  slug: string
  status: 'active' | 'suspended'
  name: string
  /** IANA time zone, in which all times are shown. */
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

export type Actor =
  | { kind: 'anonymous' }
  /** A signed-in member of staff outside any account: profile, sessions and the choice of an account. */
  | { kind: 'person'; id: string; name: string; email: string; locale: string; sessionId: string }
  | {
      kind: 'staff'
      id: string
      personId: string
      role: StaffRole
      name: string
      email: string
      sessionId: string
      /** For a worker: the customers of the open jobs and tickets assigned to them. */
      customers: string[]
    }
  | {
      kind: 'portalUser'
      id: string
      name: string
      email: string
      phone: string | null
      sessionId: string
      /** Links to active customers. */
      links: CustomerLink[]
      /** Whether they are linked to an archived customer, too or only. */
      hasArchivedCustomer: boolean
      permissions: Partial<Permissions> | null
      templatesMode: 'default' | 'add' | 'replace' | 'hide'
      templates: string[]
      /** Templates offered for booking, resolved. */
      bookable: string[]
    }
  /** Somebody who came by a secure link and has no login: they act for one customer, or as one contact. */
  | {
      kind: 'linkVisitor'
      /** Of the secure link. */
      id: string
      /** Of the contact, else of the customer. */
      name: string
      customerName: string
      sessionId: string
      /** Exactly one, with the group Visitor. */
      links: CustomerLink[]
      hasArchivedCustomer: false
      permissions: null
      /** Templates offered for booking. */
      bookable: string[]
    }
  | { kind: 'system'; reason: string }

export type StaffActor = Extract<Actor, { kind: 'staff' }>
export type PortalUserActor = Extract<Actor, { kind: 'portalUser' }>
export type LinkVisitorActor = Extract<Actor, { kind: 'linkVisitor' }>
/** Whoever acts for a customer in the portal. */
export type CustomerActor = PortalUserActor | LinkVisitorActor
export const CUSTOMER_KINDS = ['portalUser', 'linkVisitor'] as const

export const isCustomerKind = (kind: string): kind is CustomerActor['kind'] =>
  (CUSTOMER_KINDS as readonly string[]).includes(kind)

/** Which rows an actor reaches. A reach with empty fields sees nothing, so that a missing value never widens access. */
export interface Reach {
  account: string | null
  actor_kind: Actor['kind']
  actor_id: string | null
  /** The portal user whose own rows are read. A mailed link or a password proves one to the database later. */
  portal_user: string | null
  staff: 'all' | 'assigned' | null
  customers: string[]
  jobs_of: string[]
  tickets_of: string[]
  contacts: string[]
  /** Contacts whose own tickets are reached, and those they take part in. */
  ticket_contacts: string[]
  /** Tickets that are reached one by one. */
  tickets: string[]
  all_templates: boolean
  templates: string[]
}

export const isOffice = (role: StaffRole): boolean => role !== 'worker'
export const isManager = (role: StaffRole): boolean => role === 'owner' || role === 'admin'

/** The reach of an actor. No other code decides which rows an actor reaches. */
export function reachOf(actor: Actor, account: AccountContext | null): Reach {
  const noReach: Reach = {
    account: account?.id ?? null,
    actor_kind: actor.kind,
    actor_id: 'id' in actor ? actor.id : null,
    portal_user: null,
    staff: null,
    customers: [],
    jobs_of: [],
    tickets_of: [],
    contacts: [],
    ticket_contacts: [],
    tickets: [],
    all_templates: false,
    templates: [],
  }
  if (!account) return noReach
  switch (actor.kind) {
    case 'anonymous':
    case 'person':
    case 'system':
      return noReach
    case 'staff':
      return isOffice(actor.role)
        ? { ...noReach, staff: 'all' }
        : { ...noReach, staff: 'assigned', customers: actor.customers }
    case 'portalUser':
    case 'linkVisitor': {
      const links = actor.links.filter((link) => link.group.kind !== 'none')
      return {
        ...noReach,
        portal_user: actor.kind === 'portalUser' ? actor.id : null,
        customers: links.map((link) => link.customer),
        jobs_of: customersWithJobs(actor, account.portal),
        tickets_of: customersWithTickets(actor, account.portal),
        contacts: links.flatMap((link) => (link.contact ? [link.contact] : [])),
        ticket_contacts: contactsWithTickets(actor, account.portal),
        tickets: linksWithTickets(actor, account.portal).flatMap(({ record }) =>
          record?.kind === 'ticket' ? [record.id] : [],
        ),
        all_templates: !account.portal.hideJobsOfOtherTemplates,
        templates: actor.bookable,
      }
    }
  }
}

/** What a link says about permissions. */
export interface LinkPermissions {
  permissions: Partial<Permissions> | null
  group: Pick<PermissionGroup, 'kind' | 'permissions'>
}

export type PermissionSource = 'switch' | 'link' | 'user' | 'group'

/**
 * Resolves a permission: that of the link, else of the user, else of the link's group. A switch that is off and the group No
 * access override them all. `link` is null when no customer is chosen, as in the booking of an unlinked user, who has Full
 * access.
 */
export function resolvePermission(
  permission: Permission,
  portal: Pick<PortalConfig, 'switches' | 'permissions'>,
  user: Partial<Permissions> | null,
  link: LinkPermissions | null,
): { allowed: boolean; source: PermissionSource } {
  if (!portal.switches[permission]) return { allowed: false, source: 'switch' }
  if (link?.group.kind === 'none') return { allowed: false, source: 'group' }
  const needed = NEEDED_PERMISSIONS[permission]
  if (needed) {
    const resolved = resolvePermission(needed, portal, user, link)
    if (!resolved.allowed) return resolved
  }
  const fromLink = link?.permissions?.[permission]
  if (fromLink !== undefined) return { allowed: fromLink, source: 'link' }
  const fromUser = user?.[permission]
  if (fromUser !== undefined) return { allowed: fromUser, source: 'user' }
  return { allowed: (link?.group.permissions ?? portal.permissions)[permission], source: 'group' }
}

/** Whether a portal user has a permission for a customer; false unless they are linked to the whole customer. */
export function hasPermissionFor(
  actor: CustomerActor,
  portal: PortalConfig,
  permission: Permission,
  customer: string,
): boolean {
  const link = actor.links.find((each) => each.customer === customer && each.scope === 'whole')
  return link !== undefined && resolvePermission(permission, portal, actor.permissions, link).allowed
}

/** Customers whose jobs a portal user sees. */
export const customersWithJobs = (actor: CustomerActor, portal: PortalConfig): string[] =>
  actor.links.map((link) => link.customer).filter((customer) => hasPermissionFor(actor, portal, 'viewJobs', customer))

/**
 * Links with a permission for tickets. Unlike jobs, they are there for links to one contact too. Who reaches one ticket alone
 * creates none: they would not see it.
 */
export const linksWithTickets = (
  actor: CustomerActor,
  portal: PortalConfig,
  permission: Permission = 'viewTickets',
): CustomerLink[] =>
  actor.links.filter(
    (link) =>
      (link.scope !== 'record' || permission !== 'createTickets') &&
      resolvePermission(permission, portal, actor.permissions, link).allowed,
  )

/** Customers all of whose tickets a portal user sees. */
const customersWithTickets = (actor: CustomerActor, portal: PortalConfig): string[] =>
  linksWithTickets(actor, portal).flatMap(({ scope, customer }) => (scope === 'whole' ? [customer] : []))

/** Contacts as whom a portal user sees tickets: their own, and those they take part in. */
const contactsWithTickets = (actor: CustomerActor, portal: PortalConfig): string[] =>
  linksWithTickets(actor, portal).flatMap(({ scope, contact }) => (scope === 'contact' && contact ? [contact] : []))

/** Whether there are jobs at all for a portal user. Unlinked, they see those that they will book. */
export const seesJobs = (actor: CustomerActor, portal: PortalConfig): boolean =>
  actor.links.length === 0
    ? resolvePermission('viewJobs', portal, actor.permissions, null).allowed
    : customersWithJobs(actor, portal).length > 0

/** Whether a booking of this user creates a customer (V-26). Archiving their only customer does not make them a new one. */
export const isNewCustomer = (actor: CustomerActor, portal: PortalConfig): boolean =>
  actor.links.length === 0 && !actor.hasArchivedCustomer && portal.createCustomers

/** Whether a portal user can book for one of their customers or, unlinked, as a new customer (V-26). */
export function canBook(actor: CustomerActor, portal: PortalConfig): boolean {
  if (actor.links.length === 0)
    return isNewCustomer(actor, portal) && resolvePermission('createJobs', portal, actor.permissions, null).allowed
  return actor.links.some((link) => hasPermissionFor(actor, portal, 'createJobs', link.customer))
}
