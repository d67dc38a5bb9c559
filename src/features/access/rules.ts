/**
 * Why somebody sees a record or not: the first rule that decides. Whether they do is never decided here; the database answers it
 * within the reach of each, and a rule that says otherwise is an error. Pure.
 */
import {
  reachOf,
  resolvePermission,
  type AccountContext,
  type Actor,
  type CustomerActor,
  type CustomerLink,
  type Permission,
  type PermissionSource,
  type StaffRole,
} from '../identity/rules.ts'
import { displayStatusOf, type UserStatus } from '../portal-users/rules.ts'
import type { LinkState } from '../secure-links/rules.ts'

export const RECORD_KINDS = ['job', 'ticket'] as const
export type RecordKind = (typeof RECORD_KINDS)[number]

/** Where one changes what a rule decides by. */
type Place = 'user' | 'customer' | 'group' | 'settings' | 'record' | 'staff'

/** Every rule: what it decides, and where one changes that; null: nowhere. */
export const RULES = {
  everyRecord: { allowed: true, place: 'staff' },
  assigned: { allowed: true, place: 'record' },
  unpublished: { allowed: false, place: 'record' },
  notAssigned: { allowed: false, place: 'record' },
  wholeCustomer: { allowed: true, place: 'user' },
  contact: { allowed: true, place: 'record' },
  participant: { allowed: true, place: 'record' },
  onlyRecord: { allowed: true, place: 'customer' },
  portalOff: { allowed: false, place: 'settings' },
  notActivated: { allowed: false, place: 'user' },
  suspended: { allowed: false, place: 'user' },
  disabled: { allowed: false, place: 'user' },
  otherCustomer: { allowed: false, place: 'user' },
  archived: { allowed: false, place: 'customer' },
  noAccess: { allowed: false, place: 'user' },
  permissionOfSwitch: { allowed: false, place: 'settings' },
  permissionOfLink: { allowed: false, place: 'user' },
  permissionOfUser: { allowed: false, place: 'user' },
  permissionOfGroup: { allowed: false, place: 'group' },
  jobsOfWholeCustomer: { allowed: false, place: 'user' },
  otherTemplate: { allowed: false, place: 'user' },
  noContact: { allowed: false, place: 'user' },
  otherContact: { allowed: false, place: 'record' },
  otherRecord: { allowed: false, place: 'customer' },
  linkOff: { allowed: false, place: 'customer' },
  linkPassword: { allowed: false, place: 'customer' },
  linkHeld: { allowed: false, place: 'customer' },
  linkHasLogin: { allowed: false, place: 'customer' },
  noLogin: { allowed: false, place: 'customer' },
} as const satisfies Record<string, { allowed: boolean; place: Place }>
export type Rule = keyof typeof RULES
export const RULE_NAMES = Object.keys(RULES) as [Rule, ...Rule[]]

/** What decides about a record. */
export interface RecordFacts {
  id: string
  kind: RecordKind
  customer: string
  /** Of a job. */
  template: string | null
  /** Of a ticket. */
  contact: string | null
  participants: readonly string[]
  /** The worker or assignee. */
  assignee: string | null
  isUnpublished: boolean
}

export interface Reason {
  rule: Rule
  /** Where the value of the permission comes from; null if the rule is about none. */
  source: PermissionSource | null
}
const because = (rule: Rule, source: PermissionSource | null = null): Reason => ({ rule, source })

const NEEDED: Record<RecordKind, Permission> = { job: 'viewJobs', ticket: 'viewTickets' }
const OF_SOURCE: Record<PermissionSource, Rule> = {
  switch: 'permissionOfSwitch',
  link: 'permissionOfLink',
  user: 'permissionOfUser',
  group: 'permissionOfGroup',
}

/** Whether a portal user enters the portal, or why not; links to archived customers included. */
export function entryRule(account: AccountContext, status: UserStatus, links: readonly CustomerLink[]): Rule | null {
  if (!account.portal.enabled) return 'portalOff'
  const shown = displayStatusOf(status, links.length > 0 && links.every(({ group }) => group.kind === 'none'))
  return shown === 'notActivated' || shown === 'suspended' || shown === 'disabled' ? shown : null
}

const OF_LINK_STATE: Record<LinkState, Rule | null> = {
  open: null,
  portalOff: 'portalOff',
  archived: 'archived',
  closed: 'linkOff',
  password: 'linkPassword',
  held: 'linkHeld',
  hasLogin: 'linkHasLogin',
}
export const linkRule = (state: LinkState): Rule | null => OF_LINK_STATE[state]

/** Why an actor who enters the portal sees a record or not, by the reach that the database enforces. */
export function explainCustomer(actor: CustomerActor, account: AccountContext, record: RecordFacts): Reason {
  const link = actor.links.find(({ customer }) => customer === record.customer)
  if (!link) return because('otherCustomer')
  const resolved = resolvePermission(NEEDED[record.kind], account.portal, actor.permissions, link)
  const { source } = resolved
  if (!resolved.allowed)
    return because(source === 'group' && link.group.kind === 'none' ? 'noAccess' : OF_SOURCE[source], source)
  const reach = reachOf(actor, account)
  if (link.scope === 'record')
    return reach.tickets.includes(record.id) ? because('onlyRecord', source) : because('otherRecord')
  if (record.kind === 'job') {
    if (!reach.jobs_of.includes(record.customer)) return because('jobsOfWholeCustomer')
    const seesTemplate = reach.all_templates || reach.templates.includes(record.template!)
    return seesTemplate ? because('wholeCustomer', source) : because('otherTemplate')
  }
  if (reach.tickets_of.includes(record.customer)) return because('wholeCustomer', source)
  if (!link.contact) return because('noContact')
  if (record.contact === link.contact) return because('contact', source)
  return record.participants.includes(link.contact) ? because('participant', source) : because('otherContact', source)
}

/** Why a member of staff sees a record or not. */
export function explainStaff(actor: Extract<Actor, { kind: 'staff' }>, account: AccountContext, record: RecordFacts) {
  if (reachOf(actor, account).staff === 'all') return because('everyRecord')
  if (record.assignee !== actor.id) return because('notAssigned')
  return because(record.isUnpublished ? 'unpublished' : 'assigned')
}

/** @throws when a reason says something else than what is enforced: one of the two is wrong */
export function assertEnforced(reason: Reason, allowed: boolean): void {
  if (RULES[reason.rule].allowed !== allowed)
    throw new Error(`The rule ${reason.rule} does not explain that the record is ${allowed ? '' : 'not '}visible`)
}

export interface StaffVerdict {
  id: string
  name: string
  role: StaffRole
  allowed: boolean
  rule: Rule
}

/** One row for all of a role that a rule decides about alike; workers who are assigned are named. */
export function groupStaff(members: readonly StaffVerdict[]) {
  const rows = new Map<string, { name: string | null; role: StaffRole; rule: Rule; allowed: boolean; count: number }>()
  for (const { name, role, rule, allowed } of members) {
    const isNamed = rule === 'assigned' || rule === 'unpublished'
    const key = isNamed ? `${rule} ${name}` : `${role} ${rule}`
    const count = (rows.get(key)?.count ?? 0) + 1
    rows.set(key, { name: isNamed ? name : null, role, rule, allowed, count })
  }
  return [...rows.values()]
}
