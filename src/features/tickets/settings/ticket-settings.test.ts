/** Default assignee and canned replies. */
import { describe, expect, it } from 'vitest'
import type { Person } from '../../../../test/test-server.ts'
import { createTicketWorld } from '../tickets.fixtures.ts'
import { fillReply, replyValues } from './rules.ts'

const createdBy = async (person: Person) => (await person.ok('createPortalTicket', { subject: 'No heating' })).id

describe('ticket settings', () => {
  it('T-25 a ticket from the portal goes to the default assignee while they are active, and to nobody at first', async () => {
    const world = await createTicketWorld()
    const { shop, naveed, dispatcher, worker } = world
    const assigneeOf = async (ticket: string) => (await dispatcher.ok('getTicket', { ticket })).assignee?.id ?? null
    expect(await assigneeOf(await createdBy(naveed))).toBeNull()
    await shop.owner.ok('updateTicketSettings', { version: 1, defaultAssignee: worker.id })
    expect(await assigneeOf(await createdBy(naveed))).toBe(worker.id)
    expect((await worker.ok('listTickets')).rows).toHaveLength(1)
    await shop.owner.ok('deactivateStaff', { member: worker.id })
    expect(await assigneeOf(await createdBy(naveed))).toBeNull()
  })

  it('T-25 the history says so, to the office alone, and says nothing of a ticket that went to nobody', async () => {
    const { shop, naveed, dispatcher, worker } = await createTicketWorld()
    const eventsOf = async (ticket: string) =>
      (await dispatcher.ok('getTicket', { ticket })).history.map(({ event, audience, by, details }) => ({
        event,
        audience,
        by: by.kind,
        to: details.to,
      }))
    const created = { event: 'created', audience: 'customer', by: 'portalUser', to: undefined }
    expect(await eventsOf(await createdBy(naveed))).toEqual([created])
    await shop.owner.ok('updateTicketSettings', { version: 1, defaultAssignee: worker.id })
    const ticket = await createdBy(naveed)
    const assigned = { event: 'assigned', audience: 'internal', by: 'system', to: 'Marek Nowak' }
    expect(await eventsOf(ticket)).toEqual([created, assigned])
    expect((await naveed.ok('getPortalTicket', { ticket })).history.map(({ event }) => event)).toEqual(['created'])
  })

  it('PS-36 staff of another account and unknown placeholders are refused, and nothing is saved', async () => {
    const { shop, customer } = await createTicketWorld()
    const there = await createTicketWorld()
    const save = (input: object) => shop.owner.call('updateTicketSettings', { version: 1, ...input } as never)
    for (const defaultAssignee of [there.dispatcher.id, customer, crypto.randomUUID()])
      expect(await save({ defaultAssignee })).toMatchObject({
        status: 422,
        body: { fields: { defaultAssignee: { code: 'choice' } } },
      })
    const good = { name: 'A', text: 'Dear {{ customer_name }}' }
    for (const text of ['{{customer}}', 'Hi {{first name}}', '{{}}', '{{customer_name}} {{password}}'])
      expect(await save({ cannedReplies: [good, { name: 'B', text }] })).toMatchObject({
        status: 422,
        body: { fields: { 'cannedReplies.1.text': { code: 'placeholder' } } },
      })
    expect(await shop.owner.ok('getTicketSettings')).toMatchObject({ defaultAssignee: null, cannedReplies: [] })
    expect(await save({ cannedReplies: [good] })).toMatchObject({ status: 200 })
  })

  it('staff read the replies, by name, and owners and admins alone change them', async () => {
    const { shop, dispatcher, worker } = await createTicketWorld()
    const cannedReplies = ['Thanks', 'Address'].map((name) => ({ name, text: `${name} {{ticket_number}}` }))
    const saved = await shop.owner.ok('updateTicketSettings', { version: 1, cannedReplies })
    for (const person of [dispatcher, worker]) {
      const seen = await person.ok('getTicketSettings')
      expect(seen.cannedReplies.map(({ name }) => name)).toEqual(['Address', 'Thanks'])
      expect(seen.can.edit).toBe(false)
      expect(
        (await person.call('updateTicketSettings', { version: seen.version, cannedReplies: [] })).body,
      ).toMatchObject({ code: 'managersOnly' })
    }
    expect(await shop.owner.call('updateTicketSettings', { version: 1, cannedReplies: [] })).toMatchObject({
      status: 409,
      body: { code: 'accountChanged' },
    })
    // What is not sent stays.
    const after = await shop.owner.ok('updateTicketSettings', {
      version: saved.version,
      defaultAssignee: dispatcher.id,
    })
    expect(after.cannedReplies).toEqual(saved.cannedReplies)
    expect(after.defaultAssignee).toEqual({ id: dispatcher.id, name: 'Dana Reyes' })
  })

  it('placeholders are filled in, and without a contact the customer is addressed', () => {
    const ticket = { number: 12, customer: { name: 'Dockside $& Co' }, contact: { name: 'Ana María Ruiz' } }
    const signInUrl = 'https://harbour.example/my_profile'
    const facts = { ticket, staff: 'Dana', business: 'Harbour', signInUrl }
    const text =
      'Hi {{contact_first_name}} of {{customer_name}}, {{ ticket_number }}: {{staff_name}}, {{business_name}}, {{portal_sign_in_url}} {{other}}'
    expect(fillReply(text, replyValues(facts))).toBe(
      'Hi Ana of Dockside $& Co, 12: Dana, Harbour, https://harbour.example/my_profile {{other}}',
    )
    const without = { ...facts, ticket: { ...ticket, contact: null } }
    expect(fillReply('Hi {{contact_first_name}}', replyValues(without))).toBe('Hi Dockside $& Co')
  })
})
