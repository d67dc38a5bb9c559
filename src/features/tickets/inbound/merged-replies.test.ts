/** Replies by email to a ticket that was merged into another. */
import { describe, expect, it } from 'vitest'
import { addressFor, createInboundScene, sendMail, storedOutcomes } from './inbound.fixtures.ts'

describe('a reply to a merged ticket', () => {
  it('issue 10, 2 belongs to the ticket that goes on, also after a second merge, and is taken once', async () => {
    const scene = await createInboundScene()
    const { ana, dispatcher, customer, ticket } = scene
    const to = await addressFor(scene, ana)
    const create = async (subject: string) => (await dispatcher.ok('createTicket', { customer, subject })).id
    const [second, third] = [await create('The door'), await create('The hall')]
    const merge = async (source: string, into: string) => {
      const { version } = await dispatcher.ok('getTicket', { ticket: source })
      await dispatcher.ok('mergeTickets', { ticket: source, version, into })
    }
    const bodies = async (id: string) => (await dispatcher.ok('getTicket', { ticket: id })).comments.map((c) => c.body)
    await merge(ticket, second)
    expect(await sendMail({ from: ana.email, to, text: 'Thank you.', id: 'thanks' })).toBe(250)
    await merge(second, third)
    expect(await sendMail({ from: ana.email, to, text: 'Thank you.', id: 'thanks' })).toBe(250)
    expect(await sendMail({ from: ana.email, to, text: 'One more thing.' })).toBe(250)
    const replies = (await bodies(third)).filter((body) => ['Thank you.', 'One more thing.'].includes(body))
    expect(replies.sort()).toEqual(['One more thing.', 'Thank you.'])
    expect(await bodies(ticket)).toEqual([])
    expect(await storedOutcomes(ticket)).toEqual([
      { outcome: 'comment', detail: null },
      { outcome: 'comment', detail: null },
    ])
    // Ana takes part in the ticket that goes on.
    expect((await ana.call('getPortalTicket', { ticket: third })).status).toBe(200)
  })
})
