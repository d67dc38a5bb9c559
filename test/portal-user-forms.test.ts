/** Every form of the office's portal user pages, sent as a browser without script sends it, does what its button says. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, saveChanges, startPagesServer, type Screen } from './no-script.ts'
import { linkIn, type Business, type Person, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business({ public: false })
})

const listPage = () => openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users`)
const userPage = (id: string) => openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users/${id}`)
const userOf = (id: string) => shop.owner.ok('getPortalUser', { user: id })
const inviteUser = async (email: string) => (await shop.owner.ok('addPortalUser', { email })).id
const isSignedIn = async (user: Person) => (await user.call('getCurrentPortalUser')).status === 200

async function expectSecondMail(email: string, press: () => Promise<Screen>) {
  const first = linkIn((await server.mailTo(email)).at(-1), /activate\/\S+/)
  server.clock.advance(61_000)
  expect((await press()).status).toBe(200)
  const mails = await server.mailTo(email)
  expect(mails).toHaveLength(2)
  expect(linkIn(mails.at(-1), /activate\/\S+/)).not.toBe(first)
}

describe('the list of portal users', () => {
  it('CP-14 "Resend invitation" sends a new link', async () => {
    await inviteUser('ivy@post.example')
    const resend = async () => (await listPage()).press('Resend invitation ivy@post.example')
    await expectSecondMail('ivy@post.example', resend)
  })

  it('"Reactivate user" lets a suspended user in again', async () => {
    const user = await shop.portalUser({ name: 'Sam Suspended', status: 'suspended' })
    expect(await isSignedIn(user)).toBe(false)
    const after = await (await listPage()).press('Reactivate user Sam Suspended')
    expect(after.status).toBe(200)
    expect((await userOf(user.id)).status).toBe('active')
  })

  it('CP-25 "Remove" and "Resend" are buttons of the row, under the heading "Actions"', async () => {
    await shop.portalUser({ name: 'Naveed Aslam' })
    await inviteUser('ivy@post.example')
    const { $ } = await listPage()
    expect($('table th').last().clone().find('.sr').remove().end().text().trim()).toBe('Actions')
    const actionsOf = (name: string) =>
      $('tbody tr')
        .filter((_, row) => $(row).text().includes(name))
        .find('td:last-child')
        .find('a, button')
        .filter((_, control) => $(control).closest('details').length === 0)
        .map((_, control) => $(control).clone().find('.sr').remove().end().text().trim())
        .toArray()
    expect(actionsOf('Naveed Aslam')).toEqual(['View portal', 'Remove'])
    expect(actionsOf('ivy@post.example')).toEqual(['View portal', 'Resend invitation', 'Remove'])
  })

  it('5C-14 the selected users are suspended together, and the list says who stayed as they were', async () => {
    const [ana, sam] = [await shop.portalUser({ name: 'Ana Active' }), await shop.portalUser({ name: 'Sam Active' })]
    const list = await openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users?select=1`)
    const resent = await list.press('Resend invitations', { ids: [ana.id, sam.id] })
    expect(resent.text).toContain('2 portal users stayed as they were:')
    const done = await resent.press('Suspend users', { ids: [ana.id] })
    expect(done.text).toContain('1 portal user changed')
    expect([await isSignedIn(ana), await isSignedIn(sam)]).toEqual([false, true])
  })

  it('"Resend invitation", "Reactivate user" and "Remove user" keep the search and the order of the list', async () => {
    const [email, kept] = [`ivy.${shop.slug}@post.example`, 'q=ivy&sort=-created']
    const invited = await inviteUser(email)
    const { id: suspended } = await shop.portalUser({ name: 'Ivy Suspended', status: 'suspended' })
    server.clock.advance(61_000)
    const open = () => openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users?${kept}`)
    expect((await (await open()).press(`Resend invitation ${email}`)).path).toContain(`users?${kept}`)
    expect((await (await open()).press('Reactivate user Ivy Suspended')).path).toContain(`users?${kept}`)
    expect((await userOf(suspended)).status).toBe('active')
    const dialog = await openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users?${kept}&remove=${invited}`)
    expect((await dialog.press('Remove user', {}, `Remove ${email}?`)).path).toContain(`users?${kept}`)
    expect((await userOf(invited)).status).toBe('removed')
  })

  it('CP-25 CP-27 CP-28 "Remove user" asks first, then removes', async () => {
    const user = await shop.portalUser({ name: 'Naveed Aslam' })
    const dialog = await openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users?remove=${user.id}`)
    expect(dialog.text).toContain('Remove Naveed Aslam?')
    expect(await isSignedIn(user)).toBe(true)
    const after = await dialog.press('Remove user', {}, 'Remove Naveed Aslam?')
    expect(after.text).toContain('Naveed Aslam has been removed.')
    expect([await isSignedIn(user), (await userOf(user.id)).status]).toEqual([false, 'removed'])
  })
})

describe('removing a user of a public portal', () => {
  it('keeps the email from signing up again, unless that is unchecked', async () => {
    shop = await server.business({ public: true })
    const [kept, blocked] = [await shop.portalUser({ name: 'Kim Kept' }), await shop.portalUser({ name: 'Bo Blocked' })]
    const dialogOf = (id: string) => openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users?remove=${id}`)
    await (await dialogOf(kept.id)).press('Remove user', { blockSignUp: false }, 'Remove Kim Kept?')
    await (await dialogOf(blocked.id)).press('Remove user', {}, 'Remove Bo Blocked?')
    expect((await shop.owner.ok('getPortalSettings')).blockedEmails).toEqual([blocked.email])
    const other = await shop.portalUser({ name: 'Oz Other' })
    const page = await openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users/${other.id}?confirm=remove`)
    await page.press('Remove user', {}, 'Remove Oz Other?')
    expect((await shop.owner.ok('getPortalSettings')).blockedEmails).toEqual([blocked.email, other.email])
  })
})

describe('inviting', () => {
  it('E-25 a user of a private portal who was added by email alone can book at once', async () => {
    const template = await shop.template()
    const email = `ivy.${shop.slug}@post.example`
    await inviteUser(email)
    const token = linkIn((await server.mailTo(email)).at(-1), /activate\/\S+/).replace('activate/', '')
    const ivy = shop.visitor()
    const refused = await ivy.call('acceptInvitation', { token, password: 'teal harbour lantern 4' })
    expect(refused).toMatchObject({ status: 422, body: { fields: { name: { code: 'required' } } } })
    await ivy.ok('acceptInvitation', { token, password: 'teal harbour lantern 4', name: 'Ivy Quay' })
    expect((await ivy.ok('createPortalJob', { template, address: '5 Wapping Road' })).jobs).toHaveLength(1)
  })

  it('CP-18 V-12 invites the address for the customer that was found and picked', async () => {
    const customer = await shop.customer('Dockside Lettings')
    await shop.customer('Quayside Flats')
    const email = `ivy.${shop.slug}@post.example`
    const form = await openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users/new`)
    const found = await form.press('Search', { email, find: 'dock' })
    expect(found.text).toContain('Dockside Lettings')
    expect(found.text).not.toContain('Quayside Flats')
    const after = await found.press('Invite portal user', { customers: [customer], find: '' })
    expect(after.text).toContain(`${email} has been invited.`)
    const { rows } = await shop.owner.ok('listPortalUsers')
    expect(rows).toMatchObject([{ email, customers: { names: ['Dockside Lettings'] } }])
    expect(await server.mailTo(email)).toHaveLength(1)
  })
})

describe('the page of a portal user', () => {
  it('CP-14 "Resend invitation" sends a new link', async () => {
    const id = await inviteUser('ida@post.example')
    await expectSecondMail('ida@post.example', async () => (await userPage(id)).press('Resend invitation'))
  })

  it('"Send password reset" mails the user a link that sets a new password', async () => {
    const user = await shop.portalUser({ name: 'Ana Active' })
    const after = await (await userPage(user.id)).press('Send password reset')
    expect(after.text).toContain(`Password reset sent to ${user.email}.`)
    const mail = (await server.mailTo(user.email)).at(-1)
    expect(mail?.text).toContain('Your current password works until you choose a new one.')
    expect(linkIn(mail, /reset-password\/\S+/)).toMatch(/^reset-password\/\S{40,}$/)
    expect(await isSignedIn(user)).toBe(true)
  })

  it('"Suspend user" asks first, then ends access', async () => {
    const user = await shop.portalUser({ name: 'Ana Active' })
    const dialog = await (await userPage(user.id)).follow('Suspend user')
    expect(await isSignedIn(user)).toBe(true)
    const after = await dialog.press('Suspend user')
    expect(after.status).toBe(200)
    expect([await isSignedIn(user), (await userOf(user.id)).status]).toEqual([false, 'suspended'])
  })

  it('"Reactivate user" lets the user sign in again', async () => {
    const user = await shop.portalUser({ status: 'suspended' })
    await (await userPage(user.id)).press('Reactivate user')
    expect((await userOf(user.id)).status).toBe('active')
  })

  it('CP-25 CP-27 "Remove user" asks first, then removes', async () => {
    const user = await shop.portalUser({ name: 'Naveed Aslam' })
    const dialog = await (await userPage(user.id)).follow('Remove user')
    expect(await isSignedIn(user)).toBe(true)
    await dialog.press('Remove user')
    expect([await isSignedIn(user), (await userOf(user.id)).status]).toEqual([false, 'removed'])
  })

  it('V-27 a customer that was found is linked, and "Unlink" ends it after a question', async () => {
    const user = await shop.portalUser()
    const customer = await shop.customer('Lockside Hotel')
    const found = await openScreen(
      shop.owner,
      `/office/${shop.slug}/settings/portal/users/${user.id}?find=${encodeURIComponent('lockside')}`,
    )
    await saveChanges(await found.press('Link customer Lockside Hotel'))
    expect((await userOf(user.id)).links).toMatchObject([{ customer: { id: customer } }])
    const dialog = await (await userPage(user.id)).follow('Unlink customer Lockside Hotel')
    expect(dialog.text).toContain('1 person loses access')
    expect((await userOf(user.id)).links).toHaveLength(1)
    await dialog.press('Unlink customer')
    expect((await userOf(user.id)).links).toEqual([])
  })

  it('V-21 the permissions of one customer are changed for that customer alone, and reset', async () => {
    const customers = [await shop.customer('Alpha House'), await shop.customer('Bravo House')]
    const user = await shop.portalUser({ customers })
    const own = async () =>
      Object.fromEntries(
        (await userOf(user.id)).links.map(({ customer, permissions }) => [
          customer.name,
          Object.fromEntries(permissions.flatMap(({ permission, own }) => (own === null ? [] : [[permission, own]]))),
        ]),
      )
    const page = await (await userPage(user.id)).follow('Permissions Alpha House')
    const preview = await page.press('Save permissions', { customize: true, cancelJobs: 'no', editJobs: 'yes' })
    expect(preview.text).toContain('Cancel jobs before they start · For Alpha House')
    expect(await own()).toEqual({ 'Alpha House': {}, 'Bravo House': {} })
    const after = await saveChanges(preview)
    expect(after.text).toContain('Customize permissions for Alpha House')
    expect(await own()).toEqual({ 'Alpha House': { editJobs: true, cancelJobs: false }, 'Bravo House': {} })
    await saveChanges(await after.press('Save permissions', { customize: false }))
    expect(await own()).toEqual({ 'Alpha House': {}, 'Bravo House': {} })
  })

  it('"Permission group" is chosen for each customer, and the table says where values come from', async () => {
    const { id: group } = await shop.owner.ok('createPermissionGroup', {
      name: 'Tenants',
      permissions: { viewJobs: true },
    })
    const user = await shop.portalUser({ customers: [await shop.customer('Alpha House')] })
    const page = await (await userPage(user.id)).follow('Permissions Alpha House')
    const { $ } = page
    expect(
      $('[name=group] option')
        .map((_, each) => $(each).text())
        .toArray(),
    ).toEqual(['Full access (default)', 'Full access', 'Limited', 'No access', 'Tenants'])
    const after = await saveChanges(await page.press('Save permissions', { group }))
    expect((await userOf(user.id)).links[0]).toMatchObject({ group: { id: group }, ownGroup: true, customized: false })
    const sources = after
      .$('table.permissions td.from')
      .map((_, cell) => after.$(cell).text().trim())
      .toArray()
    expect(new Set(sources)).toEqual(new Set(['Group: Tenants']))
    await saveChanges(await after.press('Save permissions', { group: '' }))
    expect((await userOf(user.id)).links[0]).toMatchObject({ group: { kind: 'full' }, ownGroup: false })
  })

  it('a user with No access for every customer is shown as disabled, with the reason', async () => {
    const { rows } = await shop.owner.ok('listPermissionGroups')
    const group = rows.find(({ kind }) => kind === 'none')!.id
    const user = await shop.portalUser({ customers: [await shop.customer()], group })
    expect((await userPage(user.id)).text).toContain('This user can’t sign in: the permission group for every')
    const { $ } = await listPage()
    expect($('tbody tr').text()).toContain('Disabled')
  })

  it('V-22 "Customize permissions" gives the user values of their own, and without it the defaults apply again', async () => {
    const user = await shop.portalUser()
    const preview = await (await userPage(user.id)).press('Save permissions', { customize: true, createJobs: 'no' })
    const saved = await saveChanges(preview)
    const { permissions } = await userOf(user.id)
    expect(permissions.customized).toBe(true)
    expect(permissions.values.find(({ permission }) => permission === 'createJobs')).toMatchObject({
      own: false,
      allowed: false,
    })
    await saveChanges(await saved.press('Save permissions', { customize: false }))
    expect((await userOf(user.id)).permissions).toMatchObject({ customized: false })
  })

  it('inherited values are in grey, and a value of the user is not', async () => {
    const user = await shop.portalUser()
    await shop.owner.ok('customizePermissions', { user: user.id, version: 1, permissions: { deleteJobs: true } })
    const { $ } = await userPage(user.id)
    const rows = $('table.permissions tbody tr').toArray()
    const nameOf = (row: (typeof rows)[number]) => $(row).find('th').text().trim()
    expect(rows.map((row) => $(row).find('.value').text().trim())).toEqual(Array(11).fill('Yes'))
    const own = rows.filter((row) => !$(row).find('.value').hasClass('muted'))
    expect(own.map(nameOf)).toEqual(['Delete unassigned jobs'])
  })

  it('V-25 "Save templates" gives the chosen ones', async () => {
    const [offered, extra] = [await shop.template(), await shop.template({ name: 'Laundry', offered: false })]
    const user = await shop.portalUser()
    const choice = { templatesMode: 'add', templates: [extra] }
    const preview = await (await userPage(user.id)).press('Save templates', choice)
    expect(preview.text).toContain('Templates: Laundry')
    expect((await userOf(user.id)).templates.mode).toBe('default')
    await saveChanges(preview)
    const { templates } = await userOf(user.id)
    expect(templates).toMatchObject({ mode: 'add', own: [extra] })
    expect(templates.choices.filter(({ bookable }) => bookable).map(({ id }) => id)).toEqual([offered, extra])
  })

  it('E-10 "Change email" mails the new address', async () => {
    const user = await shop.portalUser()
    await (await userPage(user.id)).press('Change email', { email: 'new.address@post.example' })
    expect(await userOf(user.id)).toMatchObject({ email: user.email, pendingEmail: 'new.address@post.example' })
    expect(await server.mailTo('new.address@post.example')).toHaveLength(1)
  })
})
