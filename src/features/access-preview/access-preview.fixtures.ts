/** What tests of previews share: two customers with portal users of every scope, one with a secure link, jobs and tickets. */
import { linkToContact } from '../../../test/access-tickets.fixtures.ts'
import { startTestServer, type Business, type OperationName, type Person } from '../../../test/test-server.ts'

export const home = await startTestServer()

export interface PreviewWorld {
  shop: Business
  customers: { dockside: string; quay: string; lone: string }
  contacts: { ana: string; ben: string }
  templates: { repair: string; inspection: string }
  /** A group of its own: ben has it. */
  group: string
  /** Naveed acts for Dockside and Quay; Olga for Quay; Ana and Ben are contacts of Dockside. */
  users: { naveed: Person; olga: Person; ana: Person; ben: Person }
  /** The secure link of a customer without portal users. */
  link: { id: string; token: string }
}

export async function createPreviewWorld(): Promise<PreviewWorld> {
  const shop = await home.business({ public: false })
  const dispatcher = await shop.staff('dispatcher', 'Dana Reyes')
  const customers = {
    dockside: await shop.customer('Dockside Lettings'),
    quay: await shop.customer('Quay Apartments'),
    lone: await shop.customer('Lone Cottage'),
  }
  const templates = {
    repair: await shop.template({ name: 'Repair' }),
    inspection: await shop.template({ name: 'Inspection' }),
  }
  const addContact = async (name: string) =>
    (await dispatcher.ok('addContact', { customer: customers.dockside, name })).id
  const contacts = { ana: await addContact('Ana Ruiz'), ben: await addContact('Ben Okoye') }
  await addRecords(dispatcher, customers, contacts, templates)
  const { id: group } = await shop.owner.ok('createPermissionGroup', {
    name: 'Tenants',
    permissions: { viewTickets: true, replyTickets: true },
  })
  const users = await addUsers(shop, customers, contacts)
  const [link] = (await shop.owner.ok('getPortalUser', { user: users.ben.id })).links
  await shop.owner.ok('updatePortalLink', { user: users.ben.id, link: link!.id, group })
  return { shop, customers, contacts, templates, group, users, link: await addLink(dispatcher, customers.lone) }
}

async function addRecords(
  dispatcher: Person,
  { dockside, quay, lone }: PreviewWorld['customers'],
  { ana, ben }: PreviewWorld['contacts'],
  { repair, inspection }: PreviewWorld['templates'],
): Promise<void> {
  const addJob = (customer: string, template: string) =>
    dispatcher.ok('createJob', { customer, template, address: '1 Lockside' })
  for (const [customer, template] of [
    [dockside, repair],
    [dockside, inspection],
    [quay, repair],
    [lone, inspection],
  ] as const)
    await addJob(customer, template)
  const addTicket = (customer: string, contact?: string) =>
    dispatcher.ok('createTicket', { customer, subject: 'The gate does not open', ...(contact && { contact }) })
  for (const contact of [ana, ana, ben, undefined]) await addTicket(dockside, contact)
  await addTicket(quay)
  await addTicket(lone)
}

async function addUsers(
  shop: Business,
  { dockside, quay }: PreviewWorld['customers'],
  contacts: PreviewWorld['contacts'],
): Promise<PreviewWorld['users']> {
  const actAs = async (name: string, contact: string) => {
    const person = await shop.portalUser({ name })
    await linkToContact(home, shop.id, person.id, { customer: dockside, contact })
    return person
  }
  return {
    naveed: await shop.portalUser({ name: 'Naveed Aslam', customers: [dockside, quay] }),
    olga: await shop.portalUser({ name: 'Olga Brandt', customers: [quay] }),
    ana: await actAs('Ana Ruiz', contacts.ana),
    ben: await actAs('Ben Okoye', contacts.ben),
  }
}

async function addLink(dispatcher: Person, customer: string): Promise<PreviewWorld['link']> {
  const { id } = await dispatcher.ok('createSecureLink', { customer })
  const { rows } = await dispatcher.ok('listSecureLinks', { customer })
  return { id, token: rows[0]!.url!.split('/').at(-1)! }
}

export const previewChange = (
  { shop }: PreviewWorld,
  operation: OperationName,
  input: Record<string, unknown>,
  who: Person = shop.owner,
) => who.ok('previewAccess', { operation: operation as never, input })

/** What one person sees through the API: whether they enter, how many records, and what they may do with them. */
async function look(person: Person) {
  const { currentUser, visitor } = await person.ok('getPortal')
  if (!currentUser && !visitor) return { enters: false, job: 0, ticket: 0, books: false, creates: false }
  const jobs = await person.call('listPortalJobs', {})
  const tickets = await person.call('listPortalTickets', {})
  return {
    enters: true,
    job: jobs.status === 200 ? jobs.body.rows.length : 0,
    ticket: tickets.status === 200 ? tickets.body.rows.length : 0,
    books: (await person.call('getBookingOptions', {})).status === 200,
    creates: tickets.status === 200 && tickets.body.can.create,
  }
}

export type Seen = Awaited<ReturnType<typeof look>>

/** What everybody sees, by name: portal users in their sessions, the link as it is opened anew. */
export async function lookAsEverybody({ shop, users, link }: PreviewWorld): Promise<Record<string, Seen>> {
  const browser = shop.visitor()
  await browser.call('openSecureLink', { token: link.token })
  return {
    'Naveed Aslam': await look(users.naveed),
    'Olga Brandt': await look(users.olga),
    'Ana Ruiz': await look(users.ana),
    'Ben Okoye': await look(users.ben),
    'Lone Cottage': await look(browser),
  }
}
