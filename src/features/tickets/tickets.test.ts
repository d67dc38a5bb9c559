/** Tickets in the office. */
import { describe, expect, it } from 'vitest'
import { send } from '../../../test/test-server.ts'
import { upload } from '../jobs/jobs.fixtures.ts'
import { addTicket, createTicketWorld, home, ticketIds, type TicketWorld } from './tickets.fixtures.ts'

const STATUSES = ['new', 'open', 'waiting', 'onHold', 'resolved', 'closed'] as const
/** From each status, where the office may move a ticket. Written down from the requirement. */
const MOVES: Record<(typeof STATUSES)[number], (typeof STATUSES)[number][]> = {
  new: ['open', 'waiting', 'onHold', 'resolved', 'closed'],
  open: ['waiting', 'onHold', 'resolved', 'closed'],
  waiting: ['open', 'onHold', 'resolved', 'closed'],
  onHold: ['open', 'waiting', 'resolved', 'closed'],
  resolved: ['open', 'closed'],
  closed: ['open'],
}

const setStatus = (ticket: string, status: string) =>
  home.stored((db) =>
    db
      .updateTable('tickets')
      .set({ status, closed_at: status === 'closed' ? home.clock.now() : null })
      .where('id', '=', ticket)
      .execute(),
  )
const officeIds = async ({ dispatcher }: TicketWorld, input: object = {}) =>
  (await dispatcher.ok('listTickets', input)).rows.map(({ id }) => id)

