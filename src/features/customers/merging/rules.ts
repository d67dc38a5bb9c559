/** What becomes of portal users and settings when two customers are merged. Pure. */
import {
  LOCK_MODES,
  PERMISSIONS,
  reachOf,
  resolvePermission,
  type AccountContext,
  type CustomerLink,
  type LockMode,
  type Permissions,
  type PortalUserActor,
} from '../../identity/rules.ts'
import { selectBookableTemplates } from '../../identity/templates/rules.ts'

/** A portal user of one of the two customers, with the links to them. */
export interface MergingUser extends Pick<PortalUserActor, 'id' | 'permissions' | 'templatesMode' | 'templates'> {
  name: string
  links: (CustomerLink & { ownGroup: string | null; contactName: string | null })[]
}

export type MergingLink = MergingUser['links'][number]

/** The link that a portal user of both keeps, as it is afterward, and the one that goes. */
export interface JoinedLink {
  kept: MergingLink
  dropped: MergingLink
}

/** No access, then one contact, then the whole customer. */
const breadthOf = ({ group, scope }: CustomerLink): number => (group.kind === 'none' ? 0 : scope === 'contact' ? 1 : 2)

/**
 * The narrower of two links, that of the customer that goes on if they are alike. What the other does not allow is taken away
 * from it, so that nobody does more with the records of a customer than before.
 */
export function joinLinks(survivor: MergingLink, merged: MergingLink, user: Partial<Permissions> | null): JoinedLink {
  const [kept, dropped] = breadthOf(merged) < breadthOf(survivor) ? [merged, survivor] : [survivor, merged]
  const denied = PERMISSIONS.filter((name) => isAllowed(name, user, kept) && !isAllowed(name, user, dropped))
  const permissions = { ...kept.permissions, ...Object.fromEntries(denied.map((name) => [name, false])) }
  const person = kept.contact ? kept : dropped
  return {
    kept: {
      ...kept,
      permissions: Object.keys(permissions).length > 0 ? permissions : null,
      contact: person.contact,
      contactName: person.contactName,
    },
    dropped,
  }
}

/** Switches of the account may be turned on again, so they do not count here. */
const EVERY_SWITCH = Object.fromEntries(PERMISSIONS.map((name) => [name, true])) as Permissions

const isAllowed = (name: keyof Permissions, user: Partial<Permissions> | null, link: CustomerLink): boolean =>
  resolvePermission(name, { switches: EVERY_SWITCH, permissions: EVERY_SWITCH }, user, link).allowed

/** The links of a user afterward. */
export function linksAfterMerge(user: MergingUser, source: string, target: string): MergingLink[] {
  const survivor = user.links.find(({ customer }) => customer === target)
  const merged = user.links.find(({ customer }) => customer === source)
  const kept = survivor && merged ? joinLinks(survivor, merged, user.permissions).kept : (survivor ?? merged)
  return kept ? [{ ...kept, customer: target }] : []
}

/** How many jobs of each template, and how many tickets, a customer has. */
export interface RecordCounts {
  jobs: ReadonlyMap<string, number>
  tickets: number
}

export interface MergeEffect {
  /** Whether they see all jobs or tickets of a customer that was not theirs. */
  gains: boolean
  /** Whether they see something less than before. */
  loses: boolean
  jobs: number
  tickets: number
}

/** What one portal user sees more or less of, by the reach that row-level security enforces. */
export function effectOfMerge(
  user: MergingUser,
  account: AccountContext,
  { source, target, counts }: { source: string; target: string; counts: ReadonlyMap<string, RecordCounts> },
): MergeEffect {
  const after = linksAfterMerge(user, source, target)
  const [old, now] = [reachFor(user, user.links, account), reachFor(user, after, account)]
  const loses = (['jobs_of', 'tickets_of', 'ticket_contacts'] as const).some((list) =>
    old[list].some((each) => !now[list].includes(list !== 'ticket_contacts' && each === source ? target : each)),
  )
  const added = (list: 'jobs_of' | 'tickets_of') =>
    now[list].includes(target) ? [source, target].filter((customer) => !old[list].includes(customer)) : []
  const isVisible = (template: string) => now.all_templates || now.templates.includes(template)
  const jobsIn = (customer: string) =>
    [...counts.get(customer)!.jobs].reduce((sum, [template, jobs]) => sum + (isVisible(template) ? jobs : 0), 0)
  return {
    gains: added('jobs_of').length + added('tickets_of').length > 0,
    loses,
    jobs: added('jobs_of').reduce((sum, customer) => sum + jobsIn(customer), 0),
    tickets: added('tickets_of').reduce((sum, customer) => sum + counts.get(customer)!.tickets, 0),
  }
}

function reachFor(user: MergingUser, links: CustomerLink[], account: AccountContext) {
  const { templatesMode, templates, permissions } = user
  const bookable = selectBookableTemplates(account.portal.templates, templatesMode, templates)
  const actor = { kind: 'portalUser' as const, id: user.id, name: user.name, email: '', phone: null, sessionId: '' }
  return reachOf(
    { ...actor, links, hasArchivedCustomer: false, permissions, templatesMode, templates, bookable },
    account,
  )
}

/** The stricter of two ways in which secure links open the portal: a merge opens nothing that was closed. */
export const stricterLockMode = (one: LockMode, other: LockMode): LockMode =>
  LOCK_MODES.indexOf(one) > LOCK_MODES.indexOf(other) ? one : other

/** As long as internal notes may be. */
const MAX_NOTES = 10_000

/** Notes of the merged customer go below those of the other, under its name, where there is room. */
export function joinNotes(notes: string, merged: { name: string; notes: string }): string {
  if (!merged.notes.trim()) return notes
  const joined = [notes, `${merged.name}:\n${merged.notes}`].filter((part) => part.trim()).join('\n\n')
  return joined.length > MAX_NOTES ? notes : joined
}
