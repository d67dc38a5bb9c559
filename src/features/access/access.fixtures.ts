/** What tests of explained access share: a world of every kind of reader and record, and what everybody sees through the API. */
import { linkToContact } from '../../../test/access-tickets.fixtures.ts'
import { startTestServer, type Business, type Person } from '../../../test/test-server.ts'
import type { RecordKind } from './rules.ts'

export const home = await startTestServer()

export interface AccessWorld {
  shop: Business
  dispatcher: Person
  worker: Person
  /** The second is of nobody below but Olga. */
  customers: { dockside: string; quay: string }
  contacts: { ana: string; ben: string }
  templates: { repair: string; inspection: string }
  group: string
  /** Naveed acts for Dockside, Olga for Quay; Ana and Ben are contacts of Dockside. */
  users: { naveed: Person; olga: Person; ana: Person; ben: Person }
  records: { kind: RecordKind; id: string; number: number }[]
}

export async function createAccessWorld(): Promise<AccessWorld> {
  const shop = await home.business()
  const dispatcher = await shop.staff('dispatcher', 'Dana Reyes')
  const worker = await shop.staff('worker', 'Marek Nowak')
  const customers = { dockside: await shop.customer('Dockside Lettings'), quay: await shop.customer('Quay Apartments') }
  const templates = {
    repair: await shop.template({ name: 'Repair' }),
    inspection: await shop.template({ name: 'Inspection', offered: false }),
  }
  const addContact = async (name: string) =>
    (await dispatcher.ok('addContact', { customer: customers.dockside, name })).id
  const contacts = { ana: await addContact('Ana Ruiz'), ben: await addContact('Ben Okoye') }
  const actAs = async (name: string, contact: string) => {
    const person = await shop.portalUser({ name })
    await linkToContact(home, shop.id, person.id, { customer: customers.dockside, contact })
    return person
  }
  const group = await shop.owner.ok('createPermissionGroup', { name: 'Tenants', permissions: { viewTickets: true } })
  const world = { shop, dispatcher, worker, customers, contacts, templates, group: group.id, records: [] }
  const users = {
    naveed: await shop.portalUser({ name: 'Naveed Aslam', customers: [customers.dockside] }),
    olga: await shop.portalUser({ name: 'Olga Brandt', customers: [customers.quay] }),
    ana: await actAs('Ana Ruiz', contacts.ana),
    ben: await actAs('Ben Okoye', contacts.ben),
  }
  return { ...world, users, records: await addRecords(world) }
}

async function addRecords({
  dispatcher,
  customers: { dockside, quay },
  contacts: { ana, ben },
  templates: { repair, inspection },
}: Omit<AccessWorld, 'users'>): Promise<AccessWorld['records']> {
  const records: AccessWorld['records'] = []
  for (const [customer, template] of [
    [dockside, repair],
    [dockside, inspection],
    [quay, repair],
  ] as const) {
    const { id } = await dispatcher.ok('createJob', { customer, template, address: '1 Lockside' })
    records.push({ kind: 'job', id, number: (await dispatcher.ok('getJob', { job: id })).number })
  }
  for (const [customer, more] of [
    [dockside, { contact: ana }],
    [dockside, { contact: ben, participants: [ana] as string[] }],
    [dockside, { contact: ben }],
    [dockside, {}],
    [quay, {}],
  ] as const) {
    const { id } = await dispatcher.ok('createTicket', { customer, subject: 'The gate does not open', ...more })
    records.push({ kind: 'ticket', id, number: (await dispatcher.ok('getTicket', { ticket: id })).number })
  }
  return records
}

export interface Seen {
  /** Ids of records that open, and of those that the list, the search and the counts have. */
  opened: string[]
  listed: string[]
  found: string[]
  counted: { jobs: number; tickets: number }
  /** Lines of the file of tickets. */
  exported: number
}

