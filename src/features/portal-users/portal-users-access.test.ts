import { describe, expect, it } from 'vitest'
import type { Person } from '../../../test/test-server.ts'
import { address, server, list, listLinks, shop, userRow, setUpPortalUserTests } from './portal-users.fixtures.ts'

setUpPortalUserTests()

describe('who may', () => {
  it('PS-40 a dispatcher invites with the defaults, and gives nothing beyond them', async () => {
    const dispatcher = await shop.staff('dispatcher')
    const customer = await shop.customer(),
      template = await shop.template({ offered: false })
    expect((await dispatcher.call('addPortalUser', { email: address(), customers: [customer] })).status).toBe(201)
    for (const more of [{ templatesMode: 'add', templates: [template] }, { permissions: { deleteJobs: true } }])
      expect(await dispatcher.call('addPortalUser', { email: address(), ...more })).toMatchObject({
        status: 403,
        body: { code: 'managersOnly' },
      })
    expect(await list({}, dispatcher)).toMatchObject({
      counts: { all: 1 },
      can: { invite: true, manage: false },
      rows: [{ can: { resend: true, manage: false, remove: false } }],
    })
  })

  it('PS-35 PS-37 a dispatcher, a worker and a portal user change nothing, and only the refusals are recorded', async () => {
    const customer = await shop.customer()
    const user = await shop.portalUser({ customers: [customer] })
    const [link] = await listLinks(user.id)
    const before = await userRow(user.id)
    const calls: [Parameters<Person['call']>[0], Record<string, unknown>][] = [
      ['updatePortalUser', { user: user.id, version: 1, email: address() }],
      ['linkCustomer', { user: user.id, customer }],
      ['updatePortalLink', { user: user.id, link: link!.id, permissions: { deleteJobs: true } }],
      ['unlinkCustomer', { user: user.id, link: link!.id }],
      ['setTemplateAccess', { user: user.id, version: 1, mode: 'replace', templates: [] }],
      ['customizePermissions', { user: user.id, version: 1, permissions: { deleteJobs: true } }],
      ['resetPermissions', { user: user.id }],
      ['suspendPortalUser', { user: user.id }],
      ['reactivatePortalUser', { user: user.id }],
      ['removePortalUser', { user: user.id }],
    ]
    for (const [name, input] of calls) {
      expect((await (await shop.staff('dispatcher')).call(name, input)).status, `dispatcher ${name}`).toBe(403)
      expect((await (await shop.staff('worker')).call(name, input)).status, `worker ${name}`).toBe(403)
      expect([401, 404], `portal user ${name}`).toContain((await user.call(name, input)).status)
    }
    expect(await userRow(user.id)).toEqual(before)
    expect(await listLinks(user.id)).toEqual([link])
    const audit = await server.stored((db) =>
      db.selectFrom('audit').select(['event', 'subject_id']).where('account_id', '=', shop.id).execute(),
    )
    // One for each call of the dispatcher and of the worker: to the office, a portal user is a stranger.
    const refusal = { event: 'portalUserChangeRefused', subject_id: user.id }
    expect(audit).toEqual(Array.from({ length: 2 * calls.length }, () => refusal))
    const worker = await shop.staff('worker')
    for (const [name, input] of [
      ['listPortalUsers', {}],
      ['getPortalUser', { user: user.id }],
      ['addPortalUser', { email: address() }],
      ['resendPortalInvitation', { user: user.id }],
    ] as const)
      expect(await worker.call(name, input), name).toMatchObject({ status: 403, body: { code: 'officeOnly' } })
  })

  it('PS-02 PS-03 another business’s portal user is as absent as one that never was', async () => {
    const other = await server.business()
    const theirs = await other.portalUser()
    const bare = ({ body, status }: { body: unknown; status: number }) => ({
      status,
      body: { ...(body as object), requestId: '' },
    })
    for (const name of [
      'getPortalUser',
      'removePortalUser',
      'suspendPortalUser',
      'resendPortalInvitation',
      'resetPermissions',
    ] as const)
      expect(bare(await shop.owner.call(name, { user: theirs.id })), name).toEqual(
        bare(await shop.owner.call(name, { user: crypto.randomUUID() })),
      )
    expect((await other.owner.ok('getPortalUser', { user: theirs.id })).displayStatus).toBe('active')
  })
})
