/** Secure links in the portal and on a customer's page, as a browser without script uses them. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, saveChanges, startPagesServer } from './no-script.ts'
import { linkIn, type Business, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
})

const list = () => shop.owner.ok('listSecureLinks', { customer })
const openCustomer = () => openScreen(shop.owner, `/office/${shop.slug}/customers/${customer}`)
const createToken = async (of = customer) => {
  await shop.owner.ok('createSecureLink', { customer: of })
  return (await shop.owner.ok('listSecureLinks', { customer: of })).rows[0]!.url!.split('/').at(-1)!
}
const openLink = (token: string, browser = shop.visitor('path')) => openScreen(browser, `/p/${shop.slug}/link/${token}`)

describe('the page of a link', () => {
  it('RS-05 "Open portal" opens the portal; opening the page alone does nothing, and its address has no token', async () => {
    const token = await createToken()
    const page = await openLink(token)
    expect(page.path).not.toContain(token)
    expect((await list()).rows[0]!.lastUsedAt).toBeNull()
    const portal = await page.press('Open portal')
    expect(portal.text).toContain('You’re viewing the portal for Dockside Lettings.')
    expect((await list()).rows[0]!.lastUsedAt).not.toBeNull()
  })

  it('RS-06 leads to the sign-in page once there is a portal user', async () => {
    const token = await createToken()
    await shop.portalUser({ customers: [customer] })
    const page = await openLink(token)
    expect(page.path).toBe(`/p/${shop.slug}/sign-in`)
    expect(page.text).toContain('The link alone doesn’t open the portal.')
  })

  it('PS-44 says that a link was replaced or never was, and offers another by email', async () => {
    const token = await createToken()
    await shop.owner.ok('createSecureLink', { customer, replace: true })
    expect((await openLink(token)).text).toContain('A newer link replaced this one')
    const unknown = await openLink('A'.repeat(43))
    expect(unknown.text).toContain('This link isn’t valid')
    expect((await unknown.follow('Email me a link')).text).toContain('Get a link by email')
  })

  it('RS-19 asks a portal user of another customer first', async () => {
    const token = await createToken()
    const user = await shop.portalUser({ customers: [await shop.customer('Quay Apartments')] })
    const page = await openScreen(user, `/p/${shop.slug}/link/${token}`)
    expect(page.text).toContain('You’re signed in as Eleanor Finch.')
    expect((await page.press('Open portal')).text).toContain('You’re viewing the portal for Dockside Lettings.')
  })

  it('RS-17 opens no session in a browser of staff', async () => {
    const page = await openScreen(shop.owner, `/p/${shop.slug}/link/${await createToken()}`)
    expect(page.text).toContain('You’re signed in as staff')
    expect(page.has('Open portal')).toBe(false)
  })

  it('RS-12 RS-13 /my_profile leads to the sign-in page, and to the account of who is signed in', async () => {
    const cold = await openScreen(shop.visitor('path'), `/p/${shop.slug}/my_profile`)
    expect(cold.path).toContain(`/p/${shop.slug}/sign-in`)
    const user = await shop.portalUser({ customers: [customer] })
    expect((await openScreen(user, `/p/${shop.slug}/my_profile`)).path).toBe(`/p/${shop.slug}/account`)
  })

  it('"Send link" sends a link to an address on file', async () => {
    const email = `ana.${customer}@post.example`
    await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz', email })
    const page = await openScreen(shop.visitor('path'), `/p/${shop.slug}/link`)
    expect((await page.press('Send link', { email })).text).toContain('a link is on its way')
    expect(linkIn((await server.mailTo(email)).at(-1), /https?:\/\/\S+\/link\/[\w-]{43}/)).toContain(`/p/${shop.slug}/`)
  })
})

describe('secure links of a customer', () => {
  it('RS-05 "Create link" and "Replace link" make one, and the state is a sentence', async () => {
    const before = await openCustomer()
    expect(before.text).toContain('Open: no portal user yet.')
    const created = await before.press('Create link', { contact: 'customer' })
    expect(created.text).toContain('Link created.')
    const { url } = (await list()).rows[0]!
    await saveChanges(await created.press('Replace link Dockside Lettings'))
    expect((await list()).rows.map((row) => row.url)).not.toContain(url)
  })

  it('PS-44 "Revoke link" ends the link', async () => {
    await createToken()
    const preview = await (await openCustomer()).press('Revoke link Dockside Lettings')
    expect(preview.text).toContain('Dockside Lettings (secure link) The link no longer opens the portal')
    expect((await list()).rows).toHaveLength(1)
    await saveChanges(preview)
    expect((await list()).rows).toEqual([])
  })

  it('RS-05 "Save setting" turns links of the customer off', async () => {
    const after = await (await openCustomer()).press('Save setting', { lockMode: 'closed' })
    expect(after.text).toContain('Off: links don’t open the portal.')
    expect(await list()).toMatchObject({ state: 'closed', lockMode: 'closed' })
  })

  it('RS-06 inviting the first portal user says that the link closes', async () => {
    await createToken()
    const form = await (await openCustomer()).follow('Add portal user')
    expect(form.text).toContain('The secure link will stop working for everyone at Dockside Lettings.')
  })
})

describe('links to one ticket', () => {
  const openTicketLinks = (ticket: string) => openScreen(shop.owner, `/office/${shop.slug}/tickets/${ticket}/links`)
  const createTicket = async () => {
    const contact = (await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz', email: 'ana@post.example' })).id
    const ticket = (await shop.owner.ok('createTicket', { customer, contact, subject: 'The gate squeaks' })).id
    return { contact, ticket }
  }

  it('RS-05 "Copy link" on the ticket leads to its links, and "Create link" makes one for a day', async () => {
    const { ticket } = await createTicket()
    const page = await openScreen(shop.owner, `/office/${shop.slug}/tickets/${ticket}`)
    const links = await page.follow('Copy link')
    const created = await links.press('Create link', { contact: 'customer', days: '1' })
    expect(created.text).toContain('Link created.')
    const { rows } = await list()
    expect(rows).toMatchObject([{ scope: 'record', contact: null, record: { id: ticket } }])
    expect(Date.parse(rows[0]!.expiresAt) - Date.parse(rows[0]!.createdAt)).toBe(24 * 3600_000)
    const entry = await openLink(rows[0]!.url!.split('/').at(-1)!)
    const opened = await entry.press('Open portal')
    expect([opened.path, opened.text.includes('The gate squeaks')]).toEqual([`/p/${shop.slug}/tickets/${ticket}`, true])
  })

  it('PS-44 "Replace link" and "Revoke link" end the link of a contact', async () => {
    const { ticket, contact } = await createTicket()
    await shop.owner.ok('createSecureLink', { customer, contact, record: { kind: 'ticket', id: ticket } })
    const { url } = (await list()).rows[0]!
    const replaced = await (await openTicketLinks(ticket)).press('Replace link Ana Ruiz')
    expect((await list()).rows.map((row) => row.url)).not.toContain(url)
    await replaced.press('Revoke link Ana Ruiz')
    expect((await list()).rows).toEqual([])
  })

  it('RS-06 are not offered while links are closed, and the sign-in knows whose link it was', async () => {
    const { ticket, contact } = await createTicket()
    await shop.owner.ok('createSecureLink', { customer, contact, record: { kind: 'ticket', id: ticket } })
    const token = (await list()).rows[0]!.url!.split('/').at(-1)!
    await shop.portalUser({ name: 'Ruth Adeyemi', customers: [customer] })
    const links = await openTicketLinks(ticket)
    expect(links.text).toContain('Ruth Adeyemi has a login.')
    expect([links.has('Create link'), links.has('Replace link Ana Ruiz')]).toEqual([false, false])
    expect((await openCustomer()).has('Create link')).toBe(false)
    const signIn = await openLink(token)
    expect(signIn.path).toContain(`next=%2Fp%2F${shop.slug}%2Ftickets%2F${ticket}`)
    expect(signIn.$('input[name=email]').val()).toBe('ana@post.example')
  })
})