/** What a browser gets of these records from the API of the portal. */
export async function look(person: Person, records: AccessWorld['records']): Promise<Seen> {
  const opened: string[] = []
  const found: string[] = []
  for (const { kind, id, number } of records) {
    const search = { search: String(number) }
    const [detail, hits] =
      kind === 'job'
        ? [await person.call('getPortalJob', { job: id }), await person.call('listPortalJobs', search)]
        : [await person.call('getPortalTicket', { ticket: id }), await person.call('listPortalTickets', search)]
    if (detail.status === 200) opened.push(id)
    if (hits.status === 200 && hits.body.rows.some((row: { id: string }) => row.id === id)) found.push(id)
  }
  const jobs = await person.call('listPortalJobs', {})
  const tickets = await person.call('listPortalTickets', {})
  const ids = ({ status, body }: { status: number; body: { rows: { id: string }[] } }) =>
    status === 200 ? body.rows.map(({ id }) => id) : []
  const overview = await person.call('getPortalJobsOverview', {})
  const counts = await person.call('countPortalTickets', {})
  const file = await person.call('exportPortalTickets', {})
  return {
    opened,
    listed: [...ids(jobs), ...ids(tickets)],
    found,
    counted: {
      jobs: overview.status === 200 ? overview.body.counts.all : 0,
      tickets: counts.status === 200 ? counts.body.all : 0,
    },
    exported: file.status === 200 ? file.text.trim().split('\n').length - 1 : 0,
  }
}

export const explain = ({ shop }: AccessWorld, kind: RecordKind, record: string, user?: string) =>
  shop.owner.ok('explainRecordAccess', { kind, record, ...(user && { user }) })

/** A secure link, with the token that opens it. */
export async function addLink(
  { dispatcher }: AccessWorld,
  link: { customer: string; contact?: string; record?: object },
) {
  const { id } = await dispatcher.ok('createSecureLink', link as never)
  const { rows } = await dispatcher.ok('listSecureLinks', { customer: link.customer })
  const { url } = rows.find((row) => row.id === id)!
  return { id, token: url!.split('/').at(-1)! }
}

/** Own values of the permissions to see jobs and tickets; null: not set. */
const toPermissions = ([viewJobs, viewTickets]: [boolean | null, boolean | null]) =>
  viewJobs === null && viewTickets === null
    ? null
    : JSON.stringify({ ...(viewJobs !== null && { viewJobs }), ...(viewTickets !== null && { viewTickets }) })

/** What decides, as a property test chooses it. */
interface Given {
  people: [
    ...{
      status: string
      group: string | null
      onLink: [boolean | null, boolean | null]
      onUser: [boolean | null, boolean | null]
      mode: string
      template: boolean
    }[],
  ]
  enabled: boolean
  hides: boolean
  archived: boolean
  switches: [boolean, boolean]
  lock: string
  held: boolean
  /** Whether the customer has no portal user, so that its link may open. */
  isAlone: boolean
}

/** Writes what decides straight into the database. */
export async function arrange(here: AccessWorld, groups: ReadonlyMap<string, string>, given: Given): Promise<void> {
  const { id: account } = here.shop
  await home.stored(async (db) => {
    for (const [index, user] of Object.values(here.users).entries()) {
      const { status, group, onLink, onUser, mode, template } = given.people[index]!
      await db
        .updateTable('portal_users')
        .set({
          status: given.isAlone ? 'removed' : status,
          permissions: toPermissions(onUser),
          templates_mode: mode,
          templates: template ? [here.templates.inspection] : [here.templates.repair],
        })
        .where('account_id', '=', account)
        .where('id', '=', user.id)
        .execute()
      await db
        .updateTable('portal_links')
        .set({ group_id: group && groups.get(group)!, permissions: toPermissions(onLink) })
        .where('account_id', '=', account)
        .where('portal_user_id', '=', user.id)
        .execute()
    }
    const [viewJobs, viewTickets] = given.switches
    await db
      .updateTable('portal_settings')
      .set({
        enabled: given.enabled,
        hide_jobs_of_other_templates: given.hides,
        switches: JSON.stringify({ viewJobs, viewTickets }),
        lock_mode: given.lock,
      })
      .where('account_id', '=', account)
      .execute()
    await db
      .updateTable('customers')
      .set({ status: given.archived ? 'archived' : 'active', link_held: given.held })
      .where('account_id', '=', account)
      .where('id', '=', here.customers.dockside)
      .execute()
  })
}
