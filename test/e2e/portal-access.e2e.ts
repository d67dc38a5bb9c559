/** What a customer's people see through a link and with a login of their own: the acceptance scenarios of 1B.6, for jobs and tickets. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD, type Business, type TestServer } from '../test-server.ts'
import { closeAll, startAppServer, tabTo, VARIANTS, visitor, type Visitor } from './browser.ts'
import { followMail, mainAt, openOffice, portalAt, signInToOffice } from './steps.ts'

afterAll(closeAll)

const SUBJECTS = { ana: 'The gate sticks', ben: 'The lift is slow', nobody: 'The roof leaks' }

interface Docks {
  server: TestServer
  shop: Business
  customer: string
  ana: { id: string; email: string }
  job: string
  tickets: Record<keyof typeof SUBJECTS, string>
}

/** A customer with two contacts, one ticket of each, one of nobody, and a job. */
async function createDocks(): Promise<Docks> {
  const server = await startAppServer()
  const shop = await server.business()
  const customer = await shop.customer('Dockside Lettings')
  const email = `ana@${shop.slug}.example`
  const { id } = await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz', email })
  const { id: ben } = await shop.owner.ok('addContact', { customer, name: 'Ben Okoye' })
  const template = await shop.template({ name: 'Gate repair' })
  const { id: job } = await shop.owner.ok('createJob', { customer, template, address: '1 Lockside' })
  const add = async (subject: string, contact?: string) =>
    (await shop.owner.ok('createTicket', { customer, subject, ...(contact && { contact }) })).id
  const tickets = {
    ana: await add(SUBJECTS.ana, id),
    ben: await add(SUBJECTS.ben, ben),
    nobody: await add(SUBJECTS.nobody),
  }
  return { server, shop, customer, ana: { id, email }, job, tickets }
}

/** The address of a customer's link. */
async function linkOf({ server, shop }: Docks, customer: string): Promise<string> {
  await shop.owner.ok('createSecureLink', { customer })
  const { rows } = await shop.owner.ok('listSecureLinks', { customer })
  return portalAt(server, shop.slug, `/link/${rows[0]!.url!.split('/').at(-1)!}`)
}

async function openLink(person: Visitor, link: string, customer = 'Dockside Lettings'): Promise<void> {
  await person.page.goto(link)
  await person.see('Open your portal')
  await person.accessible()
  await person.press('Open portal')
  await person.see(`You’re viewing the portal for ${customer}.`)
}

/** Which of the three tickets the list shows, by the contact each is of. */
async function ticketsOf({ page }: Visitor, { server, shop }: Docks): Promise<string[]> {
  await page.goto(portalAt(server, shop.slug, '/tickets'))
  const text = await page.locator('main').innerText()
  return Object.entries(SUBJECTS).flatMap(([contact, subject]) => (text.includes(subject) ? [contact] : []))
}

const customerPage = ({ server, shop, customer }: Docks) => mainAt(server, `/office/${shop.slug}/customers/${customer}`)

/** The owner adds a portal user on the customer's page. */
async function addPortalUser(owner: Visitor, docks: Docks, user: { contact?: string; email?: string }): Promise<void> {
  await openOffice(owner.page, customerPage(docks))
  await owner.press('Add portal user', owner.page.locator('a').locator('..'))
  await owner.see('Add portal user')
  await owner.page.locator('select[name=contact]').first().waitFor()
  if (user.contact) await owner.choose('Attached to', user.contact)
  if (user.email) await owner.fill('Email', user.email)
  await owner.accessible()
  await owner.press('Add portal user', owner.page.locator('form').filter({ has: owner.page.locator('[name=email]') }))
  await owner.see('Invitation created.')
}

/** Chooses who a portal user acts for. The choice is sent with the first key and shows what was saved until it is confirmed. */
async function attach({ page, device }: Visitor, name: string, to: string): Promise<void> {
  const choice = page.getByLabel(`Attached to: ${name}`)
  if (device === 'phone') return void (await choice.selectOption({ label: to }))
  await tabTo(page, choice)
  await page.keyboard.press(to[0]!)
}

