/** Tickets in the portal: who sees which, and what customers do with them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { send, type Person } from '../../../../test/test-server.ts'
import { upload } from '../../jobs/jobs.fixtures.ts'
import { addTicket, createTicketWorld, home, ticketIds, type TicketWorld } from '../tickets.fixtures.ts'

const moveByOffice = async ({ dispatcher }: TicketWorld, ticket: string, to: string) => {
  const { version } = await dispatcher.ok('getTicket', { ticket })
  await dispatcher.ok('changeTicketStatus', { ticket, version, to: to as never })
}
const status = async (person: Person, ticket: string) => (await person.call('getPortalTicket', { ticket })).status
const download = ({ shop }: TicketWorld, person: Person, file: string) =>
  send({
    port: home.port,
    host: `${shop.slug}.localhost:${home.port}`,
    method: 'GET',
    path: `/api/v1/portal/${shop.slug}/files/${file}`,
    cookies: person.cookies,
  })

describe('tickets in the portal', () => {
  it("RS-03 RS-08 a contact sees their own tickets, not a colleague's and not those without a contact", async () => {
    const world = await createTicketWorld()
    const { contacts, ana, ben, naveed } = world
    const ofAna = await addTicket(world, { contact: contacts.ana })
    const ofBen = await addTicket(world, { contact: contacts.ben })
    const ofNobody = await addTicket(world)
    expect([await ticketIds(ana), await ticketIds(ben)]).toEqual([[ofAna], [ofBen]])
    expect((await ticketIds(naveed)).sort()).toEqual([ofAna, ofBen, ofNobody].sort())
    expect(await Promise.all([ofAna, ofBen, ofNobody].map((ticket) => status(ana, ticket)))).toEqual([200, 404, 404])
  })

  it('RS-04 what a contact may not see is answered like an id that never was, by every operation', async () => {
    const world = await createTicketWorld()
    const { contacts, ana } = world
    const hidden = await addTicket(world, { contact: contacts.ben, subject: 'Secret boiler' })
    const absent = crypto.randomUUID()
    const bare = ({ status: code, text }: { status: number; text: string }) =>
      `${code} ${text.replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, 'id').replace(/"requestId":"[^"]*"/, '')}`
    for (const attempt of [
      (ticket: string) => ana.call('getPortalTicket', { ticket }),
      (ticket: string) => ana.call('addPortalTicketComment', { ticket, body: 'Hello' }),
      (ticket: string) => ana.call('closePortalTicket', { ticket }),
      (ticket: string) => ana.call('reopenPortalTicket', { ticket }),
    ])
      expect(bare(await attempt(hidden))).toBe(bare(await attempt(absent)))
    expect(await ticketIds(ana, { search: 'boiler' })).toEqual([])
    expect(await ana.ok('countPortalTickets', { search: 'boiler' })).toEqual({ all: 0, open: 0, closed: 0 })
    expect((await ana.call('listPortalJobs')).status).toBe(404)
  })

  it('a participant sees the ticket, its conversation and its files until they no longer take part', async () => {
    const world = await createTicketWorld()
    const { contacts, ana, ben, dispatcher, shop } = world
    const ticket = await addTicket(world, { contact: contacts.ana, participants: [contacts.ben] })
    const file = (await upload(ana, `/portal/${shop.slug}/files`)).body.id
    await ana.ok('addPortalTicketComment', { ticket, body: 'It hums.', files: [file] })
    const seen = await ben.ok('getPortalTicket', { ticket })
    expect(seen.comments.map(({ body, by }) => [body, by.name])).toEqual([['It hums.', 'Ana Ruiz']])
    expect(seen.files.map(({ id, comment }) => [id, comment])).toEqual([[file, seen.comments[0]!.id]])
    expect((await download(world, ben, file)).status).toBe(200)
    const { version } = await dispatcher.ok('getTicket', { ticket })
    await dispatcher.ok('updateTicket', { ticket, version, participants: [] })
    expect([await status(ben, ticket), (await download(world, ben, file)).status]).toEqual([404, 404])
    expect([await ticketIds(ben), await status(ana, ticket)]).toEqual([[], 200])
  })

  it('a ticket given to another contact disappears for the first and appears for the second at once', async () => {
    const world = await createTicketWorld()
    const { contacts, ana, ben, dispatcher } = world
    const ticket = await addTicket(world, { contact: contacts.ana })
    await dispatcher.ok('addTicketComment', { ticket, audience: 'customer', body: 'We are on our way.' })
    const { version } = await dispatcher.ok('getTicket', { ticket })
    await dispatcher.ok('updateTicket', { ticket, version, contact: contacts.ben })
    expect([await ticketIds(ana), await ticketIds(ben)]).toEqual([[], [ticket]])
    expect((await ben.ok('getPortalTicket', { ticket })).comments).toHaveLength(1)
  })

  it('a ticket that a contact creates is theirs, whatever contact or customer the request names', async () => {
    const world = await createTicketWorld()
    const { contacts, ana, naveed, shop } = world
    const other = await shop.customer('Somebody else')
    for (const given of [
      { contact: contacts.ben },
      { participants: [contacts.ben] },
      { customer: other },
      { contact: crypto.randomUUID() },
    ])
      expect((await ana.call('createPortalTicket', { subject: 'x', ...given })).status).toBe(422)
    const { id } = await ana.ok('createPortalTicket', { subject: 'The gate sticks' })
    expect(await ticketIds(ana)).toEqual([id])
    expect((await naveed.ok('getPortalTicket', { ticket: id })).contact?.name).toBe('Ana Ruiz')
  })

  it('who acts for the whole customer creates a ticket for a colleague, who sees it', async () => {
    const world = await createTicketWorld()
    const { contacts, naveed, ana, ben } = world
    const { customers } = await naveed.ok('getPortalTicketOptions')
    expect(customers[0]!.contacts.map(({ name }) => name).sort()).toEqual(['Ana Ruiz', 'Ben Okoye'])
    expect((await ana.ok('getPortalTicketOptions')).customers[0]!.contacts).toEqual([])
    const { id } = await naveed.ok('createPortalTicket', {
      subject: 'Ana has no heating',
      contact: contacts.ana,
      participants: [contacts.ben],
      priority: 'urgent',
    })
    expect([await ticketIds(ana), await ticketIds(ben)]).toEqual([[id], [id]])
  })

  it('internal notes, their files, tags and assignees never reach the portal, nor does a search find by them', async () => {
    const world = await createTicketWorld()
    const { dispatcher, naveed, shop } = world
    const ticket = await addTicket(world, { tags: ['verydifficult'], assignee: dispatcher.id })
    const file = (await upload(dispatcher, `/office/${shop.slug}/files`, { name: 'margin.txt' })).body.id
    await dispatcher.ok('addTicketComment', { ticket, audience: 'internal', body: 'Bad payer', files: [file] })
    const { text } = await naveed.call('getPortalTicket', { ticket })
    for (const secret of ['verydifficult', 'Bad payer', 'margin.txt', 'assign']) expect(text).not.toContain(secret)
    expect((await download(world, naveed, file)).status).toBe(404)
    expect(await ticketIds(naveed, { search: 'verydifficult' })).toEqual([])
    expect((await dispatcher.ok('getTicket', { ticket })).files.map(({ name }) => name)).toEqual(['margin.txt'])
  })

  it('customers close and reopen; a reply opens a ticket that waits for it or is resolved, and a closed one refuses it', async () => {
    const world = await createTicketWorld()
    const { naveed } = world
    const ticket = await addTicket(world)
    const reply = () => naveed.call('addPortalTicketComment', { ticket, body: 'Hello' })
    const current = async () => (await naveed.ok('getPortalTicket', { ticket })).status
    for (const [from, after] of [
      ['open', 'open'],
      ['onHold', 'onHold'],
      ['waiting', 'open'],
      ['resolved', 'open'],
    ] as const) {
      if ((await current()) !== from) await moveByOffice(world, ticket, from)
      expect((await reply()).status).toBe(201)
      expect(await current()).toBe(after)
      if (after === 'onHold') await moveByOffice(world, ticket, 'open')
    }
    await naveed.ok('closePortalTicket', { ticket })
    expect((await naveed.ok('getPortalTicket', { ticket })).can).toEqual({
      reply: false,
      close: false,
      reopen: true,
      setPriority: false,
      addParticipants: false,
    })
    expect(await reply()).toMatchObject({ status: 409, body: { code: 'ticketClosed' } })
    expect(await naveed.call('closePortalTicket', { ticket })).toMatchObject({
      status: 409,
      body: { code: 'ticketTransitionNotAllowed' },
    })
    await naveed.ok('reopenPortalTicket', { ticket })
    expect(await current()).toBe('open')
    expect((await naveed.ok('getPortalTicket', { ticket })).history.map(({ to }) => to)).toEqual([
      null,
      'open',
      'onHold',
      'open',
      'waiting',
      'open',
      'resolved',
      'open',
      'closed',
      'open',
    ])
  })

  it('of two people who close a ticket at once, one is told that it is closed', async () => {
    const world = await createTicketWorld()
    const ticket = await addTicket(world, { contact: world.contacts.ana })
    const replies = await Promise.all(
      [world.naveed, world.ana].map((person) => person.call('closePortalTicket', { ticket })),
    )
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 409])
  })

  it('PS-13 for anybody, what is listed = opens = is found = is counted', async () => {
    const world = await createTicketWorld()
    const { shop, customer, contacts, naveed, ana, ben, worker, dispatcher } = world
    const otherCustomer = await shop.customer('Somebody else')
    const several = await shop.portalUser({ customers: [customer, otherCustomer] })
    const people = fc.constantFrom(contacts.ana, contacts.ben)
    const ticketFacts = fc.record({
      isOther: fc.boolean(),
      contact: fc.option(people),
      participants: fc.subarray([contacts.ana, contacts.ben]),
      isAssigned: fc.boolean(),
    })
    const all: { id: string; sees: Person[] }[] = []
    for (const [facts] of fc.sample(fc.tuple(ticketFacts), { numRuns: 25, seed: 7 })) {
      const { isOther, contact, participants, isAssigned } = facts!
      const id = await addTicket(world, {
        customer: isOther ? otherCustomer : customer,
        ...(!isOther && { contact, participants }),
        ...(isAssigned && { assignee: worker.id }),
        subject: 'Findable',
      })
      const taking = isOther ? [] : [contact, ...participants]
      all.push({
        id,
        sees: [
          several,
          dispatcher,
          ...(isOther ? [] : [naveed]),
          ...(taking.includes(contacts.ana) ? [ana] : []),
          ...(taking.includes(contacts.ben) ? [ben] : []),
          ...(isAssigned ? [worker] : []),
        ],
      })
    }
    for (const person of [naveed, ana, ben, several, worker, dispatcher]) {
      const isStaff = person === worker || person === dispatcher
      const expected = all.filter(({ sees }) => sees.includes(person)).map(({ id }) => id)
      expect(expected.length).toBeGreaterThan(0)
      const page = async (search?: string) =>
        (
          await (isStaff
            ? person.ok('listTickets', { limit: 100, ...(search && { search }) })
            : person.ok('listPortalTickets', { limit: 100, ...(search && { search }) }))
        ).rows.map(({ id }) => id)
      const opens = async (ticket: string) =>
        (await (isStaff ? person.call('getTicket', { ticket }) : person.call('getPortalTicket', { ticket }))).status
      const opened = (await Promise.all(all.map(async ({ id }) => ((await opens(id)) === 200 ? [id] : [])))).flat()
      const { all: count } = isStaff ? await person.ok('countTickets') : await person.ok('countPortalTickets')
      expect((await page()).sort()).toEqual(expected.sort())
      expect((await page('findable')).sort()).toEqual(expected)
      expect(opened.sort()).toEqual(expected)
      expect(count).toBe(expected.length)
    }
  })

  it('pages of a list follow each other onward and back, last changed first', async () => {
    const world = await createTicketWorld()
    const { naveed, contacts, ana } = world
    const made: string[] = []
    for (let index = 0; index < 5; index++) {
      home.clock.advance(1_000)
      made.push(await addTicket(world, { contact: contacts.ana }))
    }
    home.clock.advance(1_000)
    await ana.ok('addPortalTicketComment', { ticket: made[0]!, body: 'Any news?' })
    const order = [made[0], ...made.slice(1).reverse()]
    for (const person of [naveed, ana]) {
      const first = await person.ok('listPortalTickets', { limit: 2 })
      const second = await person.ok('listPortalTickets', { limit: 2, cursor: first.next! })
      const third = await person.ok('listPortalTickets', { limit: 2, cursor: second.next! })
      expect([first, second, third].flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(order)
      expect(third.next).toBeNull()
      const back = await person.ok('listPortalTickets', { limit: 2, cursor: third.previous! })
      expect(back.rows).toEqual(second.rows)
    }
  })
})
