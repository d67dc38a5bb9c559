/** Portal views: staff see the portal as somebody else, change nothing, and for how long. */
import { describe, expect, it } from 'vitest'
import type { Business, Person } from '../../../test/test-server.ts'
import { upload } from '../jobs/jobs.fixtures.ts'
import { addTicket, createTicketWorld, home, ticketIds } from '../tickets/tickets.fixtures.ts'
import { anyParams, MINUTE, portalOperations, startView } from './portal-views.fixtures.ts'

const rowsOf = (shop: Business) =>
  home.stored(async (db) => ({
    users: await db.selectFrom('portal_users').selectAll().where('account_id', '=', shop.id).orderBy('id').execute(),
    links: await db.selectFrom('portal_links').selectAll().where('account_id', '=', shop.id).orderBy('id').execute(),
    sessions: await db
      .selectFrom('portal_sessions')
      .selectAll()
      .where('account_id', '=', shop.id)
      .orderBy('id')
      .execute(),
    outbox: await db.selectFrom('outbox').select('id').where('account_id', '=', shop.id).orderBy('id').execute(),
  }))

const auditOf = async (shop: Business) =>
  (
    await home.stored((db) =>
      db
        .selectFrom('audit')
        .select(['event', 'actor_name', 'details'])
        .where('account_id', '=', shop.id)
        .where('event', 'like', 'portalView%')
        .orderBy('created_at')
        .orderBy('id')
        .execute(),
    )
  ).map(({ event, actor_name, details }) => [event, actor_name, (details as { name: string }).name])

/** Every read of the portal that needs no id, without those about one's own sign-in. */
const listings = portalOperations.filter(
  ([, { method, params, isPersonal, download }]) => method === 'GET' && !params && !isPersonal && !download,
)

async function expectSameAnswers(shop: Business, staff: Person, viewed: Person): Promise<void> {
  const view = await startView(shop, staff, 'portalUser', viewed.id)
  const plain = ({ status, text }: { status: number; text: string }) =>
    `${status} ${text.replace(/"requestId":"[^"]*"/, '')}`
  for (const [name] of listings)
    expect([name, plain(await view.call(name))]).toEqual([name, plain(await viewed.call(name))])
}

describe('what a portal view shows', () => {
  it('RS-17 is what the portal user sees, list by list, for every kind of portal user', async () => {
    const world = await createTicketWorld()
    const { shop, dispatcher, contacts, naveed, ana, ben } = world
    await addTicket(world, { contact: contacts.ana })
    await addTicket(world, { contact: contacts.ben, participants: [contacts.ana] })
    await addTicket(world)
    const site = await shop.site(world.customer)
    const template = await shop.template()
    await shop.owner.ok('createJob', { customer: world.customer, template, site })
    const unlinked = await shop.portalUser()
    const everything = Object.fromEntries(['viewJobs', 'viewTickets'].map((name) => [name, false]))
    const nothing = await shop.portalUser({ customers: [world.customer], permissions: everything })
    for (const viewed of [naveed, ana, ben, unlinked, nothing]) await expectSameAnswers(shop, dispatcher, viewed)
  })

  it('RS-17 opens what the person could open, with its files, and nothing else', async () => {
    const world = await createTicketWorld()
    const { shop, dispatcher, contacts, ana } = world
    const ofAna = await addTicket(world, { contact: contacts.ana })
    const ofBen = await addTicket(world, { contact: contacts.ben })
    const file = (await upload(ana, `/portal/${shop.slug}/files`)).body.id
    await ana.ok('addPortalTicketComment', { ticket: ofAna, body: 'It hums.', files: [file] })
    const view = await startView(shop, dispatcher, 'portalUser', ana.id)
    expect((await view.call('getPortalTicket', { ticket: ofAna })).text).toContain('It hums.')
    expect((await view.call('getPortalTicket', { ticket: ofBen })).status).toBe(404)
    const path = `/api/v1/office/${shop.slug}/as/${view.id}/files/${file}`
    expect((await dispatcher.request('GET', path)).status).toBe(200)
  })

  it('a customer as a whole is viewed with all of it, a contact with their own tickets', async () => {
    const world = await createTicketWorld()
    const { shop, dispatcher, contacts, customer, naveed, ana } = world
    await addTicket(world, { contact: contacts.ana })
    await addTicket(world)
    for (const [kind, id, viewed] of [
      ['customer', customer, naveed],
      ['contact', contacts.ana, ana],
    ] as const) {
      const view = await startView(shop, dispatcher, kind, id)
      const { rows } = (await view.call('listPortalTickets')).body as { rows: { id: string }[] }
      expect(rows.map((row) => row.id)).toEqual(await ticketIds(viewed))
      expect((await view.call('listPortalJobs')).status).toBe(kind === 'customer' ? 200 : 404)
    }
  })

  it('shows what the person meets who cannot get in: suspended, No access, archived, gone, moved, or portal off', async () => {
    const { shop, dispatcher, naveed, contacts, customer } = await createTicketWorld()
    const suspended = await startView(shop, dispatcher, 'portalUser', naveed.id)
    expect((await suspended.call('listPortalTickets')).status).toBe(200)
    await shop.owner.ok('suspendPortalUser', { user: naveed.id })
    expect((await suspended.call('listPortalTickets')).status).toBe(401)
    expect((await suspended.call('getPortal')).body).toMatchObject({ enabled: true, currentUser: null })
    const ofAna = await startView(shop, dispatcher, 'contact', contacts.ana)
    await shop.owner.ok('removeContact', { customer, contact: contacts.ana, portalUsers: 'suspend' })
    expect((await ofAna.call('listPortalTickets')).status).toBe(401)
    const none = (await shop.owner.ok('listPermissionGroups')).rows.find(({ kind }) => kind === 'none')!.id
    const disabled = await shop.portalUser({ customers: [customer], group: none })
    expect((await (await startView(shop, dispatcher, 'portalUser', disabled.id)).call('listPortalJobs')).status).toBe(
      401,
    )
    const whole = await startView(shop, dispatcher, 'customer', customer)
    const moved = await startView(shop, dispatcher, 'contact', contacts.ben)
    const other = await shop.customer('Elsewhere')
    await home.stored((db) =>
      db.updateTable('contacts').set({ customer_id: other }).where('id', '=', contacts.ben).execute(),
    )
    expect((await moved.call('listPortalTickets')).status).toBe(401)
    expect((await whole.call('listPortalTickets')).status).toBe(410)
    const again = await startView(shop, dispatcher, 'customer', customer)
    const { version } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, enabled: false })
    expect((await again.call('getPortal')).body).toMatchObject({ enabled: false, currentUser: null })
    expect((await again.call('listPortalTickets')).status).toBe(401)
  })

  it('an invited user is viewed as they will see the portal, and a removed one is nobody', async () => {
    const { shop, dispatcher, customer } = await createTicketWorld()
    const invited = await shop.portalUser({ status: 'invited', customers: [customer], signedIn: false })
    const view = await startView(shop, dispatcher, 'portalUser', invited.id)
    expect((await view.call('listPortalTickets')).status).toBe(200)
    await shop.owner.ok('removePortalUser', { user: invited.id })
    expect((await view.call('listPortalTickets')).status).toBe(401)
    const again = await dispatcher.call('startPortalView', { kind: 'portalUser', id: invited.id })
    expect(again.status).toBe(404)
  })
})