/** Sets a password from the invitation. */
async function activate(person: Visitor, { server }: Docks, email: string): Promise<void> {
  await followMail(person, server, email, 'been invited to')
  await person.see('Set up your account')
  await person.fill('Password', PASSWORD)
  await person.press('Set up account')
  await person.arrived(/\/(jobs|tickets)$/)
}

describe.each(VARIANTS)('A customer without a login, $label', ({ device }) => {
  it('scenario 1: the link opens jobs and tickets', async () => {
    const docks = await createDocks()
    const person = await visitor(device)
    await openLink(person, await linkOf(docks, docks.customer))
    await person.accessible()
    expect(await ticketsOf(person, docks)).toEqual(['ana', 'ben', 'nobody'])
    await person.press(SUBJECTS.nobody)
    await person.arrived(/\/tickets\/[0-9a-f-]+$/)
    await person.accessible()
    await person.page.goto(portalAt(docks.server, docks.shop.slug, `/jobs/${docks.job}`))
    await person.see('Gate repair')
    await person.accessible()
    await person.close()
  })

  it('scenario 2: the first portal user ends the session of the link, and the link asks to sign in', async () => {
    const docks = await createDocks()
    const link = await linkOf(docks, docks.customer)
    const first = await visitor(device)
    await openLink(first, link)
    const owner = await visitor(device)
    await signInToOffice(owner, docks.server, docks.shop.owner.email)
    await addPortalUser(owner, docks, { email: `hannah@${docks.shop.slug}.example` })
    const second = await visitor(device)
    await second.page.goto(link)
    await second.see('The link alone doesn’t open the portal.')
    await second.accessible()
    await first.page.goto(portalAt(docks.server, docks.shop.slug, `/tickets/${docks.tickets.ana}`))
    await first.arrived(/\/sign-in/)
    await first.accessible()
  })

  it('scenario 6: after the last portal user is removed the link is replaced, and staff open it again', async () => {
    const docks = await createDocks()
    const yesterday = await linkOf(docks, docks.customer)
    const user = await docks.shop.portalUser({ name: 'Hannah Price', customers: [docks.customer] })
    const owner = await visitor(device)
    await signInToOffice(owner, docks.server, docks.shop.owner.email)
    await docks.shop.owner.ok('removePortalUser', { user: user.id, signUp: 'allow' })
    await openOffice(owner.page, customerPage(docks))
    await owner.see('Closed: the last portal user was removed.')
    await owner.accessible()
    await owner.press('Open link')
    await owner.see('Open: no portal user yet.')
    const person = await visitor(device)
    await person.page.goto(yesterday)
    await person.see('A newer link replaced this one')
    await person.accessible()
    await openLink(person, await linkOf(docks, docks.customer))
  })
})

describe.each(VARIANTS)('A contact with a login, $label', ({ device }) => {
  it('scenarios 3, 4 and 5: sees own tickets, then everything, and nothing once archived', async () => {
    const docks = await createDocks()
    const { server, shop } = docks
    const owner = await visitor(device)
    await signInToOffice(owner, server, shop.owner.email)
    await addPortalUser(owner, docks, { contact: `Ana Ruiz (${docks.ana.email})` })
    const ana = await visitor(device)
    await activate(ana, docks, docks.ana.email)
    expect(await ticketsOf(ana, docks)).toEqual(['ana'])
    await ana.accessible()
    for (const ticket of [docks.tickets.ben, docks.tickets.nobody])
      expect((await ana.page.goto(portalAt(server, shop.slug, `/tickets/${ticket}`)))!.status()).toBe(404)
    await ana.page.goto(portalAt(server, shop.slug, '/tickets?search=lift'))
    expect(await ana.page.locator('main').innerText()).not.toContain(SUBJECTS.ben)
    expect((await ana.page.goto(portalAt(server, shop.slug, `/jobs/${docks.job}`)))!.status()).toBe(404)
    await ana.page.goto(portalAt(server, shop.slug, `/tickets/${docks.tickets.ana}`))
    await ana.fill('Write a comment', 'It hums.')
    await ana.press('Send comment')
    await ana.see('It hums.')

    await openOffice(owner.page, customerPage(docks))
    await attach(owner, 'Ana Ruiz', 'Dockside Lettings')
    await owner.see('1 person gets more access')
    await owner.accessible()
    await owner.press('Save changes', owner.page.locator('dialog'))
    await owner.see('Portal access changed.')
    expect(await ticketsOf(ana, docks)).toEqual(['ana', 'ben', 'nobody'])
    await openOffice(owner.page, mainAt(server, `/office/${shop.slug}/tickets/${docks.tickets.ana}`))
    await owner.see('It hums.')
    await owner.see('Ana Ruiz')

    await shop.owner.ok('archiveContact', { customer: docks.customer, contact: docks.ana.id, portalUsers: 'suspend' })
    await ana.page.goto(portalAt(server, shop.slug, '/tickets'))
    await ana.arrived(/\/sign-in/)
    await ana.fill('Email', docks.ana.email)
    await ana.fill('Password', PASSWORD)
    await ana.press('Sign in', ana.page.locator('form'))
    await ana.see('Incorrect email or password.')
    await ana.accessible()
  })
})

