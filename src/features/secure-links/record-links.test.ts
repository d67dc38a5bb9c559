/** Links that open one ticket and nothing else: what they open, for whom, and until when. */
import { describe, expect, it } from 'vitest'
import {
  createLinkWorld,
  enterStage,
  home,
  linkAsContact,
  open,
  seen,
  STAGES,
  tokenOf,
  visit,
  type LinkWorld,
} from './secure-links.fixtures.ts'

const recordOf = ({ tickets }: LinkWorld, name: keyof LinkWorld['tickets'] = 'ana') => ({
  record: { kind: 'ticket' as const, id: tickets[name] },
})
/** The link to Ana's ticket: for Ana, or for whoever has it. */
const ticketToken = (world: LinkWorld, contact?: string, more: object = {}) =>
  tokenOf(world, contact, { ...recordOf(world), ...more })

async function visitTicket(world: LinkWorld, contact?: string) {
  const browser = world.shop.visitor()
  expect(await browser.ok('openSecureLink', { token: await ticketToken(world, contact) })).toEqual({
    outcome: 'opened',
    ...recordOf(world),
  })
  return browser
}

async function letRecordLinksOpen({ shop }: LinkWorld) {
  const { version } = await shop.owner.ok('getPortalSettings')
  await shop.owner.ok('updatePortalSettings', { version, recordLinksAlone: true })
}

/** Ana's ticket alone, which is all that she has. */
const ONE_TICKET = 'own tickets'

