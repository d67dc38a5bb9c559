/** Asks the database as everybody concerned whether they see a record, and the rules why. */
import { implement, type Context } from '../../platform/operation.ts'
import { portalActorOf } from '../identity/queries.ts'
import { isCustomerKind, type Actor, type CustomerActor, type CustomerLink } from '../identity/rules.ts'
import { findLock } from '../secure-links/queries.ts'
import { linkState } from '../secure-links/rules.ts'
import { access } from './contract.ts'
import { mayExplain } from './policy.ts'
import {
  countInView,
  findRecord,
  isInView,
  listContacts,
  listMembers,
  listUsers,
  listVisitors,
  type ExplainedRecord,
  type ExplainedUser,
  type Member,
} from './queries.ts'
import {
  assertEnforced,
  entryRule,
  explainCustomer,
  explainStaff,
  groupStaff,
  linkRule,
  type Reason,
  type Rule,
} from './rules.ts'

type Asking = Context<typeof access.explainRecordAccess>
const NOBODY: Actor = { kind: 'anonymous' }

export const accessHandlers = implement('access', access, {
  async explainRecordAccess(ctx, { kind, record: id, user }) {
    const record = await findRecord(ctx.db, ctx.account.id, kind, id)
    ctx.allow(mayExplain(ctx.actor, record))
    const { customer } = record!
    const users = await listUsers(ctx.db, ctx.account.id, { customer, user: user ?? null })
    const portal = []
    for (const each of users) portal.push(await explainUser(ctx, record!, each))
    portal.push(...(await explainLinks(ctx, record!)))
    portal.push(...(await explainContacts(ctx, record!, portal)))
    const staff = []
    for (const each of await listMembers(ctx.db, ctx.account.id)) staff.push(await explainMember(ctx, record!, each))
    return {
      number: record!.number,
      title: record!.title,
      customer: { id: customer, name: record!.customerName },
      template: record!.templateName,
      portal,
      staff: groupStaff(staff),
    }
  },

  async explainUserAccess(ctx, { user: id }) {
    const [user] = await listUsers(ctx.db, ctx.account.id, { user: id })
    ctx.allow(mayExplain(ctx.actor, user))
    const rule = entryRule(ctx.account, user!.status, user!.allLinks)
    const actor = actorOf(ctx, rule, { portalUser: user! })
    const customers = user!.links.map(({ customer }) => customer)
    const counts = await ctx.readAs(actor, (db) => countInView(db, ctx.account.id, customers))
    return { name: user!.name ?? user!.email, rule, ...counts }
  },
})

/** Who somebody would be in the portal: nobody, if a rule keeps them out. */
const actorOf = ({ account }: Pick<Asking, 'account'>, rule: Rule | null, row: Parameters<typeof portalActorOf>[0]) =>
  rule ? NOBODY : portalActorOf(row, account)

/** The verdict of the database. @throws when the reason says something else */
async function verdictOf(ctx: Asking, record: ExplainedRecord, actor: Actor, reason: Reason): Promise<boolean> {
  const allowed = await ctx.readAs(actor, (db) => isInView(db, ctx.account.id, record.kind, record.id))
  assertEnforced(reason, allowed)
  return allowed
}

const reasonOf = (ctx: Asking, record: ExplainedRecord, actor: Actor, rule: Rule | null): Reason =>
  isCustomerKind(actor.kind) && rule === null
    ? explainCustomer(actor as CustomerActor, ctx.account, record)
    : { rule: rule ?? 'portalOff', source: null }

async function explainUser(ctx: Asking, record: ExplainedRecord, user: ExplainedUser) {
  const link = user.allLinks.find(({ customer }) => customer === record.customer)
  const entry = entryRule(ctx.account, user.status, user.allLinks)
  const actor = actorOf(ctx, entry, { portalUser: user })
  const reason = reasonOf(ctx, record, actor, entry ?? (link?.isArchived ? 'archived' : null))
  return {
    kind: 'portalUser' as const,
    id: user.id,
    name: user.name ?? user.email,
    allowed: await verdictOf(ctx, record, actor, reason),
    ...reason,
    contact: link?.contact ? { id: link.contact, name: link.contactName ?? '' } : null,
    group: link ? presentGroup(link) : null,
    login: null,
  }
}

async function explainLinks(ctx: Asking, record: ExplainedRecord) {
  const lock = await findLock(ctx.db, ctx.account.id, record.customer)
  const facts = { ...lock!, portalEnabled: ctx.account.portal.enabled }
  const login = lock!.users.find(({ isActivated }) => lock!.countUnclaimed || isActivated)
  const rows = []
  for (const visitor of await listVisitors(ctx.db, ctx.account.id, record.customer, ctx.now)) {
    const closed = linkRule(linkState(facts, visitor.link.scope))
    const actor = actorOf(ctx, closed, { visitor })
    const reason = reasonOf(ctx, record, actor, closed)
    const { id, name, link } = visitor
    rows.push({
      ...{ kind: 'secureLink' as const, id, name },
      allowed: await verdictOf(ctx, record, actor, reason),
      ...reason,
      contact: link.contact ? { id: link.contact, name } : null,
      group: presentGroup(link),
      login: closed === 'linkHasLogin' ? (login?.name ?? null) : null,
    })
  }
  return rows
}

/** People of a ticket whom nobody above is. */
async function explainContacts(
  ctx: Asking,
  { contact, participants }: ExplainedRecord,
  listed: readonly { contact: { id: string } | null }[],
) {
  const people = [...new Set([...(contact ? [contact] : []), ...participants])]
  const others = people.filter((id) => !listed.some((each) => each.contact?.id === id))
  const contacts = await listContacts(ctx.db, ctx.account.id, others)
  return contacts.map((each) => ({
    ...{ kind: 'contact' as const, ...each, allowed: false, rule: 'noLogin' as const, source: null },
    ...{ contact: each, group: null, login: null },
  }))
}

async function explainMember(ctx: Asking, record: ExplainedRecord, { id, personId, name, email, role }: Member) {
  const shown = name ?? email
  const person = { id, personId: personId ?? id, role, name: shown, email }
  const actor = { kind: 'staff' as const, ...person, sessionId: id, customers: [] }
  const reason = explainStaff(actor, ctx.account, record)
  return { id, name: shown, role, rule: reason.rule, allowed: await verdictOf(ctx, record, actor, reason) }
}

const presentGroup = ({ group: { id, kind, name } }: Pick<CustomerLink, 'group'>) => ({ id, kind, name })
