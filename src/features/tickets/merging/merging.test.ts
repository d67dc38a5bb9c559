/** Merging tickets, and jobs that are created from one. */
import { describe, expect, it } from 'vitest'
import type { Person } from '../../../../test/test-server.ts'
import { upload } from '../../jobs/jobs.fixtures.ts'
import { addTicket, createTicketWorld, home, ticketIds } from '../tickets.fixtures.ts'

const opens = async (person: Person, ticket: string) => (await person.call('getPortalTicket', { ticket })).status

describe('merging tickets', () => {
  it('moves what both had into one conversation, by time, and closes the other', async () => {
    const world = await createTicketWorld()
    const { dispatcher, naveed, contacts, shop } = world
    const source = await addTicket(world, { subject: 'Gate', description: 'It hums.', contact: contacts.ana })
    home.clock.advance(1_000)
    const target = await addTicket(world, { subject: 'Door' })
    home.clock.advance(1_000)
    await dispatcher.ok('addTicketComment', { ticket: target, audience: 'internal', body: 'Ordered a motor.' })
    home.clock.advance(1_000)
    const file = (await upload(naveed, `/portal/${shop.slug}/files`)).body.id
    await naveed.ok('addPortalTicketComment', { ticket: source, body: 'It stopped.', files: [file] })
    home.clock.advance(1_000)
    await naveed.ok('addPortalTicketComment', { ticket: target, body: 'Any news?' })
    const before = await dispatcher.ok('getTicket', { ticket: source })
    const merged = await dispatcher.ok('mergeTickets', { ticket: source, version: before.version, into: target })
    const after = await dispatcher.ok('getTicket', { ticket: target })
    expect(merged).toEqual({ id: target, number: after.number, version: after.version })
    expect(after.comments.map(({ body, audience, by }) => [body, audience, by.name])).toEqual([
      ['Gate\n\nIt hums.', 'customer', 'Dana Reyes'],
      ['Ordered a motor.', 'internal', 'Dana Reyes'],
      ['It stopped.', 'customer', 'Naveed Aslam'],
      ['Any news?', 'customer', 'Naveed Aslam'],
    ])
    expect(after.files.map(({ id, comment }) => [id, comment])).toEqual([[file, after.comments[2]!.id]])
    expect(await dispatcher.ok('getTicket', { ticket: source })).toMatchObject({
      status: 'closed',
      comments: [],
      files: [],
      mergedInto: { id: target, number: after.number },
      transitions: [],
      can: { edit: false, comment: false, merge: false, createJob: false },
    })
  })

  it('RS-03 who saw one of the two sees both, and the number of the other leads there', async () => {
    const world = await createTicketWorld()
    const { dispatcher, contacts, ana, ben, shop } = world
    const file = (await upload(dispatcher, `/office/${shop.slug}/files`)).body.id
    const source = await addTicket(world, { contact: contacts.ana, files: [file] })
    const target = await addTicket(world, { contact: contacts.ben })
    home.clock.advance(1_000)
    await ben.ok('addPortalTicketComment', { ticket: target, body: 'Any news?' })
    expect([await opens(ana, target), await opens(ben, source)]).toEqual([404, 404])
    await dispatcher.ok('mergeTickets', { ticket: source, version: 1, into: target })
    const seen = await ana.ok('getPortalTicket', { ticket: target })
    expect(seen.comments.map(({ body }) => body)).toEqual(['The gate does not open', 'Any news?'])
    expect(seen.files.map(({ id, comment }) => [id, comment])).toEqual([[file, seen.comments[0]!.id]])
    expect((await ben.ok('getPortalTicket', { ticket: target })).files).toHaveLength(1)
    const left = await ana.ok('getPortalTicket', { ticket: source })
    expect(left.mergedInto?.id).toBe(target)
    expect(Object.values(left.can)).not.toContain(true)
    expect(await opens(ben, source)).toBe(404)
    expect(await ana.call('reopenPortalTicket', { ticket: source })).toMatchObject({
      status: 409,
      body: { code: 'ticketMerged' },
    })
    const participants = (await dispatcher.ok('getTicket', { ticket: target })).participants.map(({ id }) => id)
    expect(participants).toEqual([contacts.ana])
    // Whoever no longer takes part loses what came along.
    const { version } = await dispatcher.ok('getTicket', { ticket: target })
    await dispatcher.ok('updateTicket', { ticket: target, version, participants: [] })
    expect([await opens(ana, target), await ticketIds(ana)]).toEqual([404, [source]])
    expect((await ana.ok('getPortalTicket', { ticket: source })).mergedInto).toBeNull()
  })

  it('is written in the history of both, with their numbers', async () => {
    const world = await createTicketWorld()
    const { dispatcher } = world
    const [source, target] = [await addTicket(world), await addTicket(world)]
    await dispatcher.ok('mergeTickets', { ticket: source, version: 1, into: target })
    const [one, other] = [
      await dispatcher.ok('getTicket', { ticket: source }),
      await dispatcher.ok('getTicket', { ticket: target }),
    ]
    expect(one.history.at(-1)).toMatchObject({
      event: 'merged',
      from: 'new',
      to: 'closed',
      details: { number: other.number },
      by: { name: 'Dana Reyes' },
    })
    expect(other.history.at(-1)).toMatchObject({ event: 'mergedFrom', details: { number: one.number } })
  })

  it('a ticket of another customer, itself, a merged, a closed and an unknown one are refused', async () => {
    const world = await createTicketWorld()
    const { dispatcher, worker, shop } = world
    const [source, target] = [await addTicket(world, { assignee: worker.id }), await addTicket(world)]
    const foreign = await addTicket(world, { customer: await shop.customer('Somebody else') })
    const merged = await addTicket(world)
    await dispatcher.ok('mergeTickets', { ticket: merged, version: 1, into: target })
    const closed = await addTicket(world)
    await dispatcher.ok('changeTicketStatus', { ticket: closed, version: 1, to: 'closed' })
    const merge = (into: string, ticket = source, version = 1) =>
      dispatcher.call('mergeTickets', { ticket, version, into })
    for (const into of [foreign, source, merged, crypto.randomUUID()])
      expect(await merge(into)).toMatchObject({ status: 422, body: { fields: { into: { code: 'choice' } } } })
    expect(await merge(closed)).toMatchObject({ status: 409, body: { code: 'ticketClosed' } })
    expect(await merge(target, source, 2)).toMatchObject({ status: 409, body: { code: 'ticketChanged' } })
    for (const reply of [
      await merge(target, merged, 2),
      await dispatcher.call('changeTicketStatus', { ticket: merged, version: 2, to: 'open' }),
      await dispatcher.call('updateTicket', { ticket: merged, version: 2, subject: 'x' }),
      await dispatcher.call('addTicketComment', { ticket: merged, audience: 'internal', body: 'x' }),
    ])
      expect(reply).toMatchObject({ status: 409, body: { code: 'ticketMerged' } })
    expect(await worker.call('mergeTickets', { ticket: source, version: 1, into: target })).toMatchObject({
      status: 403,
      body: { code: 'officeOnly' },
    })
  })

  it('of two that are merged into each other at once, one goes on', async () => {
    const world = await createTicketWorld()
    const { dispatcher, shop } = world
    const [one, other] = [await addTicket(world), await addTicket(world)]
    const replies = await Promise.all([
      dispatcher.call('mergeTickets', { ticket: one, version: 1, into: other }),
      shop.owner.call('mergeTickets', { ticket: other, version: 1, into: one }),
    ])
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    const merged = await Promise.all([one, other].map((ticket) => dispatcher.ok('getTicket', { ticket })))
    expect(merged.filter(({ mergedInto }) => mergedInto)).toHaveLength(1)
  })

  it('jobs and earlier merges of the ticket lead to the one that goes on', async () => {
    const world = await createTicketWorld()
    const { dispatcher, customer, shop } = world
    const [first, second, third] = [await addTicket(world), await addTicket(world), await addTicket(world)]
    const template = await shop.template({ name: 'Repair' })
    const job = await dispatcher.ok('createJob', { customer, template, ticket: first, address: '1 Quay' } as never)
    await dispatcher.ok('mergeTickets', { ticket: first, version: 1, into: second })
    const { version } = await dispatcher.ok('getTicket', { ticket: second })
    await dispatcher.ok('mergeTickets', { ticket: second, version, into: third })
    expect((await dispatcher.ok('getTicket', { ticket: first })).mergedInto?.id).toBe(third)
    expect((await dispatcher.ok('getTicket', { ticket: third })).jobs.map(({ id }) => id)).toEqual([job.id])
    expect((await dispatcher.ok('getJob', { job: job.id })).ticket?.id).toBe(third)
  })
})

