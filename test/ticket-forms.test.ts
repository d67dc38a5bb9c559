/** Tickets in the portal and the office, as a browser without script uses them. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { linkToContact } from './access-tickets.fixtures.ts'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, Person, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, ana: string, naveed: Person

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
  ana = (await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })).id
  naveed = await shop.portalUser({ name: 'Naveed Aslam', customers: [customer] })
})

const addTicket = async (more: object = {}) =>
  (await shop.owner.ok('createTicket', { customer, subject: 'The gate sticks', ...more })).id
const openPortal = (path: string, who: Person = naveed) => openScreen(who, `/p/${shop.slug}/tickets${path}`)
const openOffice = (path: string) => openScreen(shop.owner, `/office/${shop.slug}/tickets${path}`)
const textFile = () => new File(['It hums.'], 'note.txt', { type: 'text/plain' })

describe('tickets in the portal', () => {
  it('"Create ticket" creates one for a colleague, with a file, and shows what is missing', async () => {
    const form = await (await openPortal('')).follow('New ticket')
    const refused = await form.press('Create ticket', { subject: '', 'upload.files': textFile() })
    expect(refused.text).toContain('Enter a subject.')
    expect(refused.text).toContain('note.txt')
    const created = await refused.press('Create ticket', {
      subject: 'No heating',
      description: 'Since Monday.',
      priority: 'urgent',
      contact: ana,
    })
    for (const text of ['Ticket created', 'No heating', 'Since Monday.', 'note.txt', 'Ana Ruiz', 'Urgent'])
      expect(created.text).toContain(text)
    const { rows } = await shop.owner.ok('listTickets')
    expect(rows).toMatchObject([{ subject: 'No heating', priority: 'urgent', contact: { id: ana }, source: 'portal' }])
  })

  it('"Send comment" adds a reply with its file', async () => {
    const page = await openPortal(`/${await addTicket()}`)
    expect((await page.press('Send comment', { body: '' })).text).toContain('Enter a comment.')
    const after = await page.press('Send comment', { body: 'It hums.', 'upload.files': textFile() })
    expect(after.text).toContain('It hums.')
    expect(after.text).toContain('note.txt')
  })

  it('"Close ticket" and "Reopen ticket" do so, and a closed ticket takes no reply', async () => {
    const ticket = await addTicket()
    const closed = await (await openPortal(`/${ticket}`)).press('Close ticket')
    expect(closed.text).toContain('Ticket closed.')
    expect(closed.has('Send comment')).toBe(false)
    expect((await shop.owner.ok('getTicket', { ticket })).status).toBe('closed')
    const open = await closed.press('Reopen ticket')
    expect(open.text).toContain('Ticket reopened.')
    expect((await shop.owner.ok('getTicket', { ticket })).status).toBe('open')
  })

  it('"Save changes" sets the priority and adds a participant', async () => {
    const ticket = await addTicket()
    const form = await (await openPortal(`/${ticket}`)).follow('Edit ticket')
    const page = await form.press('Save changes', { priority: 'high', addParticipants: [ana] })
    expect(page.text).toContain('Ticket saved.')
    expect(await shop.owner.ok('getTicket', { ticket })).toMatchObject({
      priority: 'high',
      participants: [{ id: ana }],
    })
  })

  it('the list leads to itself as a file, and to the ticket after a merge', async () => {
    const [ticket, into] = [await addTicket(), await addTicket({ subject: 'The door sticks' })]
    const list = await openPortal('?q=gate')
    expect(list.$('a[download]').attr('href')).toContain('/tickets.csv?search=gate')
    const { version } = await shop.owner.ok('getTicket', { ticket })
    await shop.owner.ok('mergeTickets', { ticket, version, into })
    const { number } = await shop.owner.ok('getTicket', { ticket: into })
    const open = await (await openPortal(`/${ticket}`)).follow(`Open ticket ${number}`)
    expect(open.text).toContain('The door sticks')
  })

  it('RS-03 RS-04 for a contact there is a menu of tickets alone, and it begins with their own', async () => {
    const person = await shop.portalUser({ name: 'Ana Ruiz' })
    await linkToContact(server, shop.id, person.id, { customer, contact: ana })
    await addTicket({ contact: ana })
    await addTicket({ subject: 'Somebody else asks' })
    const first = await openScreen(person, `/p/${shop.slug}`)
    expect(first.path).toBe(`/p/${shop.slug}/tickets`)
    expect(first.text).toContain('The gate sticks')
    expect(first.text).not.toContain('Somebody else asks')
    expect(first.$('a[href*="/jobs"]').length).toBe(0)
    const form = await first.follow('New ticket')
    expect(form.$('[name=contact], [name=participants]').length).toBe(0)
  })

  it('RS-04 without the permission there is neither a tab nor a page', async () => {
    const version = (await shop.owner.ok('getPortalSettings')).version
    const { switches } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, switches: { ...switches, viewTickets: false } })
    const first = await openScreen(naveed, `/p/${shop.slug}/jobs`)
    expect(first.$('a[href*="/tickets"]').length).toBe(0)
    expect((await openPortal('')).status).toBe(404)
    expect((await openScreen(shop.owner, `/office/${shop.slug}/jobs`)).$('nav a[href$="/tickets"]').length).toBe(0)
  })
})

describe('tickets in the office', () => {
  it('"Create ticket" creates one for the chosen customer', async () => {
    const picker = await (await openOffice('')).follow('New ticket')
    const form = await picker.follow('Dockside Lettings')
    expect((await form.press('Create ticket', { subject: '' })).text).toContain('Enter a subject.')
    const page = await form.press('Create ticket', {
      subject: 'No heating',
      contact: ana,
      assignee: shop.owner.id,
      tags: 'warranty, gas',
    })
    expect(page.text).toContain('Ticket created.')
    expect((await shop.owner.ok('listTickets')).rows).toMatchObject([
      { subject: 'No heating', contact: { id: ana }, assignee: { id: shop.owner.id }, tags: ['warranty', 'gas'] },
    ])
  })

  it('"Add comment" adds an internal note or a reply, beside the list and on the page', async () => {
    const ticket = await addTicket()
    const list = await openOffice(`?ticket=${ticket}`)
    await list.press('Add comment', { body: 'Ordered the part.', audience: 'internal' })
    const page = await openOffice(`/${ticket}`)
    await page.press('Add comment', { body: 'We are on our way.', audience: 'customer' })
    const { comments } = await shop.owner.ok('getTicket', { ticket })
    expect(comments.map(({ audience, body }) => [audience, body])).toEqual([
      ['internal', 'Ordered the part.'],
      ['customer', 'We are on our way.'],
    ])
  })

  it('"Add comment" takes a file, keeps it when something is missing, and shows it with its comment', async () => {
    const ticket = await addTicket()
    const page = await openOffice(`/${ticket}`)
    const refused = await page.press('Add comment', { body: '', 'upload.files': textFile() })
    expect(refused.text).toContain('Enter a comment.')
    expect(refused.text).toContain('note.txt')
    await refused.press('Add comment', { body: 'Attached.', audience: 'customer' })
    const { files, comments } = await shop.owner.ok('getTicket', { ticket })
    expect(files).toMatchObject([{ name: 'note.txt', audience: 'customer', comment: comments[0]!.id }])
  })

  it('a canned reply is added, changed, inserted and deleted', async () => {
    const ticket = await addTicket({ contact: ana })
    const openSettings = () => openScreen(shop.owner, `/office/${shop.slug}/settings/tickets`)
    const form = await (await openSettings()).follow('Add canned reply')
    const refused = await form.press('Add canned reply', { name: 'Thanks', text: 'Hi {{first}}' })
    expect(refused.text).toContain('{{first}} is not a placeholder.')
    const added = await refused.press('Add canned reply', { name: 'Thanks', text: 'Hi {{contact_first_name}}' })
    expect(added.text).toContain('Canned reply added.')
    const changed = await (await added.follow('Thanks')).press('Save changes', { text: 'Dear {{contact_first_name}}' })
    expect(changed.text).toContain('Canned reply saved.')
    const { id } = (await shop.owner.ok('getTicketSettings')).cannedReplies[0]!
    const page = await (await openOffice(`/${ticket}`)).press('Insert reply', { reply: id })
    expect(page.$('textarea[name=body]').text()).toBe('Dear Ana')
    await page.press('Add comment', {})
    expect((await shop.owner.ok('getTicket', { ticket })).comments).toMatchObject([
      { body: 'Dear Ana', audience: 'customer' },
    ])
    const confirm = await (await changed.follow('Thanks')).follow('Delete canned reply')
    expect((await confirm.press('Delete canned reply')).text).toContain('Canned reply deleted.')
    expect((await shop.owner.ok('getTicketSettings')).cannedReplies).toEqual([])
  })

  it('"Save changes" of the settings sets the default assignee', async () => {
    const page = await openScreen(shop.owner, `/office/${shop.slug}/settings/tickets`)
    const saved = await page.press('Save changes', { defaultAssignee: shop.owner.id })
    expect(saved.text).toContain('Settings saved.')
    expect((await shop.owner.ok('getTicketSettings')).defaultAssignee?.id).toBe(shop.owner.id)
  })

  it('"Merge tickets" merges into the chosen one, which is shown', async () => {
    const [ticket, into] = [await addTicket(), await addTicket({ subject: 'The door sticks' })]
    const picker = await (await openOffice(`/${ticket}`)).follow('Merge ticket')
    const confirm = await picker.follow('The door sticks')
    const merged = await confirm.press('Merge tickets')
    expect(merged.text).toContain('Tickets merged.')
    expect(merged.path).toContain(into)
    const { number } = await shop.owner.ok('getTicket', { ticket: into })
    expect((await openOffice(`/${ticket}`)).text).toContain(`Merged into ticket ${number}`)
  })

  it('"Create job" begins the form of a job with the ticket, and both show the other', async () => {
    const template = await shop.template({ name: 'Repair' })
    const ticket = await addTicket({ description: 'Since Monday.' })
    const form = await (await openOffice(`/${ticket}`)).follow('Create job')
    expect(new URL(form.path, 'http://main').searchParams.get('ticket')).toBe(ticket)
    const filled = await openScreen(shop.owner, `${form.path}&template=${template}`)
    expect(filled.$('[name=title]').attr('value')).toBe('The gate sticks')
    expect(filled.$('[name=note]').text()).toBe('Since Monday.')
    const job = await filled.press('Create job', { address: '1 Quay' })
    const { jobs, number } = await shop.owner.ok('getTicket', { ticket })
    expect(jobs).toMatchObject([{ title: 'The gate sticks' }])
    expect(job.text).toContain(`${number} The gate sticks`)
    expect((await openOffice(`/${ticket}`)).text).toContain(`${jobs[0]!.number} The gate sticks`)
  })

  it('a customer and a contact list their tickets, and a new one begins with them', async () => {
    await addTicket()
    await addTicket({ subject: 'No heating', contact: ana })
    const page = await openScreen(shop.owner, `/office/${shop.slug}/customers/${customer}`)
    expect(page.text).toContain('2 tickets, 2 open')
    const ofAna = await openScreen(shop.owner, `/office/${shop.slug}/customers/${customer}/contacts/${ana}`)
    expect(ofAna.text).toContain('1 ticket, 1 open')
    expect(ofAna.text).toContain('No heating')
    expect(ofAna.text).not.toContain('The gate sticks')
    const form = await ofAna.follow('New ticket')
    expect(form.$('[name=contact] option[selected]').attr('value')).toBe(ana)
    const { version, switches } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, switches: { ...switches, viewTickets: false } })
    const without = await openScreen(shop.owner, `/office/${shop.slug}/customers/${customer}`)
    expect(without.text).not.toContain('2 tickets')
  })

  it('the buttons of the status move the ticket, beside the list and on the page', async () => {
    const ticket = await addTicket()
    const list = await openOffice(`?ticket=${ticket}`)
    expect((await list.press('Put on hold')).text).toContain('Status changed.')
    const page = await openOffice(`/${ticket}`)
    await page.press('Resolve ticket')
    expect((await shop.owner.ok('getTicket', { ticket })).status).toBe('resolved')
    // Somebody else moved it meanwhile.
    expect((await page.press('Close ticket')).text).toContain('Someone else changed this ticket')
  })

  it('"Assign ticket" gives it to somebody, beside the list and on the page', async () => {
    const ticket = await addTicket()
    const worker = await shop.staff('worker', 'Marek Nowak')
    const assignee = async () => (await shop.owner.ok('getTicket', { ticket })).assignee?.name
    const list = await openOffice(`?ticket=${ticket}`)
    expect((await list.press('Assign ticket', { assignee: worker.id })).text).toContain('Assignee changed.')
    expect(await assignee()).toBe('Marek Nowak')
    await (await openOffice(`/${ticket}`)).press('Assign ticket', { assignee: '' })
    expect(await assignee()).toBeUndefined()
  })

  it('"Save changes" changes the facts of a ticket and who sees it', async () => {
    const ticket = await addTicket()
    const form = await (await openOffice(`/${ticket}`)).follow('Edit ticket')
    const page = await form.press('Save changes', { subject: 'No heating', priority: 'high', participants: [ana] })
    expect(page.text).toContain('Ticket saved.')
    expect(await shop.owner.ok('getTicket', { ticket })).toMatchObject({
      subject: 'No heating',
      priority: 'high',
      participants: [{ id: ana }],
    })
  })

  it('the list is narrowed by search, status, priority and assignee', async () => {
    const [gate, boiler] = [await addTicket(), await addTicket({ subject: 'Boiler leaks', priority: 'urgent' })]
    const shown = async (query: string) =>
      (await openOffice(query))
        .$('.row-link')
        .toArray()
        .map((link) => /ticket=([\da-f-]+)/.exec(link.attribs.href ?? '')?.[1])
    expect(await shown('?q=boiler')).toEqual([boiler])
    expect(await shown('?priority=urgent')).toEqual([boiler])
    expect(await shown('?status=closed')).toEqual([])
    expect(await shown('?assignee=none&sort=-priority')).toEqual([boiler, gate])
    expect(await shown('?assignee=none&sort=priority')).toEqual([gate, boiler])
  })
})
