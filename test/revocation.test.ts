/** A8: lost access takes effect with the next request on every node. Each way to lose access is tried on two servers. */
import { describe, expect, it } from 'vitest'
import {
  createScene,
  moveToGroup,
  readUserVersion,
  server,
  startTwoServers,
  statuses,
  updateSettings,
  type Scene,
} from './revocation.fixtures.ts'
import type { Business, Person } from './test-server.ts'

startTwoServers()

describe('a portal user', () => {
  const transitions: [string, (at: Scene) => Promise<unknown>, string, number][] = [
    ['CP-28 PS-48 removed', ({ shop, user }) => shop.owner.ok('removePortalUser', { user: user.id }), 'job', 401],
    ['PS-48 suspended', ({ shop, user }) => shop.owner.ok('suspendPortalUser', { user: user.id }), 'job', 401],
    [
      'V-27 PS-09 unlinked from the customer',
      async ({ shop, user }) => {
        const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
        await shop.owner.ok('unlinkCustomer', { user: user.id, link: links[0]!.id })
      },
      'job',
      404,
    ],
    ['E-09 portal switched off', (scene) => updateSettings(scene, { enabled: false }), 'job', 401],
    ['V-24 E-19 the template taken from the defaults', (scene) => updateSettings(scene, { templates: [] }), 'job', 404],
    [
      'V-25 the template hidden from this user',
      async (scene) =>
        scene.shop.owner.ok('setTemplateAccess', {
          user: scene.user.id,
          version: await readUserVersion(scene),
          mode: 'hide',
          templates: [scene.template],
        }),
      'job',
      404,
    ],
    [
      'V-25 another list in place of the defaults',
      async (scene) =>
        scene.shop.owner.ok('setTemplateAccess', {
          user: scene.user.id,
          version: await readUserVersion(scene),
          mode: 'replace',
          templates: [],
        }),
      'job',
      404,
    ],
    [
      'V-03 canceling switched off for all',
      async (scene) => {
        const { switches } = await scene.shop.owner.ok('getPortalSettings')
        await updateSettings(scene, { switches: { ...switches, cancelJobs: false } })
      },
      'cancel',
      403,
    ],
    [
      'V-23 canceling taken from the defaults',
      async (scene) => {
        const { permissions } = await scene.shop.owner.ok('getPortalSettings')
        await updateSettings(scene, { permissions: { ...permissions, cancelJobs: false } })
      },
      'cancel',
      403,
    ],
    [
      'V-22 canceling taken from this user',
      async (scene) =>
        scene.shop.owner.ok('customizePermissions', {
          user: scene.user.id,
          version: await readUserVersion(scene),
          permissions: { cancelJobs: false },
        }),
      'cancel',
      403,
    ],
    [
      'V-21 canceling taken for this customer',
      async ({ shop, user }) => {
        const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
        await shop.owner.ok('updatePortalLink', {
          user: user.id,
          link: links[0]!.id,
          permissions: { cancelJobs: false },
        })
      },
      'cancel',
      403,
    ],
    [
      'moved to the group Limited for this customer',
      async ({ shop, user }) => moveToGroup(shop, user, 'limited'),
      'job',
      404,
    ],
    [
      'moved to the group No access for every customer',
      async ({ shop, user }) => moveToGroup(shop, user, 'none'),
      'job',
      401,
    ],
    [
      'jobs hidden from Full access',
      async (scene) => {
        const { permissions } = await scene.shop.owner.ok('getPortalSettings')
        await updateSettings(scene, { permissions: { ...permissions, viewJobs: false } })
      },
      'job',
      404,
    ],
    [
      'V-03 jobs switched off for all',
      async (scene) => {
        const { switches } = await scene.shop.owner.ok('getPortalSettings')
        await updateSettings(scene, { switches: { ...switches, viewJobs: false } })
      },
      'book',
      404,
    ],
    [
      'canceling taken from the group of this customer',
      async ({ shop, user }) => {
        const permissions = { viewJobs: true, cancelJobs: true }
        const { id: group } = await shop.owner.ok('createPermissionGroup', { name: 'Tenants', permissions })
        const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
        await shop.owner.ok('updatePortalLink', { user: user.id, link: links[0]!.id, group })
        await shop.owner.ok('updatePermissionGroup', { group, version: 1, permissions: { cancelJobs: false } })
      },
      'cancel',
      403,
    ],
    [
      'V-03 booking switched off for all',
      async (scene) => {
        const { switches } = await scene.shop.owner.ok('getPortalSettings')
        await updateSettings(scene, { switches: { ...switches, createJobs: false } })
      },
      'book',
      403,
    ],
    [
      'V-03 editing switched off for all',
      async (scene) => {
        const { switches } = await scene.shop.owner.ok('getPortalSettings')
        await updateSettings(scene, { switches: { ...switches, editJobs: false } })
      },
      'edit',
      403,
    ],
    [
      'the whole account suspended',
      ({ shop }) =>
        server.stored((db) =>
          db.updateTable('accounts').set({ status: 'suspended' }).where('id', '=', shop.id).execute(),
        ),
      'job',
      401,
    ],
    [
      'PS-48 the password changed from another device',
      async ({ shop, user }) => {
        const other = shop.visitor()
        await other.ok('signInToPortal', { email: user.email, password: 'correct horse battery' })
        await other.ok('changePortalPassword', {
          current: 'correct horse battery',
          password: 'a long new phrase of mine',
        })
      },
      'job',
      401,
    ],
    [
      'the other devices signed out',
      async ({ shop, user }) => {
        const other = shop.visitor()
        await other.ok('signInToPortal', { email: user.email, password: 'correct horse battery' })
        await other.ok('endOtherPortalSessions')
      },
      'job',
      401,
    ],
    [
      'a session of 30 days over',
      async () => {
        server.clock.advance(30 * 24 * 3600_000 + 1000)
      },
      'job',
      401,
    ],
    ['signed out elsewhere', ({ user }) => user.ok('signOutOfPortal'), 'job', 401],
  ]
  it.each(transitions)('%s: takes effect with the next request', async (_what, transition, requestName, status) => {
    const scene = await createScene()
    expect(await statuses(scene.user, scene.shop, `/jobs/${scene.job}`)).toEqual([200, 200])
    const cookies = new Map(scene.user.cookies)
    await transition(scene)
    const user = { ...scene.user, cookies }
    const requests: Record<string, [string, string?, unknown?]> = {
      job: [`/jobs/${scene.job}`],
      cancel: [`/jobs/${scene.job}/cancel`, 'POST', {}],
      book: ['/jobs', 'POST', { template: scene.template, customer: scene.customer, address: 'Here', fields: {} }],
      edit: [`/jobs/${scene.job}`, 'PATCH', { version: 1, address: 'There' }],
    }
    const [path, method, body] = requests[requestName]!
    const after = await statuses(user, scene.shop, path, 'portal', method, body)
    expect(after).toEqual([status, status])
    expect(
      await server.stored((db) =>
        db.selectFrom('jobs').select('status').where('id', '=', scene.job).executeTakeFirst(),
      ),
    ).toEqual({ status: 'unassigned' })
  })

  it('E-09 can sign in again when the portal is enabled again, without a new activation', async () => {
    const scene = await createScene()
    await updateSettings(scene, { enabled: false })
    await updateSettings(scene, { enabled: true })
    const again = await scene.shop
      .visitor()
      .call('signInToPortal', { email: scene.user.email, password: 'correct horse battery' })
    expect(again.status).toBe(200)
  })
})