describe('a portal view is read only', () => {
  it('RS-17 every writing operation of the portal answers 403 with one sentence, and sets no cookie', async () => {
    const { shop, dispatcher, naveed } = await createTicketWorld()
    const view = await startView(shop, dispatcher, 'portalUser', naveed.id)
    const before = await rowsOf(shop)
    const cookies = new Map(dispatcher.cookies)
    const writing = portalOperations.filter(([, { writes }]) => writes)
    expect(writing.length).toBeGreaterThan(20)
    for (const [name, definition] of writing) {
      const reply = await view.call(name, anyParams(definition))
      expect([name, reply.status, reply.body.code]).toEqual([name, 403, 'viewAsReadOnly'])
      expect(reply.body.title).toBe('You are viewing the portal as a customer sees it. Nothing can be changed here.')
      expect(reply.headers['set-cookie']).toBeUndefined()
    }
    expect(dispatcher.cookies).toEqual(cookies)
    expect(await rowsOf(shop)).toEqual(before)
  })

  it('looking around changes no row of the person viewed, and sets no cookie', async () => {
    const world = await createTicketWorld()
    const { shop, dispatcher, naveed } = world
    const ticket = await addTicket(world)
    const before = await rowsOf(shop)
    const view = await startView(shop, dispatcher, 'portalUser', naveed.id)
    for (const [name] of listings) expect((await view.call(name)).headers['set-cookie'], name).toBeUndefined()
    await view.call('getPortalTicket', { ticket })
    expect(await rowsOf(shop)).toEqual(before)
  })

  it("a person's own sign-in is no part of a view: profile, devices, email choices", async () => {
    const { shop, dispatcher, naveed } = await createTicketWorld()
    const view = await startView(shop, dispatcher, 'portalUser', naveed.id)
    for (const name of ['getPortalProfile', 'listPortalSessions', 'getPortalEmailChoices', 'listPortalViews'] as const)
      expect([name, (await view.call(name)).status]).toEqual([name, 404])
  })
})

describe('what remains of a portal view', () => {
  it('start and end are audited with both names, also of a view that nobody left', async () => {
    const { shop, dispatcher, contacts, naveed } = await createTicketWorld()
    await startView(shop, dispatcher, 'portalUser', naveed.id)
    await startView(shop, dispatcher, 'contact', contacts.ana)
    home.clock.advance(61 * MINUTE)
    await home.app.cleanUp()
    expect(await auditOf(shop)).toEqual([
      ['portalViewStarted', 'Dana Reyes', 'Naveed Aslam'],
      ['portalViewEnded', 'Dana Reyes', 'Naveed Aslam'],
      ['portalViewStarted', 'Dana Reyes', 'Ana Ruiz'],
      ['portalViewEnded', 'Dana Reyes', 'Ana Ruiz'],
    ])
    await home.app.cleanUp()
    expect((await auditOf(shop)).length).toBe(4)
  })

  it('the person viewed and users of the whole customer see that staff looked; others do not', async () => {
    const { shop, dispatcher, customer, contacts, naveed, ana, ben } = await createTicketWorld()
    const at = home.clock.now().toISOString()
    await startView(shop, dispatcher, 'portalUser', ana.id)
    expect((await ana.ok('listPortalViews')).rows).toEqual([{ name: 'Dana', at }])
    expect((await naveed.ok('listPortalViews')).rows).toEqual([])
    await startView(shop, dispatcher, 'customer', customer)
    await startView(shop, dispatcher, 'contact', contacts.ana)
    const counts = [naveed, ana, ben].map(async (person) => (await person.ok('listPortalViews')).rows.length)
    expect(await Promise.all(counts)).toEqual([2, 2, 0])
    expect((await (await shop.portalUser()).ok('listPortalViews')).rows).toEqual([])
  })
})
