/** What customers hear of their tickets by email. */
import { describe, expect, it } from 'vitest'
import { updatePortalSettings } from '../../../../test/portal.fixtures.ts'
import { addTicket, createTicketWorld, home } from '../tickets.fixtures.ts'
import {
  clearMails,
  createTicketScene,
  emailsTo,
  MINUTES,
  moveByOffice,
  queueEmails,
  replyByOffice,
  subjectsTo,
  type TicketScene,
} from './ticket-emails.fixtures.ts'

const nameOf = async ({ dispatcher, ticket }: TicketScene) => {
  const { subject, number } = await dispatcher.ok('getTicket', { ticket })
  return `${subject} #${number}`
}

describe('a customer hears of their ticket', () => {
  it('5C-2 when staff create it: the contact, participants, and who acts for the whole customer, nobody else', async () => {
    const world = await createTicketWorld()
    const { contacts, ana, ben, naveed, shop, dispatcher } = world
    const outsider = await shop.portalUser({ customers: [await shop.customer('Mia Lund')] })
    const description = 'It hums, then stops.'
    const ticket = await addTicket(world, { contact: contacts.ana, description })
    const { number } = await dispatcher.ok('getTicket', { ticket })
    const [mail, ...others] = await emailsTo(ana)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`New ticket: The gate does not open #${number}`)
    expect(mail!.text).toContain('“It hums, then stops.”')
    expect(mail!.text).toContain(`/tickets/${ticket}`)
    expect(mail!.text).toContain('/account#emails')
    expect(await subjectsTo(naveed)).toHaveLength(1)
    expect([await subjectsTo(ben), await subjectsTo(outsider), await subjectsTo(dispatcher)]).toEqual([[], [], []])
    await addTicket(world, { contact: contacts.ana, participants: [contacts.ben] })
    expect(await subjectsTo(ben)).toHaveLength(1)
  })

  it('when staff reply: the reply is in the email, and staff are named as the portal names them', async () => {
    const scene = await createTicketScene()
    await replyByOffice(scene, 'We bring a new motor.')
    const [mail, ...others] = await emailsTo(scene.ana)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`New reply: ${await nameOf(scene)}`)
    expect(mail!.text).toContain('Dana replied to')
    expect(mail!.text).not.toContain('Reyes')
    expect(mail!.text).toContain('“We bring a new motor.”')
  })

  it.each([
    ['waiting', 'We need your reply'],
    ['resolved', 'Ticket resolved'],
    ['closed', 'Ticket closed'],
  ])('when it becomes %s', async (status, subject) => {
    const scene = await createTicketScene()
    await moveByOffice(scene, status)
    expect(await subjectsTo(scene.ana)).toEqual([`${subject}: ${await nameOf(scene)}`])
  })

  it('in one email: all that happens within five minutes, by its end', async () => {
    const scene = await createTicketScene()
    await replyByOffice(scene, 'We are looking at it.')
    await moveByOffice(scene, 'waiting')
    home.clock.advance(2 * MINUTES)
    await replyByOffice(scene, 'The motor is replaced.')
    await moveByOffice(scene, 'resolved')
    const [mail, ...others] = await emailsTo(scene.ana)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Ticket resolved: ${await nameOf(scene)}`)
    expect(mail!.text).toContain('2 new replies')
    expect(mail!.text).toContain('“The motor is replaced.”')
  })

  it('when a colleague closes it, who does not hear of it themselves', async () => {
    const scene = await createTicketScene()
    await scene.naveed.ok('closePortalTicket', { ticket: scene.ticket })
    expect(await subjectsTo(scene.naveed)).toEqual([])
    expect(await subjectsTo(scene.ana)).toEqual([`Ticket closed: ${await nameOf(scene)}`])
  })
})

describe('a customer hears nothing', () => {
  it('PS-30 of internal notes, statuses that concern the office, and changes that were taken back', async () => {
    const scene = await createTicketScene()
    await replyByOffice(scene, 'Difficult customer.', 'internal')
    await moveByOffice(scene, 'onHold')
    expect(await subjectsTo(scene.ana)).toEqual([])
    await moveByOffice(scene, 'resolved')
    await moveByOffice(scene, 'open')
    expect(await subjectsTo(scene.ana)).toEqual([])
  })

  it('of a status that is as it was, after it was another', async () => {
    const scene = await createTicketScene()
    await moveByOffice(scene, 'waiting')
    expect(await subjectsTo(scene.ana)).toHaveLength(1)
    home.mails.length = 0
    await moveByOffice(scene, 'open')
    await moveByOffice(scene, 'waiting')
    expect(await subjectsTo(scene.ana)).toEqual([])
  })

  it('of what customers write, and of tickets that they create', async () => {
    const scene = await createTicketScene()
    await scene.naveed.ok('addPortalTicketComment', { ticket: scene.ticket, body: 'Any news?' })
    await scene.ana.ok('createPortalTicket', { subject: 'Another gate' })
    expect([await subjectsTo(scene.ana), await subjectsTo(scene.naveed)]).toEqual([[], []])
  })

  it('D5 PS-31 of a ticket that was taken from them while the email waits', async () => {
    const scene = await createTicketScene()
    const { dispatcher, ticket, contacts, ana, ben } = scene
    await replyByOffice(scene, 'We bring a new motor.')
    await queueEmails()
    const { version } = await dispatcher.ok('getTicket', { ticket })
    await dispatcher.ok('updateTicket', { ticket, version, contact: contacts.ben })
    expect(await subjectsTo(ana)).toEqual([])
    expect(await subjectsTo(ben)).toEqual([])
  })

  it('of a status that has changed again while the email waits', async () => {
    const scene = await createTicketScene()
    await moveByOffice(scene, 'resolved')
    await queueEmails()
    await moveByOffice(scene, 'open')
    expect(await subjectsTo(scene.ana)).toEqual([])
  })

  it('once tickets are switched off in the portal', async () => {
    const scene = await createTicketScene()
    await replyByOffice(scene, 'We bring a new motor.')
    const { switches } = await scene.shop.owner.ok('getPortalSettings')
    await updatePortalSettings(scene.shop, { switches: { ...switches, viewTickets: false } })
    expect(await subjectsTo(scene.ana)).toEqual([])
  })
})

describe('each kind of email about tickets can be turned off', () => {
  const causes: [string, (scene: TicketScene) => Promise<unknown>][] = [
    ['ticketCreated', (scene) => addTicket(scene, { contact: scene.contacts.ana })],
    ['ticketReplied', (scene) => replyByOffice(scene, 'We bring a new motor.')],
    ['ticketMoved', (scene) => moveByOffice(scene, 'resolved')],
  ]

  it.each(causes)('%s: by a person for themselves', async (kind, cause) => {
    const scene = await createTicketScene()
    await scene.ana.ok('updatePortalEmailChoices', { emails: { [kind]: false } })
    await cause(scene)
    expect(await subjectsTo(scene.ana)).toEqual([])
    expect(await subjectsTo(scene.naveed)).toHaveLength(1)
  })

  it.each(causes)('%s: by the business for everybody, and its switch is gone', async (kind, cause) => {
    const scene = await createTicketScene()
    const { customerEmails } = await scene.shop.owner.ok('getPortalSettings')
    await updatePortalSettings(scene.shop, { customerEmails: { ...customerEmails, [kind]: false } })
    await cause(scene)
    expect(await subjectsTo(scene.ana)).toEqual([])
    const kinds = (await scene.ana.ok('getPortalEmailChoices')).emails.map((each) => each.kind)
    // A contact sees no jobs, so there is nothing about jobs to choose (RS-04).
    expect(kinds).toEqual(['ticketCreated', 'ticketReplied', 'ticketMoved'].filter((each) => each !== kind))
  })
})

describe('emails about tickets', () => {
  it('are not sent of a refused change', async () => {
    const scene = await createTicketScene()
    const change = { ticket: scene.ticket, version: 99, to: 'closed' as const }
    expect((await scene.dispatcher.call('changeTicketStatus', change)).status).toBe(409)
    expect(await subjectsTo(scene.ana)).toEqual([])
    await clearMails()
  })
})
