/** What somebody gains or loses in the portal, by what they may do and see before and after a change. Pure. */
import { NEEDED_PERMISSIONS } from '../identity/permissions/rules.ts'
import {
  canBook,
  hasPermissionFor,
  linksWithTickets,
  PERMISSIONS,
  reachOf,
  resolvePermission,
  type AccountContext,
  type CustomerActor,
  type Permission,
} from '../identity/rules.ts'

/** Most portal users, and most secure links, that one preview compares. */
export const MAX_COMPARED = 5_000
/** Most people whose records are counted only to know whether hidden services concern them. */
export const MAX_COUNTED = 200
/** People of each side that are named. */
export const NAMED = 10

export const PREVIEW_RECORDS = ['job', 'ticket'] as const
export type PreviewRecord = (typeof PREVIEW_RECORDS)[number]
export type RecordCounts = Record<PreviewRecord, number>

/** Somebody who enters the portal, or would: `actor` is null while they cannot. */
export interface Principal {
  kind: 'portalUser' | 'secureLink'
  id: string
  name: string
  actor: CustomerActor | null
}

/** Everybody of a portal at one moment. */
export interface Snapshot {
  account: AccountContext
  /** Templates that are in use: the name of each. */
  templates: ReadonlyMap<string, string>
  principals: ReadonlyMap<string, Principal>
}

/** A permission for one customer or a part of it, a contact or a record. Without one: for what a first booking makes. */
interface Grant {
  permission: Permission
  customer: string | null
  part: string | null
}

/** What one side of a change is for one person. */
export interface Side {
  /** Whether this side is there for certain; otherwise a count of records tells, for there may be no job of a hidden service. */
  isCertain: boolean
  /** They enter the portal only before, or only after. */
  isEntry: boolean
  permissions: Permission[]
  /** Customers that the permissions are for. */
  customers: string[]
  /** Templates that can be booked. */
  services: string[]
  /** Kinds of records of which other ones are reached. */
  records: PreviewRecord[]
}

export interface Change {
  principal: Principal
  gains: Side
  loses: Side
}

export const keyOf = ({ kind, id }: Pick<Principal, 'kind' | 'id'>): string => `${kind} ${id}`

/** Everybody for whom something changes, by name. */
export function findChanges(before: Snapshot, after: Snapshot): Change[] {
  const keys = new Set([...before.principals.keys(), ...after.principals.keys()])
  const changes = [...keys].flatMap((key) => {
    const earlier = before.principals.get(key)
    const later = after.principals.get(key)
    const old = accessOf(earlier?.actor ?? null, before)
    const next = accessOf(later?.actor ?? null, after)
    const change = { principal: (later ?? earlier)!, gains: sideOf(old, next), loses: sideOf(next, old) }
    return isSide(change.gains) || isSide(change.loses) ? [change] : []
  })
  return changes.sort((one, other) => compareNames(one.principal, other.principal))
}

const compareNames = (one: Principal, other: Principal): number =>
  one.name.localeCompare(other.name) || (keyOf(one) < keyOf(other) ? -1 : 1)

export const isUncertain = ({ isCertain, records }: Side): boolean => !isCertain && records.length > 0

const isSide = (side: Side): boolean => side.isCertain || isUncertain(side)

interface Access {
  enters: boolean
  grants: Grant[]
  canBook: boolean
  services: readonly string[]
  /** Templates whose jobs are seen; null for all. */
  visibleTemplates: readonly string[] | null
}

function accessOf(actor: CustomerActor | null, { account, templates: inUse }: Snapshot): Access {
  if (!actor) return { enters: false, grants: [], canBook: false, services: [], visibleTemplates: [] }
  const { all_templates: seesAll, templates } = reachOf(actor, account)
  return {
    enters: true,
    grants: grantsOf(actor, account),
    canBook: canBook(actor, account.portal),
    services: actor.bookable.filter((template) => inUse.has(template)),
    visibleTemplates: seesAll ? null : templates,
  }
}

const isAboutJobs = (permission: Permission): boolean => (NEEDED_PERMISSIONS[permission] ?? permission) === 'viewJobs'

/** Every permission that has an effect, for each customer. */
function grantsOf(actor: CustomerActor, { portal }: AccountContext): Grant[] {
  if (actor.links.length === 0) {
    const allowed = PERMISSIONS.filter(
      (name) => isAboutJobs(name) && resolvePermission(name, portal, actor.permissions, null).allowed,
    )
    const usable = allowed.filter((name) => name !== 'createJobs' || canBook(actor, portal))
    return usable.map((permission) => ({ permission, customer: null, part: null }))
  }
  return PERMISSIONS.flatMap((permission) => {
    if (!isAboutJobs(permission))
      return linksWithTickets(actor, portal, permission).flatMap(({ scope, customer, contact, record }): Grant[] => {
        if (scope === 'whole') return [{ permission, customer, part: null }]
        const part = scope === 'record' ? record?.id : contact
        return part ? [{ permission, customer, part }] : []
      })
    const customers = actor.links.map(({ customer }) => customer)
    return customers
      .filter((customer) => hasPermissionFor(actor, portal, permission, customer))
      .map((customer) => ({ permission, customer, part: null }))
  })
}

/** Whoever acts for the whole customer may do what each of its contacts may. */
const covers = (grants: readonly Grant[], { permission, customer, part }: Grant): boolean =>
  grants.some(
    (each) =>
      each.permission === permission && each.customer === customer && (each.part === null || each.part === part),
  )

/** What `next` has and `old` has not. */
function sideOf(old: Access, next: Access): Side {
  const grants = next.grants.filter((grant) => !covers(old.grants, grant))
  const books = old.canBook && next.canBook
  const records = new Set<PreviewRecord>()
  if (grants.some(({ permission }) => permission === 'viewJobs')) records.add('job')
  if (grants.some(({ permission }) => permission === 'viewTickets')) records.add('ticket')
  if (old.enters && seesMoreTemplates(old, next)) records.add('job')
  const services = books ? next.services.filter((template) => !old.services.includes(template)) : []
  const isEntry = next.enters && !old.enters
  return {
    isCertain: isEntry || grants.length > 0 || services.length > 0,
    isEntry,
    permissions: [
      ...new Set(grants.filter((grant) => !isElsewhere(old.grants, grant)).map((grant) => grant.permission)),
    ],
    customers: [...new Set(grants.flatMap(({ customer }) => customer ?? []))],
    services,
    records: [...records],
  }
}

/** Whether the permission is there for another part of the customer, so that only the records are others. */
const isElsewhere = (grants: readonly Grant[], { permission, customer }: Grant): boolean =>
  grants.some((each) => each.permission === permission && each.customer === customer)

/** Whether jobs of other templates are seen. Without jobs, templates hide none. */
function seesMoreTemplates(old: Access, next: Access): boolean {
  const seesJobs = next.grants.some(({ permission }) => permission === 'viewJobs')
  if (!seesJobs || old.visibleTemplates === null) return false
  const { visibleTemplates: hidden } = old
  return next.visibleTemplates === null || next.visibleTemplates.some((template) => !hidden.includes(template))
}