describe('staff', () => {
  it.each([
    [
      'deactivated',
      async (shop: Business, who: Person) => {
        await shop.owner.ok('deactivateStaff', { member: who.id })
      },
      404,
    ],
    [
      'demoted to worker',
      async (shop: Business, who: Person) => {
        await shop.owner.ok('changeStaffRole', { member: who.id, role: 'worker' })
      },
      403,
    ],
  ] as const)('%s: takes effect with the next request', async (_what, transition, status) => {
    const shop = await server.business()
    const admin = await shop.staff('admin')
    expect(await statuses(admin, shop, '/portal-settings', 'office')).toEqual([200, 200])
    await transition(shop, admin)
    expect(await statuses(admin, shop, '/portal-settings', 'office')).toEqual([status, status])
  })

  it('a worker whose job was reassigned no longer sees it or its customer', async () => {
    const { shop, job, customer } = await createScene()
    const [marek, priya] = [await shop.staff('worker', 'Marek'), await shop.staff('worker', 'Priya')]
    const seen = async () => (await shop.owner.ok('getJob', { job })).version
    await shop.owner.ok('assignJob', { job, version: await seen(), worker: marek.id })
    expect(await statuses(marek, shop, `/jobs/${job}`, 'office')).toEqual([200, 200])
    expect(await statuses(marek, shop, `/customers/${customer}`, 'office')).toEqual([200, 200])
    await shop.owner.ok('assignJob', { job, version: await seen(), worker: priya.id })
    expect(await statuses(marek, shop, `/jobs/${job}`, 'office')).toEqual([404, 404])
    expect(await statuses(marek, shop, `/customers/${customer}`, 'office')).toEqual([404, 404])
  })
})