describe('a link to one ticket', () => {
  it('RS-05 opens that ticket: in lists, counts, search and exports there is nothing else', async () => {
    const world = await createLinkWorld()
    const browser = await visitTicket(world)
    const { ana } = world.tickets
    expect((await browser.ok('listPortalTickets')).rows.map(({ id }) => id)).toEqual([ana])
    expect((await browser.ok('listPortalTickets', { search: 'gate' })).rows.map(({ id }) => id)).toEqual([ana])
    expect(await browser.ok('countPortalTickets')).toMatchObject({ all: 1 })
    expect((await browser.call('exportPortalTickets')).text.trim().split('\n')).toHaveLength(2)
    expect((await browser.call('getPortalTicket', { ticket: world.tickets.ben })).status).toBe(404)
    expect((await browser.call('getPortalJob', { job: world.job })).status).toBe(404)
    expect((await browser.call('listPortalJobs')).status).toBe(404)
  })

  it('RS-05 lets its visitor reply, and creates no ticket that they would not see', async () => {
    const world = await createLinkWorld()
    const browser = await visitTicket(world, world.contacts.ana)
    const { ana: ticket } = world.tickets
    await browser.ok('addPortalTicketComment', { ticket, body: 'It rattles.' })
    const { comments } = await browser.ok('getPortalTicket', { ticket })
    expect(comments.map(({ body, by }) => [body, by.kind])).toEqual([['It rattles.', 'you']])
    const portal = await browser.ok('getPortal')
    expect(portal.visitor).toMatchObject({ name: 'Ana Ruiz', can: { createTickets: false, viewJobs: false } })
    expect((await browser.call('createPortalTicket', { subject: 'Leak' })).body.code).toBe('creatingTicketsNotAllowed')
    expect((await browser.call('addPortalTicketComment', { ticket: world.tickets.ben, body: 'x' })).status).toBe(404)
  })

  for (const stage of STAGES)
    for (const isAlone of [false, true]) {
      const opens = stage === 'P0' || isAlone
      const setting = isAlone ? 'the business lets ticket links open' : 'as it is'
      it(`RS-06 ${stage} × ticket link, ${setting}: ${opens ? 'that ticket' : 'the password first'}`, async () => {
        const world = await createLinkWorld()
        if (isAlone) await letRecordLinksOpen(world)
        const [ticket, whole] = [await ticketToken(world), await tokenOf(world)]
        await enterStage(world, stage)
        const browser = world.shop.visitor()
        const { outcome, record } = (await open(browser, ticket)).body
        // Also who signs in first goes on to the ticket.
        expect([outcome, record]).toEqual([opens ? 'opened' : 'password', recordOf(world).record])
        if (opens) expect((await browser.ok('listPortalTickets')).rows).toHaveLength(1)
        const byCustomerLink = (await open(world.shop.visitor(), whole)).body.outcome
        expect(byCustomerLink).toBe(stage === 'P0' ? 'opened' : 'password')
      })
    }

  it('RS-06 stays closed where a password is always required, links are off or the portal user left', async () => {
    const world = await createLinkWorld()
    const { dispatcher, customer, shop } = world
    await letRecordLinksOpen(world)
    const token = await ticketToken(world)
    const answers = []
    for (const lockMode of ['password', 'closed', null] as const) {
      await dispatcher.ok('updateLinkLock', { customer, lockMode })
      const { body } = await open(shop.visitor(), token)
      answers.push(body.outcome ?? body.code)
    }
    const user = await enterStage(world, 'P1')
    await shop.owner.ok('removePortalUser', { user: user!.id })
    answers.push((await open(shop.visitor(), token)).body.code)
    answers.push((await dispatcher.ok('listSecureLinks', { customer })).recordState)
    expect(answers).toEqual(['password', 'linkClosed', 'opened', 'linkReplaced', 'held'])
  })

  it('RS-08 ends for a contact once the ticket is somebody else’s, and goes on for a participant', async () => {
    const world = await createLinkWorld()
    const { dispatcher, contacts, tickets, shop } = world
    // Not the main contact, who sees every ticket.
    const token = await tokenOf(world, contacts.ben, recordOf(world, 'ben'))
    const browser = shop.visitor()
    await browser.ok('openSecureLink', { token })
    const give = async (participants: string[]) => {
      const { version } = await dispatcher.ok('getTicket', { ticket: tickets.ben })
      await dispatcher.ok('updateTicket', { ticket: tickets.ben, version, contact: contacts.ana, participants })
    }
    await give([contacts.ben])
    expect((await browser.ok('listPortalTickets')).rows).toHaveLength(1)
    await give([])
    expect(await seen(browser, world)).toBe('signed out')
    expect((await open(shop.visitor(), token)).body.code).toBe('linkRevoked')
  })

  it('PS-44 goes to who sees the ticket alone: not to other contacts, nor for tickets of other customers', async () => {
    const world = await createLinkWorld()
    const other = await createLinkWorld(world.shop)
    const { dispatcher, customer, contacts } = world
    const create = async (input: object) => (await dispatcher.call('createSecureLink', { customer, ...input })).status
    expect(await create({ contact: contacts.ben, ...recordOf(world) })).toBe(422)
    expect(await create(recordOf(other))).toBe(422)
    expect(await create({ contact: contacts.ben, ...recordOf(world, 'ben') })).toBe(201)
  })

  it('PS-44 is listed with recipient, expiry and last use, lives as long as chosen, and is revoked', async () => {
    const world = await createLinkWorld()
    const { dispatcher, customer, contacts, shop } = world
    const browser = await visitTicket(world, contacts.ana)
    const day = await ticketToken(world, undefined, { days: 1 })
    const { rows } = await dispatcher.ok('listSecureLinks', { customer })
    const ofAna = rows.find(({ contact }) => contact !== null)!
    expect(ofAna).toMatchObject({
      scope: 'record',
      contact: { name: 'Ana Ruiz' },
      record: { kind: 'ticket', id: world.tickets.ana },
      lastUsedAt: home.clock.now().toISOString(),
    })
    expect(ofAna.record!.title).toMatch(/^#\d+ The gate does not open$/)
    expect(await seen(browser, world)).toBe(ONE_TICKET)
    await dispatcher.ok('revokeSecureLink', { customer, secureLink: ofAna.id })
    expect(await seen(browser, world)).toBe('signed out')
    home.clock.advance(23 * 3600_000)
    expect((await shop.visitor().ok('getSecureLink', { token: day })).status).toBe('open')
    home.clock.advance(2 * 3600_000)
    expect((await open(shop.visitor(), day)).body.code).toBe('linkExpired')
  })
})

describe('a session meets a link to one ticket', () => {
  it('RS-19 visitor of the customer: stays as they are, and goes to the ticket', async () => {
    const world = await createLinkWorld()
    const browser = await visit(world)
    expect((await open(browser, await ticketToken(world))).body).toEqual({ outcome: 'stayed', ...recordOf(world) })
    expect(await seen(browser, world)).toBe('everything')
  })

  it('RS-19 visitor as Ben: the session ends, and the ticket opens alone', async () => {
    const world = await createLinkWorld()
    const browser = await visit(world, world.contacts.ben)
    expect((await open(browser, await ticketToken(world))).body.outcome).toBe('opened')
    expect(await seen(browser, world)).toBe(ONE_TICKET)
  })

  it('RS-19 portal user as Ben: stays as they are, and the link to Ana’s ticket widens nothing', async () => {
    const world = await createLinkWorld()
    const token = await ticketToken(world)
    const user = await world.shop.portalUser()
    await linkAsContact(world.shop, user, world.customer, world.contacts.ben)
    expect((await open(user, token)).body.outcome).toBe('stayed')
    expect((await user.call('getPortalTicket', { ticket: world.tickets.ana })).status).toBe(404)
  })
})
