/**
 * The records and callers of the access tests: a business with two customers, a second business, every kind of caller, and
 * a marker word in each record that shows whose record was read.
 */
import { randomUUID } from 'node:crypto'
import { PERMISSIONS, type VisitorPreset } from '../src/features/identity/rules.ts'
import { addStaffMembership, createCustomerRecords } from './access-records.fixtures.ts'
import { createLink, openLinks } from './access-links.fixtures.ts'
import { addParticipant, linkToContact } from './access-tickets.fixtures.ts'
import { startViews } from './access-views.fixtures.ts'
import { CANARY } from './canary.ts'
import type { Business, Person, TestServer } from './test-server.ts'

export const RELATIONS = ['own', 'colleague', 'other', 'foreign', 'absent'] as const
export type Relation = (typeof RELATIONS)[number]

export interface Caller {
  name: string
  /** One sentence for the reader of the table. */
  what: string
  /** staff: of this business. portalUser: of this portal. stranger: signed in, but a member of neither. */
  kind: 'anonymous' | 'staff' | 'portalUser' | 'linkVisitor' | 'stranger'
  person: Person
  /** Portal users linked to the other customer too. */
  reachesOther?: boolean
  /** Staff in a portal view of this id: how they call operations of the portal. */
  view?: string
  /** What visitors may do while this caller asks; else as in a new account. */
  visitors?: VisitorPreset
}

/** Names of path parameters and body fields, and the record each relation means. */
export type Ids = Record<
  | 'job'
  | 'customer'
  | 'contact'
  | 'site'
  | 'template'
  | 'user'
  | 'portalUser'
  | 'link'
  | 'group'
  | 'member'
  | 'message'
  | 'file'
  | 'comment'
  | 'session'
  | 'ticket'
  | 'ticketFile'
  | 'otherTicket'
  | 'otherContact'
  | 'otherCustomer'
  | 'heldMail'
  | 'secureLink'
  | 'view',
  string
>

export interface MatrixWorld {
  slug: string
  port: number
  callers: Caller[]
  ids: Record<Relation, Ids>
}

const everyPermission = (value: boolean) => Object.fromEntries(PERMISSIONS.map((name) => [name, value]))
const createGroup = async (shop: Business, name: string): Promise<string> =>
  (await shop.owner.ok('createPermissionGroup', { name })).id

