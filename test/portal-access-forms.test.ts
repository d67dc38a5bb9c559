/** The section Portal access on the page of a customer, used as a browser without script uses it. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, saveChanges, startPagesServer } from './no-script.ts'
import { linkIn, PASSWORD, type Business, type Person } from './test-server.ts'

let shop: Business, customer: string

beforeAll(startPagesServer)
beforeEach(async () => {
  shop = await (await startPagesServer()).business()
  customer = await shop.customer('Dockside Lettings')
})

const open = (query = '', who: Person = shop.owner) =>
  openScreen(who, `/office/${shop.slug}/customers/${customer}${query}`)
const users = async () => (await shop.owner.ok('getCustomer', { customer })).office!.portalUsers
const mailTo = async (email: string) => (await startPagesServer()).mailTo(email)
const addContact = async (name: string, email?: string) =>
  (await shop.owner.ok('addContact', { customer, name, ...(email && { email }) })).id
const emailOf = (name: string) => `${name}.${shop.slug}@quay.example`

describe('adding a portal user to a customer', () => {
  it('RS-01 RS-09 attaches them to the customer, and emails a link to set a password', async () => {
    const email = emailOf('hannah')
    const form = await (await open()).follow('Add portal user')
    const after = await form.press('Add portal user', { email })
    expect(after.text).toContain('Invitation created.')
    expect(await users()).toMatchObject([{ email, status: 'invited', scope: 'whole', contact: null }])
    expect(await mailTo(email)).toHaveLength(1)
  })

  it('RS-02 RS-11 offers the contacts; the email of one that is chosen need not be typed', async () => {
    const email = emailOf('ana')
    const contact = await addContact('Ana Ruiz', email)
    await shop.portalUser({ customers: [customer] })
    const form = await (await open()).follow('Add portal user')
    await form.press('Add portal user', { contact })
    expect((await users())[1]).toMatchObject({ name: 'Ana Ruiz', email, scope: 'contact', contact })
    const link = linkIn((await mailTo(email)).at(-1), /activate\/\S+/)
    const welcome = await openScreen(shop.visitor(), `/p/${shop.slug}/${link}`)
    expect(welcome.$('input[name=name]').attr('value')).toBe('Ana Ruiz')
  })

  it('starts from a contact too: "Invite to portal" there chooses it', async () => {
    const contact = await addContact('Ana Ruiz', emailOf('ana'))
    const form = await (await open()).follow('Invite to portal Ana Ruiz')
    expect(form.$('select[name=contact] option[selected]').attr('value')).toBe(contact)
    expect((await (await open(`/contacts/${contact}`)).follow('Invite to portal Ana Ruiz')).path).toContain(contact)
  })

  it('offers to invite the primary contact as well, when the first login is for somebody else', async () => {
    const primary = emailOf('naveed')
    await addContact('Naveed Aslam', primary)
    const ana = await addContact('Ana Ruiz', emailOf('ana'))
    const form = await (await open()).follow('Add portal user')
    expect(form.text).toContain('Also invite Naveed Aslam, the primary contact')
    await form.press('Add portal user', { contact: ana, alsoPrimary: true })
    expect(await users()).toMatchObject([{ scope: 'contact' }, { email: primary, scope: 'whole' }])
    expect((await (await open()).follow('Add portal user')).text).not.toContain('Also invite')
  })

  it('5C-6 adds the login that a person has already, after asking', async () => {
    const known = await shop.portalUser({ name: 'Ana Ruiz', customers: [await shop.customer('Quay Apartments')] })
    const contact = await addContact('Ana Ruiz', known.email)
    const refused = await (await open('?add=new')).press('Add portal user', { contact })
    expect(refused.text).toContain('This person already has a login.')
    expect(await users()).toEqual([])
    await saveChanges(await refused.press('Add login'))
    expect(await users()).toMatchObject([{ id: known.id, scope: 'contact', contact, customers: 2 }])
  })

  it('RS-15 grants the view of the customer: contact, portal user, contact chosen, then the customer', async () => {
    const { version } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, enabled: true })
    const email = emailOf('ana')
    const added = await (await open('?add=new')).press('Add contact', { name: 'Ana Ruiz', email })
    const contact = added.$('select[name=contact] option[selected]').attr('value')!
    const invited = await added.press('Add portal user')
    expect(await users()).toMatchObject([{ email, scope: 'contact', contact }])
    const after = await saveChanges(await invited.press('Save Attached to: Ana Ruiz', { attach: '' }))
    expect(after.text).toContain('Portal access changed.')
    expect(await users()).toMatchObject([{ email, scope: 'whole', contact, group: { kind: 'full' } }])
  })
})

describe('a portal user of a customer', () => {
  it('RS-11 is attached to a contact by a choice', async () => {
    const contact = await addContact('Ana Ruiz')
    await shop.portalUser({ name: 'Ana Active', customers: [customer] })
    await saveChanges(await (await open()).press('Save Attached to: Ana Active', { attach: contact }))
    expect(await users()).toMatchObject([{ scope: 'contact', contact, group: { kind: 'limited' } }])
  })

  it('is given a permission group by a choice', async () => {
    await shop.portalUser({ name: 'Ana Active', customers: [customer] })
    const limited = (await shop.owner.ok('listPermissionGroups')).rows.find(({ kind }) => kind === 'limited')!
    await saveChanges(await (await open()).press('Save Permission group: Ana Active', { group: limited.id }))
    expect(await users()).toMatchObject([{ group: { kind: 'limited' }, ownGroup: true, scope: 'whole' }])
    await saveChanges(await (await open()).press('Save Permission group: Ana Active', { group: '' }))
    expect(await users()).toMatchObject([{ group: { kind: 'full' }, ownGroup: false }])
  })

  it('RS-10 is sent an email to choose a password; the page asks for none', async () => {
    const user = await shop.portalUser({ name: 'Ana Active', customers: [customer] })
    const page = await open()
    expect(page.$('input[type=password]')).toHaveLength(0)
    const after = await page.press('Send password email Ana Active')
    expect(after.text).toContain('Password email queued.')
    expect(await mailTo(user.email)).toMatchObject([{ subject: expect.stringContaining('Choose a new password') }])
    expect((await user.call('getPortal')).status).toBe(200)
  })

  it('who did not set a password yet is invited again', async () => {
    const email = emailOf('hannah')
    await shop.owner.ok('addPortalUser', { email, customers: [customer] })
    expect(await mailTo(email)).toHaveLength(1)
    ;(await startPagesServer()).clock.advance(61_000)
    expect((await (await open()).press(`Resend invitation ${email}`)).text).toContain('Invitation queued.')
    expect(await mailTo(email)).toHaveLength(2)
  })

  it('is suspended after a question, and reactivated', async () => {
    const user = await shop.portalUser({ name: 'Ana Active', customers: [customer] })
    const dialog = await (await open()).follow('Suspend user')
    expect(dialog.text).toContain('Can no longer sign in to the portal')
    expect(await users()).toMatchObject([{ status: 'active' }])
    await dialog.press('Suspend user')
    expect(await users()).toMatchObject([{ status: 'suspended' }])
    expect((await user.call('getPortal')).body).toMatchObject({ currentUser: null })
    await (await open()).press('Reactivate user')
    expect(await users()).toMatchObject([{ status: 'active' }])
  })

  it('is removed after a question that names them', async () => {
    const user = await shop.portalUser({ name: 'Ana Active', customers: [customer] })
    const dialog = await (await open()).follow('Remove user')
    expect(dialog.text).toContain('Remove Ana Active?')
    expect(await users()).toHaveLength(1)
    await dialog.press('Remove user')
    expect(await users()).toEqual([])
    const credentials = { email: user.email, password: PASSWORD }
    expect((await shop.visitor().call('signInToPortal', credentials)).status).toBe(401)
  })

  it('of several customers is unlinked from this one alone', async () => {
    const other = await shop.customer('Quay Apartments')
    const user = await shop.portalUser({ name: 'Ana Active', customers: [customer, other] })
    await (await (await open()).follow('Unlink Dockside Lettings')).press('Unlink customer')
    expect(await users()).toEqual([])
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).links).toMatchObject([{ customer: { id: other } }])
  })

  it('PS-40 is seen by a dispatcher, who changes nothing about what they may do', async () => {
    await shop.portalUser({ name: 'Ana Active', customers: [customer] })
    const page = await open('', await shop.staff('dispatcher'))
    expect(page.text).toContain('Ana Active')
    expect(page.has('Save Attached to: Ana Active')).toBe(false)
    expect(page.has('Send password email Ana Active')).toBe(true)
  })
})
