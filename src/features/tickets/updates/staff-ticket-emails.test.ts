/** What staff hear of their customers' tickets by email. */
import { describe, expect, it } from 'vitest'
import { updatePortalSettings } from '../../../../test/portal.fixtures.ts'
import { home } from '../tickets.fixtures.ts'
import {
  assign,
  clearMails,
  createTicketScene,
  emailsTo,
  moveByOffice,
  queueEmails,
  replyByOffice,
  subjectsTo,
  type TicketScene,
} from './ticket-emails.fixtures.ts'

const reply = ({ ana, ticket }: TicketScene, body = 'Any news?') => ana.ok('addPortalTicketComment', { ticket, body })
const nameOf = async ({ dispatcher, ticket }: TicketScene) => {
  const { subject, number } = await dispatcher.ok('getTicket', { ticket })
  return `${subject} #${number}`
}

describe('the office hears of its customers', () => {
  it('T-33 when one creates a ticket: with what it is about, and a link to it', async () => {
    const { ana, dispatcher, shop, worker } = await createTicketScene()
    const { id, number } = await ana.ok('createPortalTicket', { subject: 'No hot water', description: 'Since Monday.' })
    const [mail, ...others] = await emailsTo(dispatcher)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`New ticket: No hot water #${number}`)
    expect(mail!.text).toContain('Ana Ruiz created')
    expect(mail!.text).toContain('“Since Monday.”')
    expect(mail!.text).toContain(`/office/${shop.slug}/tickets/${id}`)
    expect(mail!.text).toContain(`/office/${shop.slug}/profile#emails`)
    expect([await subjectsTo(shop.owner), await subjectsTo(worker)]).toEqual([[mail!.subject], []])
  })

  it('when one replies: with the reply and its author', async () => {
    const scene = await createTicketScene()
    await reply(scene, 'It still hums.')
    const [mail, ...others] = await emailsTo(scene.dispatcher)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`New reply: ${await nameOf(scene)}`)
    expect(mail!.text).toContain('Ana Ruiz replied to')
    expect(mail!.text).toContain('“It still hums.”')
  })

  it('when one closes or reopens a ticket, also by replying to a resolved one', async () => {
    const scene = await createTicketScene()
    const { ana, ticket, dispatcher } = scene
    await ana.ok('closePortalTicket', { ticket })
    expect(await subjectsTo(dispatcher)).toEqual([`Closed by customer: ${await nameOf(scene)}`])
    await clearMails()
    await ana.ok('reopenPortalTicket', { ticket })
    expect(await subjectsTo(dispatcher)).toEqual([`Reopened by customer: ${await nameOf(scene)}`])
    await clearMails()
    await moveByOffice(scene, 'resolved')
    await reply(scene, 'It broke again.')
    const [mail, ...others] = await emailsTo(dispatcher)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Reopened by customer: ${await nameOf(scene)}`)
    expect(mail!.text).toContain('“It broke again.”')
  })

  it('but not of what staff do, nor of what a customer took back', async () => {
    const scene = await createTicketScene()
    const { dispatcher, shop, ana, ticket } = scene
    await replyByOffice(scene, 'We bring a new motor.')
    await moveByOffice(scene, 'closed')
    expect([await subjectsTo(dispatcher), await subjectsTo(shop.owner)]).toEqual([[], []])
    await ana.ok('reopenPortalTicket', { ticket })
    await ana.ok('closePortalTicket', { ticket })
    expect(await subjectsTo(dispatcher)).toEqual([])
  })
})

describe('who of the staff hears of a ticket', () => {
  it('5C-2 who works on it, and the office while nobody does', async () => {
    const scene = await createTicketScene()
    const { worker, dispatcher, shop } = scene
    await assign(scene, worker.id)
    await clearMails()
    await reply(scene)
    expect(await subjectsTo(worker)).toEqual([`New reply: ${await nameOf(scene)}`])
    expect([await subjectsTo(dispatcher), await subjectsTo(shop.owner)]).toEqual([[], []])
    await shop.owner.ok('deactivateStaff', { member: worker.id })
    await clearMails()
    await reply(scene, 'Hello?')
    expect([await subjectsTo(worker), (await subjectsTo(dispatcher)).length]).toEqual([[], 1])
  })

  it('PS-31 nobody who was deactivated, nor a worker who lost the ticket, while the email waits', async () => {
    const scene = await createTicketScene()
    await assign(scene, scene.worker.id)
    await reply(scene)
    await queueEmails()
    await assign(scene, null)
    expect(await home.mailTo(scene.worker.email)).toEqual([])
  })

  it('an admin only after turning it on', async () => {
    const scene = await createTicketScene()
    const admin = await scene.shop.staff('admin')
    await reply(scene)
    expect(await subjectsTo(admin)).toEqual([])
    await admin.ok('updateEmailChoices', { emails: { ticketReplied: true } })
    await clearMails()
    await reply(scene, 'Hello?')
    expect(await subjectsTo(admin)).toHaveLength(1)
  })
})

describe('who a ticket is assigned to', () => {
  it('issue 10, 2 hears of it, with who did it and what it is about, also of a new ticket and as an admin', async () => {
    const scene = await createTicketScene({ description: 'It hums.' })
    const { worker, dispatcher, shop, customer } = scene
    await assign(scene, worker.id)
    const [mail, ...others] = await emailsTo(worker)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Assigned to you: ${await nameOf(scene)}`)
    expect(mail!.text).toContain('Dana Reyes assigned')
    expect(mail!.text).toContain('“It hums.”')
    expect([await subjectsTo(dispatcher), await subjectsTo(shop.owner)]).toEqual([[], []])
    const admin = await shop.staff('admin')
    await dispatcher.ok('createTicket', { customer, subject: 'New lock', assignee: admin.id })
    expect(await subjectsTo(admin)).toEqual([expect.stringMatching(/^Assigned to you: New lock/)])
  })

  it('hears nothing of what they took themselves, of what went to somebody else since, and of no change', async () => {
    const scene = await createTicketScene()
    const { worker, dispatcher, customer } = scene
    await assign(scene, dispatcher.id)
    await dispatcher.ok('createTicket', { customer, subject: 'New lock', assignee: dispatcher.id })
    expect(await subjectsTo(dispatcher)).toEqual([])
    await assign(scene, worker.id)
    await assign(scene, dispatcher.id)
    expect([await subjectsTo(worker), await subjectsTo(dispatcher)]).toEqual([[], []])
    await assign(scene, worker.id)
    await clearMails()
    await assign(scene, worker.id)
    expect(await subjectsTo(worker)).toEqual([])
  })

  it('turns these emails off, and the business for everybody', async () => {
    const scene = await createTicketScene()
    const { worker, shop } = scene
    await worker.ok('updateEmailChoices', { emails: { ticketAssigned: false } })
    await assign(scene, worker.id)
    expect(await subjectsTo(worker)).toEqual([])
    await worker.ok('updateEmailChoices', { emails: { ticketAssigned: true } })
    const { staffEmails } = await shop.owner.ok('getPortalSettings')
    await updatePortalSettings(shop, { staffEmails: { ...staffEmails, ticketAssigned: false } })
    await assign(scene, null)
    await assign(scene, worker.id)
    expect(await subjectsTo(worker)).toEqual([])
  })
})

