/** Held emails, jobs and replies of tickets in the office, as a browser without script uses them. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addHeldMail } from './held-mails.fixtures.ts'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, ana: string

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
  ana = (await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })).id
})

const addTicket = async () => (await shop.owner.ok('createTicket', { customer, subject: 'The gate sticks' })).id
const openOffice = (path: string) => openScreen(shop.owner, `/office/${shop.slug}/tickets${path}`)

describe('tickets in the office', () => {
  it('issue 10, 2 pressing Create job twice creates one job, and the second answer shows it', async () => {
    const template = await shop.template({ name: 'Repair' })
    const ticket = await addTicket()
    const form = await (await openOffice(`/${ticket}`)).follow('Create job')
    const filled = await openScreen(shop.owner, `${form.path}&template=${template}`)
    const [one, other] = await Promise.all([
      filled.press('Create job', { address: '1 Quay' }),
      filled.press('Create job', { address: '1 Quay' }),
    ])
    expect(other.path).toBe(one.path)
    expect((await shop.owner.ok('getTicket', { ticket })).jobs).toHaveLength(1)
  })

  it('RS-13 a canned reply names the address where customers sign in, and the settings show it to copy', async () => {
    const cannedReplies = [{ name: 'Sign in', text: 'Sign in: {{portal_sign_in_url}}' }]
    await shop.owner.ok('updateTicketSettings', { version: 1, cannedReplies })
    const { cannedReplies: saved, signInUrl } = await shop.owner.ok('getTicketSettings')
    const page = await (await openOffice(`/${await addTicket()}`)).press('Insert reply', { reply: saved[0]!.id })
    expect(page.$('textarea[name=body]').text()).toBe(`Sign in: ${signInUrl}`)
    const settings = await openScreen(shop.owner, `/office/${shop.slug}/settings/tickets`)
    const form = await settings.follow('Sign in')
    expect(form.text).toContain('{{portal_sign_in_url}}')
    expect(form.$('input[readonly]').attr('value')).toBe(signInUrl)
    expect(new URL(signInUrl).pathname).toMatch(/\/my_profile$/)
    expect((await openScreen(server.anyone(), `/p/${shop.slug}/my_profile`)).path).toContain('/sign-in')
  })

  it('issue 10, 2 "Create ticket" and "Discard email" settle a held email, which the settings lead to', async () => {
    const texts = [
      { subject: 'The oven is cold', body: 'Since Monday.' },
      { subject: 'Win a prize', body: 'Now.' },
    ]
    for (const text of texts) await addHeldMail(server, shop.id, text)
    const list = await openOffice('/held')
    const mail = await list.follow('The oven is cold')
    for (const text of ['Since Monday.', 'Tom Reed', 'Unknown sender']) expect(mail.text).toContain(text)
    const found = await openScreen(shop.owner, `${mail.path}?q=Dockside`)
    const created = await (await found.follow('Dockside Lettings')).press('Create ticket', { contact: ana })
    expect(created.text).toContain('Ticket created.')
    expect((await shop.owner.ok('listTickets')).rows).toMatchObject([
      { subject: 'The oven is cold', source: 'email', customer: { id: customer }, contact: { id: ana } },
    ])
    const confirm = await (await (await openOffice('/held')).follow('Win a prize')).follow('Discard email')
    const after = await confirm.press('Discard email')
    expect(after.text).toContain('Email discarded.')
    expect(after.text).toContain('No held emails')
  })
})
