/** What tests of secure links share: a customer with two contacts, jobs and tickets, and no portal user. */
import { linkToContact } from '../../../test/access-tickets.fixtures.ts'
import { startTestServer, type Business, type Person } from '../../../test/test-server.ts'

export const home = await startTestServer()

export interface LinkWorld {
  shop: Business
  dispatcher: Person
  customer: string
  contacts: { ana: string; ben: string }
  job: string
  tickets: { ana: string; ben: string; nobody: string }
}

export async function createLinkWorld(shop?: Business): Promise<LinkWorld> {
  const business = shop ?? (await home.business())
  const dispatcher = await business.staff('dispatcher', 'Dana Reyes')
  const customer = await business.customer('Dockside Lettings')
  const addContact = async (name: string, email: string) =>
    (await dispatcher.ok('addContact', { customer, name, email })).id
  const contacts = {
    ana: await addContact('Ana Ruiz', `ana.${customer}@post.example`),
    ben: await addContact('Ben Okoye', `ben.${customer}@post.example`),
  }
  const template = await business.template()
  const { id: job } = await dispatcher.ok('createJob', { customer, template, address: '1 Lockside' })
  const addTicket = async (contact?: string) =>
    (await dispatcher.ok('createTicket', { customer, subject: 'The gate does not open', ...(contact && { contact }) }))
      .id
  const tickets = { ana: await addTicket(contacts.ana), ben: await addTicket(contacts.ben), nobody: await addTicket() }
  return { shop: business, dispatcher, customer, contacts, job, tickets }
}

/** The token of the link of the customer, or of one contact. */
export async function tokenOf({ dispatcher, customer }: LinkWorld, contact?: string, more: object = {}) {
  const { id } = await dispatcher.ok('createSecureLink', { customer, ...(contact && { contact }), ...more })
  const { rows } = await dispatcher.ok('listSecureLinks', { customer })
  return rows
    .find((row) => row.id === id)!
    .url!.split('/')
    .at(-1)!
}

export const open = (person: Person, token: string, more: object = {}) =>
  person.call('openSecureLink', { token, ...more })

/** A browser that has opened the link. */
export async function visit(world: LinkWorld, contact?: string): Promise<Person> {
  const browser = world.shop.visitor()
  await browser.ok('openSecureLink', { token: await tokenOf(world, contact) })
  return browser
}

/** What a browser reaches now: jobs and tickets by id, or why nothing. */
export async function seen(person: Person, { job, tickets }: LinkWorld) {
  const portal = await person.ok('getPortal')
  if (!portal.currentUser && !portal.visitor) return 'signed out'
  const canOpen = async (name: 'getPortalJob' | 'getPortalTicket', input: Record<string, string>) =>
    (await person.call(name, input)).status === 200
  const opened = {
    job: await canOpen('getPortalJob', { job }),
    ana: await canOpen('getPortalTicket', { ticket: tickets.ana }),
    ben: await canOpen('getPortalTicket', { ticket: tickets.ben }),
    nobody: await canOpen('getPortalTicket', { ticket: tickets.nobody }),
  }
  const values = Object.values(opened)
  if (values.every(Boolean)) return 'everything'
  if (!opened.job && opened.ana && !opened.ben && !opened.nobody) return 'own tickets'
  return values.some(Boolean) ? JSON.stringify(opened) : 'nothing'
}

export const STAGES = ['P0', 'PU', 'P1'] as const
export type Stage = (typeof STAGES)[number]

/** Brings the customer to a stage: no portal user, one who has never activated, or one who can sign in. */
export async function enterStage({ shop, customer }: LinkWorld, stage: Stage): Promise<Person | null> {
  if (stage === 'P0') return null
  return shop.portalUser({
    name: 'Ruth Adeyemi',
    customers: [customer],
    status: stage === 'PU' ? 'invited' : 'active',
    signedIn: false,
  })
}

export const linkAsContact = (shop: Business, person: Person, customer: string, contact: string) =>
  linkToContact(home, shop.id, person.id, { customer, contact })