const WAYS = [
  ...VARIANTS.map((each) => ({ ...each, javaScript: true })),
  { device: 'phone' as const, label: 'on a phone without JavaScript', javaScript: false },
]

describe.each(WAYS)('Links of several customers in one browser, $label', ({ device, javaScript }) => {
  it('scenario 7: a second link takes over with one click, and one whose customer has a login asks to sign in', async () => {
    const docks = await createDocks()
    const { shop } = docks
    const [quay, pier] = [await shop.customer('Quay Apartments'), await shop.customer('Pier Hotel')]
    await shop.owner.ok('createTicket', { customer: quay, subject: 'The quay is wet' })
    const links = [await linkOf(docks, docks.customer), await linkOf(docks, quay), await linkOf(docks, pier)]
    await shop.portalUser({ customers: [pier] })
    const person = await visitor(device, { javaScript })
    await openLink(person, links[0]!)
    await openLink(person, links[1]!, 'Quay Apartments')
    expect(await ticketsOf(person, docks)).toEqual([])
    await person.see('The quay is wet')
    await person.page.goto(links[2]!)
    await person.see(/who signs in with a password/)
    await person.press('Open portal')
    await person.see('The link alone doesn’t open the portal.')
    const sessions = (await person.context.cookies()).filter(({ name }) => /^portico_portal_/.test(name))
    expect(sessions.length).toBeLessThanOrEqual(1)
  })

  it('scenario 8: a contact who is signed in sees nothing of another customer before they confirm', async () => {
    const docks = await createDocks()
    const { shop } = docks
    const quay = await shop.customer('Quay Apartments')
    await shop.owner.ok('createTicket', { customer: quay, subject: 'The quay is wet' })
    const link = await linkOf(docks, quay)
    await shop.owner.ok('addPortalUser', {
      email: docks.ana.email,
      customers: [docks.customer],
      contact: docks.ana.id,
      scope: 'contact',
    })
    const person = await visitor(device, { javaScript })
    await activate(person, docks, docks.ana.email)
    await person.page.goto(link)
    await person.see('You’re signed in as Ana Ruiz.')
    const text = await person.page.locator('body').innerText()
    expect(text).not.toMatch(/Quay Apartments|The quay is wet/)
    await person.accessible()
    await person.press('Open portal')
    await person.see('You’re viewing the portal for Quay Apartments.')
  })

  it('scenario 9: /my_profile leads to the sign-in page, and from there into the portal', async () => {
    const docks = await createDocks()
    const { server, shop } = docks
    const user = await shop.portalUser({ customers: [docks.customer] })
    const person = await visitor(device, { javaScript })
    await person.page.goto(portalAt(server, shop.slug, '/my_profile'))
    await person.arrived(/\/sign-in/)
    await person.accessible()
    await person.fill('Email', user.email)
    await person.fill('Password', PASSWORD)
    await person.press('Sign in', person.page.locator('form'))
    await person.see(user.email)
  })
})