describe('a job from a ticket', () => {
  it('is shown on both, to a customer only as far as they see the other', async () => {
    const world = await createTicketWorld()
    const { dispatcher, customer, shop, naveed, ana, contacts } = world
    const ticket = await addTicket(world, { contact: contacts.ana })
    const template = await shop.template({ name: 'Repair' })
    const job = await dispatcher.ok('createJob', { customer, template, ticket, address: '1 Quay' } as never)
    const linked = { id: job.id, number: job.number, title: 'Repair' }
    const { number, jobs, history } = await dispatcher.ok('getTicket', { ticket })
    expect(jobs).toEqual([linked])
    expect(history.at(-1)).toMatchObject({ event: 'jobCreated', audience: 'internal', details: { number: job.number } })
    const back = { id: ticket, number, subject: 'The gate does not open' }
    expect((await dispatcher.ok('getJob', { job: job.id })).ticket).toEqual(back)
    expect((await naveed.ok('getPortalTicket', { ticket })).jobs).toEqual([linked])
    expect((await naveed.ok('getPortalJob', { job: job.id })).ticket).toEqual(back)
    // Ana sees her tickets and no jobs.
    expect((await ana.ok('getPortalTicket', { ticket })).jobs).toEqual([])
    const { version, switches } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, switches: { ...switches, viewTickets: false } })
    expect((await naveed.ok('getPortalJob', { job: job.id })).ticket).toBeNull()
  })

  it('issue 10, 2 a form that is sent twice creates one, also at the same moment; another form another', async () => {
    const world = await createTicketWorld()
    const { dispatcher, customer, shop } = world
    const ticket = await addTicket(world)
    const template = await shop.template({ name: 'Repair' })
    const form = { customer, template, ticket, address: '1 Quay', formKey: crypto.randomUUID() } as never
    const pressed = await Promise.all([dispatcher.ok('createJob', form), dispatcher.ok('createJob', form)])
    const again = await dispatcher.ok('createJob', form)
    expect(new Set([...pressed, again].map(({ id }) => id)).size).toBe(1)
    const { jobs, history } = await dispatcher.ok('getTicket', { ticket })
    expect(jobs).toHaveLength(1)
    expect(history.filter(({ event }) => event === 'jobCreated')).toHaveLength(1)
    await shop.owner.ok('createJob', form)
    expect((await dispatcher.ok('getTicket', { ticket })).jobs).toHaveLength(2)
  })

  it('a ticket of another customer is refused', async () => {
    const world = await createTicketWorld()
    const { dispatcher, shop } = world
    const ticket = await addTicket(world)
    const template = await shop.template({ name: 'Repair' })
    const customer = await shop.customer('Somebody else')
    for (const given of [ticket, crypto.randomUUID()])
      expect(await dispatcher.call('createJob', { customer, template, ticket: given } as never)).toMatchObject({
        status: 422,
        body: { fields: { ticket: { code: 'choice' } } },
      })
  })
})
