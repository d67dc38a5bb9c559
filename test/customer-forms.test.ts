/** Every form of the office's customer pages, sent as a browser without script sends it. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business } from './test-server.ts'

let shop: Business, customer: string

beforeAll(startPagesServer)
beforeEach(async () => {
  shop = await (await startPagesServer()).business()
  customer = await shop.customer('Dockside Lettings')
})

const open = (path = '') => openScreen(shop.owner, `/office/${shop.slug}/customers/${customer}${path}`)
const load = () => shop.owner.ok('getCustomer', { customer })

describe('a customer', () => {
  it('"Add customer" stores what was typed, with its first contact and site', async () => {
    const form = await openScreen(shop.owner, `/office/${shop.slug}/customers/new`)
    const after = await form.press('Add customer', {
      name: 'Quay Apartments',
      reference: 'QA-7',
      'contact.name': 'Hannah Prewett',
      'contact.email': 'hannah@quay.example',
      'site.address': '3 Lockside, Bristol',
      'billing.name': 'Accounts',
    })
    customer = /customers\/([\w-]{36})$/.exec(after.path)![1]!
    expect(await load()).toMatchObject({
      name: 'Quay Apartments',
      reference: 'QA-7',
      contacts: [{ name: 'Hannah Prewett', email: 'hannah@quay.example', isPrimary: true }],
      sites: [{ address: '3 Lockside, Bristol' }],
      office: { billing: { name: 'Accounts' } },
    })
  })

  it('"Save changes" stores the new name', async () => {
    await (await open('/edit')).press('Save changes', { name: 'Dockside Homes', notes: 'Ring twice.' })
    expect(await load()).toMatchObject({ name: 'Dockside Homes', office: { notes: 'Ring twice.' } })
  })

  it('1.2 an edit that somebody else preceded keeps its entries, says what is saved now, and replaces it when saved again', async () => {
    const form = await open('/edit')
    await shop.owner.ok('updateCustomer', {
      customer,
      version: (await load()).version,
      name: 'Dockside East',
      notes: 'Ring once.',
    })
    const refused = await form.press('Save changes', { notes: 'Ring three times.' })
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('Someone else changed this customer in the meantime. Your changes were not saved.')
    expect(refused.$('[name=notes]').val()).toBe('Ring three times.')
    for (const saved of ['Saved now: Ring once.', 'Saved now: Dockside East']) expect(refused.text).toContain(saved)
    expect(await load()).toMatchObject({ name: 'Dockside East', office: { notes: 'Ring once.' } })
    await refused.press('Save changes', { name: 'Dockside East' })
    expect(await load()).toMatchObject({ name: 'Dockside East', office: { notes: 'Ring three times.' } })
  })

  it('"Archive customer" asks first, and "Restore customer" brings it back', async () => {
    const dialog = await (await open()).follow('Archive customer')
    expect((await load()).status).toBe('active')
    const archived = await dialog.press('Archive customer')
    expect((await load()).status).toBe('archived')
    await archived.press('Restore customer')
    expect((await load()).status).toBe('active')
  })

  it('while the portal is off, its users stay on the page, which says that it is off', async () => {
    await shop.portalUser({ name: 'Ana Active', customers: [customer] })
    const { version } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, enabled: false })
    const { text, $ } = await open()
    expect(text).toContain('The portal is off.')
    expect($('section').text()).toContain('Ana Active')
  })

  it('"Copy contact" makes the chosen contact the billing contact', async () => {
    await shop.owner.ok('addContact', { customer, name: 'Hannah Prewett', email: 'hannah@quay.example' })
    const { contacts } = await load()
    await (await open()).press('Copy contact', { contact: contacts[0]!.id })
    expect((await load()).office?.billing).toMatchObject({ name: 'Hannah Prewett', email: 'hannah@quay.example' })
  })
})

describe('a contact', () => {
  it('"Add contact" adds it as primary when that is checked', async () => {
    await (
      await open('/contacts/new')
    ).press('Add contact', {
      name: 'Hannah Prewett',
      phone: '0117 496 0007',
      isPrimary: true,
    })
    expect((await load()).contacts).toMatchObject([{ name: 'Hannah Prewett', phone: '0117 496 0007', isPrimary: true }])
  })

  it('RS-03 "Remove contact" names the portal users who are suspended with it', async () => {
    const { id: contact } = await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })
    const user = await shop.portalUser({ customers: [customer], name: 'Ana Ruiz' })
    const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
    await shop.owner.ok('updatePortalLink', { user: user.id, link: links[0]!.id, scope: 'contact', contact })
    const dialog = await (await open(`/contacts/${contact}`)).follow('Remove contact')
    expect(dialog.text).toContain('Ana Ruiz is suspended as portal user and can’t sign in.')
    expect((await dialog.press('Remove contact')).text).toContain('Contact removed.')
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).status).toBe('suspended')
  })

  it('"Save changes" stores it, and "Remove contact" asks first', async () => {
    await shop.owner.ok('addContact', { customer, name: 'Hannah Prewett' })
    const path = `/contacts/${(await load()).contacts[0]!.id}`
    await (await open(path)).press('Save changes', { role: 'Tenant' })
    expect((await load()).contacts).toMatchObject([{ name: 'Hannah Prewett', role: 'Tenant' }])
    const dialog = await (await open(path)).follow('Remove contact')
    expect((await load()).contacts).toHaveLength(1)
    await dialog.press('Remove contact')
    expect((await load()).contacts).toEqual([])
  })
})

describe('a contact that goes', () => {
  const addContact = async (name: string) => (await shop.owner.ok('addContact', { customer, name })).id

  it('"Archive contact" asks first, and "Restore contact" brings it back', async () => {
    const contact = await addContact('Hannah Prewett')
    const dialog = await (await open(`/contacts/${contact}`)).follow('Archive contact')
    expect((await load()).contacts).toMatchObject([{ status: 'active' }])
    expect((await dialog.press('Archive contact')).text).toContain('Contact archived.')
    expect((await load()).contacts).toMatchObject([{ status: 'archived' }])
    await (await open(`/contacts/${contact}`)).press('Restore contact')
    expect((await load()).contacts).toMatchObject([{ status: 'active' }])
  })

  it('"Move contact" finds the other customer, says what happens, and moves it', async () => {
    const contact = await addContact('Hannah Prewett')
    const other = await shop.customer('Quay Apartments')
    const page = await (await open(`/contacts/${contact}`)).follow('Move to another customer')
    const found = await openScreen(shop.owner, `${page.path}?find=Quay`)
    const dialog = await found.follow('Quay Apartments')
    expect(dialog.text).toContain('Tickets stay at Dockside Lettings without this contact.')
    const after = await dialog.press('Move contact')
    expect(after.path).toContain(`/customers/${other}`)
    expect((await shop.owner.ok('getCustomer', { customer: other })).contacts).toMatchObject([{ id: contact }])
  })

  it('"Merge contacts" keeps the one that is chosen', async () => {
    const contact = await addContact('Hannah Prewet')
    const into = await addContact('Hannah Prewett')
    const dialog = await (await open(`/contacts/${contact}`)).follow('Merge with another contact')
    expect(dialog.text).toContain('Hannah Prewet is deleted.')
    await dialog.press('Merge contacts', { into })
    expect((await load()).contacts).toMatchObject([{ id: into }])
  })
})

describe('two customers', () => {
  it('5C-11 "Merge customers" says who sees more, and the page of the merged one leads on', async () => {
    const into = await shop.customer('Quay Apartments')
    const ruth = await shop.portalUser({ name: 'Ruth Adeyemi', customers: [into] })
    await shop.owner.ok('addContact', { customer, name: 'Hannah Prewett' })
    const page = await (await open('')).follow('Merge with another customer')
    const found = await openScreen(shop.owner, `${page.path}?find=Quay`)
    const asked = await found.follow('Quay Apartments')
    expect(asked.text).toContain('1 contact move')
    expect(asked.text).toContain('Ruth Adeyemi of Quay Apartments will also see')
    expect((await load()).status).toBe('active')
    const after = await asked.press('Merge customers')
    expect(after.path).toContain(`/customers/${into}`)
    expect(after.text).toContain('Customers merged.')
    const merged = await open('')
    expect(merged.text).toContain('This customer was merged.')
    expect((await merged.follow('Quay Apartments')).path).toContain(into)
    expect((await shop.owner.ok('getPortalUser', { user: ruth.id })).links).toMatchObject([{ whole: true }])
  })
})

describe('a site', () => {
  it('"Add site" adds it', async () => {
    await (await open('/sites/new')).press('Add site', { address: '3 Lockside, Bristol', notes: 'Blue door' })
    expect((await load()).sites).toMatchObject([{ address: '3 Lockside, Bristol', notes: 'Blue door' }])
  })

  it('"Save changes" stores it, "Archive site" and "Restore site" change its status', async () => {
    const site = await shop.site(customer)
    const path = `/sites/${site}`
    await (await open(path)).press('Save changes', { name: 'Ground floor' })
    expect((await load()).sites).toMatchObject([{ name: 'Ground floor', status: 'active' }])
    await (await open(path)).press('Archive site')
    expect((await load()).sites).toMatchObject([{ status: 'archived' }])
    await (await open(path)).press('Restore site')
    expect((await load()).sites).toMatchObject([{ status: 'active' }])
  })
})
