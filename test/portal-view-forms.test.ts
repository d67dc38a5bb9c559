/** Portal views (view as), as a browser without script uses them. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer, type Screen } from './no-script.ts'
import type { Business, Person, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, naveed: Person, ticket: string

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
  naveed = await shop.portalUser({ name: 'Naveed Aslam', customers: [customer] })
  ticket = (await shop.owner.ok('createTicket', { customer, subject: 'The gate sticks' })).id
})

const open = (path: string, who: Person = shop.owner) => openScreen(who, `/office/${shop.slug}${path}`)
const openUser = () => open(`/settings/portal/users/${naveed.id}`)
const viewNaveed = async () => (await openUser()).press('View portal as Naveed Aslam')
const links = ({ $ }: Screen) =>
  $('a[href^="/"], form[action^="/"]')
    .toArray()
    .map((each) => each.attribs.href ?? each.attribs.action!)

describe('a portal view', () => {
  it('RS-17 "View portal" shows the very pages of the portal, who is viewed, and no way to their account', async () => {
    const first = await viewNaveed()
    expect(first.path).toMatch(new RegExp(`^/office/${shop.slug}/as/[0-9a-f-]{36}/jobs$`))
    expect(first.text).toContain('You are viewing the portal as Naveed Aslam. Nothing can be changed here.')
    const base = first.path.replace(/\/jobs$/, '')
    const tickets = await first.follow('Tickets')
    const opened = await openScreen(shop.owner, `${base}/tickets/${ticket}`)
    for (const each of [tickets, opened]) {
      expect(each.text).toContain('The gate sticks')
      expect(each.text).toContain('You are viewing the portal as Naveed Aslam.')
      const elsewhere = links(each).filter(
        (to) => !to.startsWith(base) && !to.startsWith(`/api/v1${base}`) && !to.includes('/view-as'),
      )
      expect(elsewhere.filter((to) => !/icons|\.(svg|js|png)|_app|#/.test(to))).toEqual([])
      expect(each.text).not.toContain('Sign out')
    }
    const account = await openScreen(shop.owner, `${base}/account`)
    expect(account.status).toBe(404)
    expect(account.text).toContain('You are viewing the portal as Naveed Aslam.')
  })

  it('a form is refused with one sentence, and nothing is changed', async () => {
    const base = (await viewNaveed()).path.replace(/\/jobs$/, '')
    const page = await openScreen(shop.owner, `${base}/tickets/${ticket}`)
    const refused = await page.press('Send comment', { body: 'It hums.' })
    expect(refused.status).toBe(403)
    expect(refused.text).toContain('You are viewing the portal as a customer sees it. Nothing can be changed here.')
    expect((await shop.owner.ok('getTicket', { ticket })).comments).toEqual([])
  })

  it('"Leave view" ends it and leads back to whom it showed; its address then says that it has ended', async () => {
    const view = await viewNaveed()
    const left = await view.press('Leave view')
    expect(left.path).toBe(`/office/${shop.slug}/settings/portal/users/${naveed.id}`)
    const again = await openScreen(shop.owner, view.path)
    expect(again.path).toBe(`/office/${shop.slug}/view-as`)
    expect(again.text).toContain('The view has ended.')
  })

  it('RS-19 "View someone else" offers customers, their contacts and portal users, each one click away', async () => {
    await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })
    const first = await viewNaveed()
    const chooser = await first.follow('View someone else')
    expect(chooser.text).toContain('Naveed Aslam')
    const contacts = await chooser.follow('Show contacts Dockside Lettings')
    const contact = await contacts.press('View portal as Ana Ruiz')
    expect(contact.text).toContain('You are viewing the portal as Ana Ruiz, a contact.')
    expect(contact.text).not.toContain('The gate sticks')
    expect((await openScreen(shop.owner, first.path)).text).toContain('The view has ended.')
    const whole = await (await open(`/customers/${customer}`)).press('View portal as Dockside Lettings')
    expect(whole.text).toContain('You are viewing the portal as Dockside Lettings.')
  })

  it('who cannot get in is shown the page that they meet, and a portal that is off is off', async () => {
    const view = await viewNaveed()
    await shop.owner.ok('suspendPortalUser', { user: naveed.id })
    const signIn = await openScreen(shop.owner, view.path)
    expect(signIn.path).toMatch(/\/as\/[0-9a-f-]{36}\/sign-in\?next=/)
    expect(signIn.text).toContain('They can’t sign in right now. This is what they see.')
    const { version } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, enabled: false })
    const off = await openScreen(shop.owner, view.path)
    expect(off.status).toBe(404)
    expect(off.text).toContain('You are viewing the portal as Naveed Aslam.')
  })

  it('RS-17 without the staff session its address leads to the sign-in page of the office', async () => {
    const view = await viewNaveed()
    await shop.owner.ok('signOut')
    expect((await openScreen(shop.owner, view.path)).path).toMatch(/^\/office\/sign-in\?next=/)
  })

  it('the customer reads on the account page who looked and when', async () => {
    const before = await openScreen(naveed, `/p/${shop.slug}/account`)
    expect(before.text).not.toContain('Viewed by staff')
    await viewNaveed()
    const account = await openScreen(naveed, `/p/${shop.slug}/account`)
    expect(account.text).toMatch(/Viewed by staff .* viewed your portal on /)
  })

  it('for workers there is no such button and no such page', async () => {
    const worker = await shop.staff('worker')
    expect((await open('/view-as', worker)).status).toBe(403)
    const { version } = await shop.owner.ok('getTicket', { ticket })
    await shop.owner.ok('assignTicket', { ticket, version, assignee: worker.id })
    const page = await open(`/customers/${customer}`, worker)
    expect(page.text).toContain('Dockside Lettings')
    expect(page.text).not.toContain('View portal')
  })
})
