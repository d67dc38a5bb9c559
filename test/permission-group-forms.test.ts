/** The pages of permission groups, and the portal of a user without jobs, as a browser without script uses them. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, saveChanges, startPagesServer } from './no-script.ts'
import { PASSWORD, type Business, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business({ public: false })
})

const listPage = () => openScreen(shop.owner, `/office/${shop.slug}/settings/portal/groups`)
const ownGroups = async () => (await shop.owner.ok('listPermissionGroups')).rows.filter(({ kind }) => kind === 'custom')
const idOf = async (kind: string) =>
  (await shop.owner.ok('listPermissionGroups')).rows.find((group) => group.kind === kind)!.id

describe('Settings > Portal > Permission groups', () => {
  it('"Create group" adds a group with the ticked permissions, and says when the name is taken', async () => {
    const page = await (await listPage()).follow('Create group')
    const after = await page.press('Create group', { name: 'Tenants', permissions: ['viewJobs', 'cancelJobs'] })
    expect(after.text).toContain('Group created.')
    expect(after.text).toContain('See jobs · Cancel jobs before they start')
    expect(await ownGroups()).toMatchObject([
      { name: 'Tenants', permissions: { viewJobs: true, cancelJobs: true, createJobs: false } },
    ])
    const again = await page.press('Create group', { name: 'tenants', permissions: ['viewJobs'] })
    expect(again.text).toContain('This is already taken. Enter another.')
    expect(again.$('[name=name]').val()).toBe('tenants')
    expect(await ownGroups()).toHaveLength(1)
  })

  it('"Copy group" begins with the permissions of the other one', async () => {
    const page = await (await listPage()).follow('Copy group Full access')
    expect(page.$('[name=name]').val()).toBe('Copy of Full access')
    await page.press('Create group', { name: 'Managers' })
    const [group] = await ownGroups()
    expect(group).toMatchObject({
      name: 'Managers',
      permissions: { viewJobs: true, editJobs: true, deleteJobs: false },
    })
  })

  it('"Save changes" renames a group and changes what it allows; a built-in one has no name to change', async () => {
    await shop.owner.ok('createPermissionGroup', { name: 'Tenants' })
    const page = await (await listPage()).follow('Tenants')
    expect((await page.press('Save changes', { name: 'Guests', permissions: ['viewJobs'] })).text).toContain(
      'Group saved.',
    )
    expect(await ownGroups()).toMatchObject([{ name: 'Guests', permissions: { viewJobs: true, createJobs: false } }])
    const full = await (await listPage()).follow('Full access')
    expect(full.$('[name=name]').length).toBe(0)
    await full.press('Save changes', { permissions: ['viewJobs', 'deleteJobs'] })
    expect((await shop.owner.ok('getPortalSettings')).permissions).toMatchObject({
      createJobs: false,
      deleteJobs: true,
    })
    expect(
      (await openScreen(shop.owner, `/office/${shop.slug}/settings/portal/groups/${await idOf('none')}`)).status,
    ).toBe(404)
  })

  it('"Save changes" asks first when somebody gains or loses, and keeps what was entered', async () => {
    const group = (
      await shop.owner.ok('createPermissionGroup', { name: 'Tenants', permissions: { viewTickets: true } })
    ).id
    await shop.portalUser({ name: 'Ana Ruiz', customers: [await shop.customer('Quay Apartments')], group })
    const page = await (await listPage()).follow('Tenants')
    const entered = { name: 'Guests', permissions: ['viewJobs', 'cancelJobs'] }
    const preview = await page.press('Save changes', entered)
    expect(preview.text).toContain('Change who has access?')
    expect(preview.text).toMatch(/1 person loses access Ana Ruiz See tickets · For Quay Apartments/)
    expect(preview.text).toMatch(/1 person gets more access Ana Ruiz See jobs · Cancel jobs before they start/)
    expect((await ownGroups())[0]!.name).toBe('Tenants')
    const editing = await preview.press('Keep editing')
    expect(editing.text).not.toContain('Change who has access?')
    expect(editing.$('[name=name]').val()).toBe('Guests')
    const again = await editing.press('Save changes')
    expect((await saveChanges(again)).text).toContain('Group saved.')
    expect(await ownGroups()).toMatchObject([
      { name: 'Guests', permissions: { viewJobs: true, cancelJobs: true, viewTickets: false } },
    ])
  })

  it('"Delete group" asks where its links move', async () => {
    const { id: group } = await shop.owner.ok('createPermissionGroup', { name: 'Tenants' })
    const user = await shop.portalUser({ customers: [await shop.customer()], group })
    const dialog = await (await listPage()).follow('Delete group Tenants')
    expect(dialog.text).toContain('1 customer link has this group.')
    const preview = await dialog.press('Delete group', { moveTo: await idOf('limited') })
    expect(preview.text).toContain('1 person gets more access')
    expect(await ownGroups()).toHaveLength(1)
    expect((await preview.press('Delete group')).text).toContain('Group deleted.')
    expect(await ownGroups()).toEqual([])
    const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
    expect(links[0]!.group.kind).toBe('limited')
  })

  it('is linked from the default permissions, and is not for dispatchers', async () => {
    const settings = await openScreen(shop.owner, `/office/${shop.slug}/settings/portal`)
    expect((await settings.follow('Edit permission groups')).text).toContain(
      'Default for users who act for a whole customer.',
    )
    const dispatcher = await shop.staff('dispatcher')
    expect((await openScreen(dispatcher, `/office/${shop.slug}/settings/portal/groups`)).status).toBe(403)
  })

  it('a user is invited into a group', async () => {
    const { id: group } = await shop.owner.ok('createPermissionGroup', { name: 'Tenants' })
    const customer = await shop.customer('Dockside Lettings')
    const page = await openScreen(shop.owner, `/office/${shop.slug}/settings/portal/users/new`)
    const found = await page.press('Search', { find: 'Dockside' })
    await found.press('Invite portal user', { email: 'ivy@post.example', group, customers: customer, find: '' })
    const { rows } = await shop.owner.ok('listPortalUsers')
    expect((await shop.owner.ok('getPortalUser', { user: rows[0]!.id })).links[0]!.group.id).toBe(group)
  })
})

describe('the portal of a user for whom there are no jobs', () => {
  it('RS-04 begins with the introduction, how to reach the business and their own page, without a menu for jobs', async () => {
    const { version } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, introduction: 'Repairs since 1982.' })
    const user = await shop.portalUser({
      customers: [await shop.customer()],
      group: (await shop.owner.ok('createPermissionGroup', { name: 'Guests' })).id,
    })
    const first = await openScreen(user, `/p/${shop.slug}`)
    expect(first.path).toBe(`/p/${shop.slug}/welcome`)
    expect(first.text).toContain('Repairs since 1982.')
    expect(first.text).toContain(`help@${shop.slug}.example`)
    expect(first.$('a[href*="/jobs"], a[href*="/tickets"]').length).toBe(0)
    const account = await first.follow('Your account')
    expect(account.status).toBe(200)
    expect(account.text).not.toContain('Emails about jobs')
    for (const path of ['/jobs', '/jobs/new', '/tickets', '/tickets/new'])
      expect((await openScreen(user, `/p/${shop.slug}${path}`)).status, path).toBe(404)
  })

  it('RS-04 opens after signing in, also when a page of jobs was asked for, or a form waits in another tab', async () => {
    const { email } = await shop.portalUser({
      customers: [await shop.customer()],
      group: (await shop.owner.ok('createPermissionGroup', { name: 'Guests' })).id,
    })
    const signIn = async (query: string) => {
      const page = await openScreen(shop.visitor(), `/p/${shop.slug}/sign-in?${query}`)
      return page.press('Sign in', { email, password: PASSWORD })
    }
    for (const next of ['/jobs', '/jobs/new'])
      expect((await signIn(`next=/p/${shop.slug}${next}`)).path, next).toBe(`/p/${shop.slug}/welcome`)
    expect((await signIn(`next=/p/${shop.slug}/account`)).path).toBe(`/p/${shop.slug}/account`)
    const returned = await signIn('again=1')
    expect(returned.path).toBe(`/p/${shop.slug}/welcome`)
    expect(returned.text).toContain('Return to the tab with your form')
  })
})
