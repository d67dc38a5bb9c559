/** What tests of tickets share: a customer with contacts, and portal users for the customer and for single contacts. */
import { linkToContact } from '../../../test/access-tickets.fixtures.ts'
import { startTestServer, type Business, type Person } from '../../../test/test-server.ts'

export const home = await startTestServer()

export interface TicketWorld {
  shop: Business
  customer: string
  dispatcher: Person
  worker: Person
  /** Acts for the whole customer. */
  naveed: Person
  /** Acts for one contact. */
  ana: Person
  ben: Person
  contacts: { ana: string; ben: string }
}

export async function createTicketWorld(): Promise<TicketWorld> {
  const shop = await home.business()
  const customer = await shop.customer('Dockside Lettings')
  const addContact = async (name: string) => (await shop.owner.ok('addContact', { customer, name })).id
  const contacts = { ana: await addContact('Ana Ruiz'), ben: await addContact('Ben Okoye') }
  const actAs = async (name: string, contact: string) => {
    const person = await shop.portalUser({ name })
    await linkToContact(home, shop.id, person.id, { customer, contact })
    return person
  }
  return {
    shop,
    customer,
    contacts,
    dispatcher: await shop.staff('dispatcher', 'Dana Reyes'),
    worker: await shop.staff('worker', 'Marek Nowak'),
    naveed: await shop.portalUser({ name: 'Naveed Aslam', customers: [customer] }),
    ana: await actAs('Ana Ruiz', contacts.ana),
    ben: await actAs('Ben Okoye', contacts.ben),
  }
}

/** Creates a ticket as the office and answers its id. */
export const addTicket = async ({ dispatcher, customer }: TicketWorld, more: object = {}): Promise<string> =>
  (await dispatcher.ok('createTicket', { customer, subject: 'The gate does not open', ...more })).id

export const ticketIds = async (person: Person, input: Parameters<typeof list>[1] = {}): Promise<string[]> =>
  (await list(person, input)).rows.map(({ id }) => id)

const list = (person: Person, input: { search?: string; group?: 'open' | 'closed' }) =>
  person.ok('listPortalTickets', input)
