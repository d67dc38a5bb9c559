/** A8: what ends, ends with the next request, on every node. Twenty-odd ways to lose access, each tried on two servers. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  startTestServer,
  startSeparateServer,
  send,
  type Business,
  type TestServer,
  type Person,
} from './test-server.ts'

let at: TestServer, twin: TestServer
beforeAll(async () => {
  at = await startTestServer()
  twin = await startSeparateServer(inject('world'), { twinOf: at })
})
afterAll(() => twin.close())

interface Scene {
  shop: Business
  user: Person
  customer: string
  template: string
  job: string
}

async function scene(): Promise<Scene> {
  const shop = await at.business()
  const template = await shop.template()
  const customer = await shop.customer()
  const user = await shop.portalUser({ customers: [customer] })
  const { jobs } = await user.ok('createPortalJob', {
    template,
    customer,
    address: '14 Pelican Quay',
    fields: {},
  } as never)
  return { shop, user, customer, template, job: jobs[0]!.id }
}

/** The same request at both nodes. */
async function statuses(
  person: Person,
  shop: Business,
  path: string,
  surface: 'portal' | 'office' = 'portal',
  method = 'GET',
  body?: unknown,
): Promise<number[]> {
  const both: number[] = []
  for (const node of [twin, at]) {
    const host = surface === 'portal' ? `${shop.slug}.localhost:${node.port}` : `localhost:${node.port}`
    both.push(
      (
        await send({
          port: node.port,
          host,
          method,
          path: `/api/v1/${surface}/${shop.slug}${path}`,
          body,
          cookies: new Map(person.cookies),
        })
      ).status,
    )
  }
  return both
}
const version = async ({ shop, user }: Scene) => (await shop.owner.ok('getPortalUser', { user: user.id })).version
const settings = async ({ shop }: Scene, change: object) => {
  const { version: seen } = await shop.owner.ok('getPortalSettings')
  await shop.owner.ok('updatePortalSettings', { version: seen, ...change } as never)
}

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
    ['E-09 portal switched off', (all) => settings(all, { enabled: false }), 'job', 401],
    ['V-24 E-19 the template taken from the defaults', (all) => settings(all, { templates: [] }), 'job', 404],
    [
      'V-25 the template hidden from this user',
      async (all) =>
        all.shop.owner.ok('setTemplateAccess', {
          user: all.user.id,
          version: await version(all),
          mode: 'hide',
          templates: [all.template],
        }),
      'job',
      404,
    ],
    [
      'V-25 another list in place of the defaults',
      async (all) =>
        all.shop.owner.ok('setTemplateAccess', {
          user: all.user.id,
          version: await version(all),
          mode: 'replace',
          templates: [],
        }),
      'job',
      404,
    ],
    [
      'V-03 canceling switched off for all',
      async (all) => {
        const { switches } = await all.shop.owner.ok('getPortalSettings')
        await settings(all, { switches: { ...switches, cancelJobs: false } })
      },
      'cancel',
      403,
    ],
    [
      'V-23 canceling taken from the defaults',
      async (all) => {
        const { permissions } = await all.shop.owner.ok('getPortalSettings')
        await settings(all, { permissions: { ...permissions, cancelJobs: false } })
      },
      'cancel',
      403,
    ],
    [
      'V-22 canceling taken from this user',
      async (all) =>
        all.shop.owner.ok('customizePermissions', {
          user: all.user.id,
          version: await version(all),
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
      'V-03 booking switched off for all',
      async (all) => {
        const { switches } = await all.shop.owner.ok('getPortalSettings')
        await settings(all, { switches: { ...switches, createJobs: false } })
      },
      'book',
      403,
    ],
    [
      'V-03 editing switched off for all',
      async (all) => {
        const { switches } = await all.shop.owner.ok('getPortalSettings')
        await settings(all, { switches: { ...switches, editJobs: false } })
      },
      'edit',
      403,
    ],
    [
      'the whole account suspended',
      ({ shop }) =>
        at.stored((db) => db.updateTable('accounts').set({ status: 'suspended' }).where('id', '=', shop.id).execute()),
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
        at.clock.advance(30 * 24 * 3600_000 + 1000)
      },
      'job',
      401,
    ],
    ['signed out elsewhere', ({ user }) => user.ok('signOutOfPortal'), 'job', 401],
  ]
  it.each(transitions)('%s: the next request knows', async (_what, transition, asked, status) => {
    const all = await scene()
    expect(await statuses(all.user, all.shop, `/jobs/${all.job}`)).toEqual([200, 200])
    const cookies = new Map(all.user.cookies)
    await transition(all)
    const user = { ...all.user, cookies }
    const deeds: Record<string, [string, string?, unknown?]> = {
      job: [`/jobs/${all.job}`],
      cancel: [`/jobs/${all.job}/cancel`, 'POST', {}],
      book: ['/jobs', 'POST', { template: all.template, customer: all.customer, address: 'Here', fields: {} }],
      edit: [`/jobs/${all.job}`, 'PATCH', { version: 1, address: 'There' }],
    }
    const [path, method, body] = deeds[asked]!
    const after = await statuses(user, all.shop, path, 'portal', method, body)
    expect(after).toEqual([status, status])
    expect(
      await at.stored((db) => db.selectFrom('jobs').select('status').where('id', '=', all.job).executeTakeFirst()),
    ).toEqual({ status: 'unassigned' })
  })

  it('E-09 is let in again when the portal is on again, without a new activation', async () => {
    const all = await scene()
    await settings(all, { enabled: false })
    await settings(all, { enabled: true })
    const again = await all.shop
      .visitor()
      .call('signInToPortal', { email: all.user.email, password: 'correct horse battery' })
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
  ] as const)('%s: the next request knows', async (_what, transition, status) => {
    const shop = await at.business()
    const admin = await shop.staff('admin')
    expect(await statuses(admin, shop, '/portal-settings', 'office')).toEqual([200, 200])
    await transition(shop, admin)
    expect(await statuses(admin, shop, '/portal-settings', 'office')).toEqual([status, status])
  })

  it('a worker whose job went to somebody else no longer sees it, nor its customer', async () => {
    const { shop, job, customer } = await scene()
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