export async function buildWorld(server: TestServer): Promise<MatrixWorld> {
  const here = await server.business({ name: 'Here Repairs' })
  const there = await server.business({ name: 'There Repairs' })
  const fields = [
    { id: 'fault', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'optional' },
    { id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' },
  ]
  const template = await here.template({ name: 'Repair', fields })
  const unoffered = await here.template({ name: 'Not offered', offered: false })
  const worker = await here.staff('worker', 'Marek Nowak')
  const idleWorker = await here.staff('worker', 'Idle Worker')

  const own = await createCustomerRecords(server, here, { word: CANARY.own, template, worker: worker.id })
  const colleague = await createCustomerRecords(server, here, {
    word: 'canarycolleague',
    template,
    worker: null,
    customer: own.customer,
  })
  const other = await createCustomerRecords(server, here, { word: CANARY.other, template, worker: idleWorker.id })
  const foreign = await createCustomerRecords(server, there, {
    word: CANARY.foreign,
    template: await there.template({ name: CANARY.foreign, fields }),
    worker: null,
  })

  const user = (options: Parameters<Business['portalUser']>[0]) => here.portalUser(options)
  const builtIn = (await here.owner.ok('listPermissionGroups')).rows
  const groupIds = Object.fromEntries(builtIn.map(({ kind, id }) => [kind, id]))
  const linkedUser = await user({ email: 'me@post.example', customers: [own.customer] })
  const colleagueUser = await user({ email: 'mate@post.example', name: 'canarycolleague', customers: [own.customer] })
  const otherUser = await user({ email: 'outsider@post.example', name: CANARY.other, customers: [other.customer] })
  const foreignUser = await there.portalUser({
    email: 'me@post.example',
    name: CANARY.foreign,
    customers: [foreign.customer],
  })
  const linkAsContact = async (email: string, contact: string) => {
    const person = await user({ email })
    await linkToContact(server, here.id, person.id, { customer: own.customer, contact })
    return person
  }
  const contactScoped = await linkAsContact('contact@post.example', own.contact)
  const participant = await linkAsContact('participant@post.example', await addParticipant(server, here.id, own))
  const callerWithStatus = async (status: string, what: string) => {
    const person = await user({ email: `${status}@post.example`, customers: [own.customer] })
    await server.stored((db) => db.updateTable('portal_users').set({ status }).where('id', '=', person.id).execute())
    return { name: status, what, kind: 'anonymous' as const, person }
  }
  const visitors = await openLinks(server, here, { template })
  const secureLinks = {
    own: await createLink(here, own.customer),
    colleague: await createLink(here, own.customer, colleague.contact),
    other: await createLink(here, other.customer),
    foreign: await createLink(there, foreign.customer),
    absent: randomUUID(),
  }
  const deactivated = await here.staff('admin', 'Deactivated Admin')
  await server.stored((db) =>
    db.updateTable('staff_members').set({ status: 'deactivated' }).where('id', '=', deactivated.id).execute(),
  )
  const staffOfBoth = await here.staff('dispatcher', 'Of Both')
  await addStaffMembership(server, staffOfBoth, there)
  const signedOut = await user({ email: 'out@post.example', customers: [own.customer] })
  await server.stored((db) => db.deleteFrom('portal_sessions').where('subject_id', '=', signedOut.id).execute())

  const callers: Caller[] = [
    { name: 'anonymous', what: 'nobody is signed in', kind: 'anonymous', person: here.visitor() },
    { name: 'owner', what: 'staff, owner', kind: 'staff', person: here.owner },
    { name: 'admin', what: 'staff, admin', kind: 'staff', person: await here.staff('admin') },
    { name: 'dispatcher', what: 'staff, dispatcher', kind: 'staff', person: await here.staff('dispatcher') },
    { name: 'worker', what: "staff, worker: one's own job is assigned to them", kind: 'staff', person: worker },
    { name: 'idle worker', what: 'staff, worker without that job', kind: 'staff', person: idleWorker },
    { name: 'staff of both', what: 'dispatcher here and in the other account', kind: 'staff', person: staffOfBoth },
    {
      name: 'deactivated admin',
      what: 'was an admin; the session is still open',
      kind: 'stranger',
      person: deactivated,
    },
    { name: 'other owner', what: 'owner of the other account', kind: 'stranger', person: there.owner },
    {
      name: 'other worker',
      what: 'worker of the other account',
      kind: 'stranger',
      person: await there.staff('worker'),
    },
    {
      name: 'portal user',
      what: 'linked to one customer, follows the defaults',
      kind: 'portalUser',
      person: linkedUser,
    },
    { name: 'colleague', what: 'another login linked to the same customer', kind: 'portalUser', person: colleagueUser },
    {
      name: 'of several',
      what: 'linked to both customers',
      kind: 'portalUser',
      person: await user({ email: 'several@post.example', customers: [own.customer, other.customer] }),
      reachesOther: true,
    },
    {
      name: "other's user",
      what: 'linked to the other customer only',
      kind: 'portalUser',
      person: otherUser,
      reachesOther: true,
    },
    {
      name: 'unlinked',
      what: 'active, linked to nobody',
      kind: 'portalUser',
      person: await user({ email: 'unlinked@post.example' }),
    },
    {
      name: 'contact scope',
      what: 'linked as one contact, not to the whole customer',
      kind: 'portalUser',
      person: contactScoped,
    },
    {
      name: 'participant',
      what: "linked as a contact who takes part in one's own ticket",
      kind: 'portalUser',
      person: participant,
    },
    {
      name: 'limited',
      what: 'linked to the whole customer, in the group Limited',
      kind: 'portalUser',
      person: await user({ email: 'limited@post.example', customers: [own.customer], group: groupIds.limited }),
    },
    {
      name: 'no access',
      what: 'linked, in the group No access; the session is still open',
      kind: 'anonymous',
      person: await user({ email: 'none@post.example', customers: [own.customer], group: groupIds.none }),
    },
    {
      name: 'views only',
      what: 'linked, every permission taken away',
      kind: 'portalUser',
      person: await user({
        email: 'views@post.example',
        customers: [own.customer],
        permissions: { ...everyPermission(false), viewJobs: true },
      }),
    },
    {
      name: 'may delete',
      what: 'linked, every permission given',
      kind: 'portalUser',
      person: await user({
        email: 'may@post.example',
        customers: [own.customer],
        permissions: everyPermission(true),
      }),
    },
    {
      name: 'other templates',
      what: "linked, its own template list lacks the jobs' one",
      kind: 'portalUser',
      person: await user({
        email: 'templates@post.example',
        customers: [own.customer],
        templatesMode: 'replace',
        templates: [unoffered],
      }),
    },
    await callerWithStatus('suspended', 'suspended; the session is still open'),
    await callerWithStatus('removed', 'removed; the session is still open'),
    await callerWithStatus('invited', 'not activated, with a session that should not be'),
    { name: 'signed out', what: 'the cookie of an ended session', kind: 'anonymous', person: signedOut },
    ...visitors,
    {
      name: "other portal's user",
      what: 'the same address as login of the other account',
      kind: 'anonymous',
      person: foreignUser,
    },
  ]
  const views = await startViews({ here, there }, linkedUser.id, [own, other, foreign])
  callers.push(views.caller)
  const groups = {
    own: await createGroup(here, 'Tenants'),
    colleague: await createGroup(here, 'Guests'),
    other: await createGroup(here, CANARY.other),
    foreign: await createGroup(there, CANARY.foreign),
    absent: randomUUID(),
  }
  const users = {
    own: linkedUser.id,
    colleague: colleagueUser.id,
    other: otherUser.id,
    foreign: foreignUser.id,
    absent: randomUUID(),
  }
  const members = {
    own: worker.id,
    colleague: idleWorker.id,
    other: staffOfBoth.id,
    foreign: there.owner.id,
    absent: randomUUID(),
  }
  const sessions = await server.stored((db) => db.selectFrom('portal_sessions').select(['id', 'subject_id']).execute())
  const sessionOf = (subject: string) => sessions.find((each) => each.subject_id === subject)?.id ?? randomUUID()
  const links = await server.stored((db) => db.selectFrom('portal_links').select(['id', 'portal_user_id']).execute())
  const linkOf = (subject: string) => links.find((each) => each.portal_user_id === subject)?.id ?? randomUUID()
  const absent = Object.fromEntries(Object.keys(own).map((key) => [key, randomUUID()])) as unknown as typeof own
  const ids = Object.fromEntries(
    RELATIONS.map((relation) => [
      relation,
      {
        ...{ own, colleague, other, foreign, absent }[relation],
        user: users[relation],
        portalUser: users[relation],
        member: members[relation],
        session: relation === 'absent' ? randomUUID() : sessionOf(users[relation]),
        link: relation === 'absent' ? randomUUID() : linkOf(users[relation]),
        group: groups[relation],
        secureLink: secureLinks[relation],
        view: views.ids[relation],
      },
    ]),
  ) as unknown as Record<Relation, Ids>
  return { slug: here.slug, port: server.port, callers, ids }
}