describe('each kind of email about tickets to staff can be turned off', () => {
  const causes: [string, (scene: TicketScene) => Promise<unknown>][] = [
    ['ticketCreated', ({ ana }) => ana.ok('createPortalTicket', { subject: 'No hot water' })],
    ['ticketReplied', (scene) => reply(scene)],
    ['ticketMoved', ({ ana, ticket }) => ana.ok('closePortalTicket', { ticket })],
  ]

  it.each(causes)('%s: by a person for themselves', async (kind, cause) => {
    const scene = await createTicketScene()
    await scene.dispatcher.ok('updateEmailChoices', { emails: { [kind]: false } })
    await cause(scene)
    expect(await subjectsTo(scene.dispatcher)).toEqual([])
    expect(await subjectsTo(scene.shop.owner)).toHaveLength(1)
  })

  it.each(causes)('%s: by the business for everybody, and its switch is gone', async (kind, cause) => {
    const scene = await createTicketScene()
    const { staffEmails } = await scene.shop.owner.ok('getPortalSettings')
    await updatePortalSettings(scene.shop, { staffEmails: { ...staffEmails, [kind]: false } })
    await cause(scene)
    expect(await subjectsTo(scene.dispatcher)).toEqual([])
    const kinds = (await scene.dispatcher.ok('getEmailChoices')).emails.map((each) => each.kind)
    expect(kinds).not.toContain(kind)
    expect(kinds).toHaveLength(7)
  })

  it('PS-60 staff are not asked about them where the portal has no tickets', async () => {
    const { shop, dispatcher } = await createTicketScene()
    const { switches } = await shop.owner.ok('getPortalSettings')
    await updatePortalSettings(shop, { switches: { ...switches, viewTickets: false } })
    const kinds = (await dispatcher.ok('getEmailChoices')).emails.map((each) => each.kind)
    // Colleagues assign tickets without the portal.
    expect(kinds).toEqual(['booked', 'commented', 'edited', 'canceled', 'ticketAssigned'])
  })
})