describe('tickets in the office', () => {
  it('the status moves as the table says, and no other way', async () => {
    const world = await createTicketWorld()
    const { dispatcher } = world
    const ticket = await addTicket(world)
    for (const from of STATUSES)
      for (const to of STATUSES) {
        await setStatus(ticket, from)
        const { version, transitions } = await dispatcher.ok('getTicket', { ticket })
        const isAllowed = MOVES[from].includes(to)
        expect(transitions.includes(to), `${from} → ${to}`).toBe(isAllowed)
        const reply = await dispatcher.call('changeTicketStatus', { ticket, version, to })
        expect(reply, `${from} → ${to}`).toMatchObject(
          isAllowed ? { status: 200 } : { status: 409, body: { code: 'ticketTransitionNotAllowed' } },
        )
      }
    await setStatus(ticket, 'new')
    const { version } = await dispatcher.ok('getTicket', { ticket })
    await dispatcher.ok('changeTicketStatus', { ticket, version, to: 'closed' })
    expect((await dispatcher.ok('getTicket', { ticket })).closedAt).toBe(home.clock.now().toISOString())
  })

  it('numbers are of the account, and a refused ticket takes none', async () => {
    const world = await createTicketWorld()
    const { dispatcher, customer } = world
    const first = await dispatcher.ok('createTicket', { customer, subject: 'One' })
    expect(
      (await dispatcher.call('createTicket', { customer, subject: 'Two', files: [crypto.randomUUID()] })).status,
    ).toBe(422)
    const second = await dispatcher.ok('createTicket', { customer, subject: 'Two' })
    expect(second.number).toBe(first.number + 1)
  })

  it('PS-36 contacts of another customer and staff of another account are refused like ids that never were', async () => {
    const world = await createTicketWorld()
    const there = await createTicketWorld()
    const { dispatcher, customer, shop } = world
    const other = await shop.customer('Somebody else')
    const { id: foreignContact } = await shop.owner.ok('addContact', { customer: other, name: 'Cleo' })
    const call = (given: object) => dispatcher.call('createTicket', { customer, subject: 'x', ...given })
    const absent = crypto.randomUUID()
    for (const [field, ids] of Object.entries({
      contact: [foreignContact, there.contacts.ana, absent],
      assignee: [there.dispatcher.id, absent],
      customer: [there.customer, absent],
    }))
      for (const id of ids)
        expect(await call({ [field]: id })).toMatchObject({
          status: 422,
          body: { fields: { [field]: { code: 'choice' } } },
        })
    expect(await call({ participants: [foreignContact] })).toMatchObject({
      status: 422,
      body: { fields: { participants: { code: 'choice' } } },
    })
    const ticket = await addTicket(world)
    expect((await dispatcher.call('updateTicket', { ticket, version: 1, contact: foreignContact })).status).toBe(422)
  })

  it('of two who edit the same version, one is told that the ticket changed', async () => {
    const world = await createTicketWorld()
    const { dispatcher, shop } = world
    const ticket = await addTicket(world)
    const replies = await Promise.all([
      dispatcher.call('updateTicket', { ticket, version: 1, subject: 'One' }),
      shop.owner.call('assignTicket', { ticket, version: 1, assignee: dispatcher.id }),
      shop.owner.call('changeTicketStatus', { ticket, version: 1, to: 'open' }),
    ])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  it('a worker sees, answers and moves tickets assigned to them, and changes nothing else', async () => {
    const world = await createTicketWorld()
    const { dispatcher, worker } = world
    const ticket = await addTicket(world, { assignee: worker.id })
    const other = await addTicket(world)
    const listed = await worker.ok('listTickets')
    expect(listed.rows).toMatchObject([{ id: ticket, customer: { name: 'Dockside Lettings' } }])
    expect(listed.can.create).toBe(false)
    await worker.ok('addTicketComment', { ticket, audience: 'internal', body: 'Ordered the part.' })
    await worker.ok('changeTicketStatus', { ticket, version: 1, to: 'onHold' })
    for (const reply of [
      await worker.call('updateTicket', { ticket, version: 2, subject: 'x' }),
      await worker.call('assignTicket', { ticket, version: 2, assignee: null }),
      await worker.call('createTicket', { customer: world.customer, subject: 'x' }),
    ])
      expect(reply).toMatchObject({ status: 403, body: { code: 'officeOnly' } })
    for (const reply of [
      await worker.call('getTicket', { ticket: other }),
      await worker.call('addTicketComment', { ticket: other, audience: 'internal', body: 'x' }),
      await worker.call('changeTicketStatus', { ticket: other, version: 1, to: 'open' }),
    ])
      expect(reply.status).toBe(404)
    await dispatcher.ok('assignTicket', { ticket, version: 2, assignee: null })
    expect((await worker.call('getTicket', { ticket })).status).toBe(404)
  })

  it('search, filters and counts agree; each count is what choosing it lists (PS-12)', async () => {
    const world = await createTicketWorld()
    const { dispatcher, contacts, worker } = world
    const urgent = await addTicket(world, { subject: 'Boiler leaks', priority: 'urgent', assignee: worker.id })
    const ofAna = await addTicket(world, { subject: 'Boiler hums', contact: contacts.ana, tags: ['warranty'] })
    const taken = await addTicket(world, { subject: 'Gate', participants: [contacts.ana] })
    await dispatcher.ok('changeTicketStatus', { ticket: taken, version: 1, to: 'resolved' })
    expect((await officeIds(world, { search: 'boiler' })).sort()).toEqual([urgent, ofAna].sort())
    expect(await officeIds(world, { search: 'warranty' })).toEqual([ofAna])
    expect((await officeIds(world, { search: 'dockside' })).length).toBe(3)
    const { number } = await dispatcher.ok('getTicket', { ticket: taken })
    expect(await officeIds(world, { search: `ticket #${number}` })).toEqual([taken])
    expect((await officeIds(world, { contact: contacts.ana })).sort()).toEqual([ofAna, taken].sort())
    expect(await officeIds(world, { sort: 'priority', limit: 1 })).toEqual([urgent])
    const counts = await dispatcher.ok('countTickets', { search: 'boiler' })
    expect(counts.all).toBe(2)
    for (const filter of ['status', 'priority', 'assignee'] as const)
      for (const { id, count } of counts[filter])
        expect((await officeIds(world, { search: 'boiler', [filter]: id })).length, `${filter} ${id}`).toBe(count)
    expect(counts.assignee.map(({ id, name }) => [id, name])).toEqual([
      ['none', ''],
      [worker.id, 'Marek Nowak'],
    ])
  })

  it('each order lists the same tickets, page after page, and a minus sign turns it around', async () => {
    const world = await createTicketWorld()
    const { dispatcher, worker } = world
    const facts = [
      { priority: 'low', assignee: worker.id },
      { priority: 'urgent' },
      { priority: 'high', assignee: dispatcher.id },
      { priority: 'normal', assignee: worker.id },
    ]
    const created: string[] = []
    for (const each of facts) {
      home.clock.advance(1_000)
      created.push(await addTicket(world, each))
    }
    const [low, urgent, high, normal] = created as [string, string, string, string]
    await setStatus(low, 'resolved')
    await setStatus(high, 'open')
    const expected: Record<string, string[]> = {
      oldest: [low, urgent, high, normal],
      changed: [normal, high, urgent, low],
      priority: [urgent, high, normal, low],
      status: [...[urgent, normal].sort(), high, low],
      // Nobody comes before Dana and Marek.
      assignee: [urgent, high, ...[low, normal].sort()],
    }
    const opposite: Record<string, string> = { oldest: 'newest' }
    for (const [sort, ids] of Object.entries(expected))
      for (const [order, wanted] of [
        [sort, ids],
        [opposite[sort] ?? `-${sort}`, ids.toReversed()],
      ] as const) {
        const pages: string[] = []
        let cursor: string | null | undefined
        do {
          const page = await dispatcher.ok('listTickets', { sort: order as never, limit: 1, ...(cursor && { cursor }) })
          pages.push(...page.rows.map(({ id }) => id))
          cursor = page.next
        } while (cursor)
        expect([order, pages]).toEqual([order, wanted])
      }
  })

  it('the history says who created, moved, assigned and edited, and names no values', async () => {
    const world = await createTicketWorld()
    const { dispatcher, worker, contacts } = world
    const ticket = await addTicket(world)
    await dispatcher.ok('assignTicket', { ticket, version: 1, assignee: worker.id })
    await dispatcher.ok('changeTicketStatus', { ticket, version: 2, to: 'open' })
    await dispatcher.ok('updateTicket', { ticket, version: 3, priority: 'high', contact: contacts.ana })
    await dispatcher.ok('updateTicket', { ticket, version: 4, priority: 'high' })
    const { history } = await dispatcher.ok('getTicket', { ticket })
    expect(
      history.map(({ event, audience, from, to, details, by }) => [event, audience, from, to, details, by.name]),
    ).toEqual([
      ['created', 'customer', null, null, {}, 'Dana Reyes'],
      ['assigned', 'internal', null, null, { to: 'Marek Nowak' }, 'Dana Reyes'],
      ['moved', 'customer', 'new', 'open', {}, 'Dana Reyes'],
      [
        'edited',
        'internal',
        null,
        null,
        { fields: ['priority', 'contact_id', 'participants'].slice(0, 2) },
        'Dana Reyes',
      ],
    ])
  })

  it('a deleted contact leaves its tickets to those who act for the whole customer', async () => {
    const world = await createTicketWorld()
    const { shop, customer, dispatcher, naveed, ben } = world
    const { id: cleo } = await shop.owner.ok('addContact', { customer, name: 'Cleo' })
    const ticket = await addTicket(world, { contact: cleo, participants: [world.contacts.ben] })
    const taken = await addTicket(world, { contact: world.contacts.ben, participants: [cleo] })
    await dispatcher.ok('addTicketComment', { ticket, audience: 'customer', body: 'Hello' })
    await shop.owner.ok('removeContact', { customer, contact: cleo })
    expect((await dispatcher.ok('getTicket', { ticket })).contact).toBeNull()
    expect((await dispatcher.ok('getTicket', { ticket: taken })).participants).toEqual([])
    expect((await ticketIds(naveed)).sort()).toEqual([ticket, taken].sort())
    expect((await ben.ok('getPortalTicket', { ticket })).comments).toHaveLength(1)
  })

  it('files of a ticket are downloaded by those who see it', async () => {
    const world = await createTicketWorld()
    const { dispatcher, worker, shop } = world
    const file = (await upload(dispatcher, `/office/${shop.slug}/files`)).body.id
    const ticket = await addTicket(world, { files: [file] })
    const other = await addTicket(world)
    const download = async (who: typeof worker, of: string) =>
      (
        await send({
          port: home.port,
          host: `localhost:${home.port}`,
          method: 'GET',
          path: `/api/v1/office/${shop.slug}/tickets/${of}/files/${file}`,
          cookies: who.cookies,
        })
      ).status
    expect([
      await download(dispatcher, ticket),
      await download(dispatcher, other),
      await download(worker, ticket),
    ]).toEqual([200, 404, 404])
    // Used once: another ticket cannot take it.
    expect(
      (await dispatcher.call('createTicket', { customer: world.customer, subject: 'x', files: [file] })).status,
    ).toBe(422)
  })
})
