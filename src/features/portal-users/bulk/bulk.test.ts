/** Several portal users at once: each by their own status, and a report. */
import { describe, expect, it } from 'vitest'
import { address, list, server, setUpPortalUserTests, shop, waitAMinute } from '../portal-users.fixtures.ts'

setUpPortalUserTests()

const change = (users: string[], body: object, who = shop.owner) =>
  who.call('changePortalUsers', { users, ...body } as never)
const statusOf = async (user: string) => (await shop.owner.ok('getPortalUser', { user })).status
const invite = async (more: object = {}) => (await shop.owner.ok('addPortalUser', { email: address(), ...more })).id
const activeUser = async (customers: string[] = []) => (await shop.portalUser({ customers })).id

describe('several portal users at once', () => {
  it('5C-14 are suspended, reactivated and removed; who cannot be stays so, and their row says why', async () => {
    const [active, invited, suspended] = [
      await activeUser(),
      await invite(),
      (await shop.portalUser({ status: 'suspended' })).id,
    ]
    const unknown = crypto.randomUUID()
    expect((await change([active, invited, unknown], { change: 'suspend' })).body).toEqual({
      changed: 1,
      rows: [
        { id: active, changed: true, problem: null },
        { id: invited, changed: false, problem: 'notActivatedYet' },
        { id: unknown, changed: false, problem: 'notFound' },
      ],
    })
    expect([await statusOf(active), await statusOf(invited)]).toEqual(['suspended', 'invited'])
    expect((await change([active, suspended], { change: 'reactivate' })).body).toMatchObject({ changed: 2 })
    expect([await statusOf(active), await statusOf(suspended)]).toEqual(['active', 'active'])
    expect((await change([active, invited], { change: 'remove' })).body).toMatchObject({ changed: 2 })
    expect((await list()).rows.map(({ id }) => id)).toEqual([suspended])
  })

  it('5C-14 get a group for all of their customers, or the default again', async () => {
    const [quay, dock] = [await shop.customer('Quay'), await shop.customer('Dock')]
    const [both, none] = [await activeUser([quay, dock]), await activeUser()]
    const limited = (await shop.owner.ok('listPermissionGroups')).rows.find(({ kind }) => kind === 'limited')!.id
    expect((await change([both, none], { change: 'group', group: limited })).body).toMatchObject({
      changed: 1,
      rows: [{ problem: null }, { problem: 'noCustomerLinked' }],
    })
    const groups = async () =>
      (await shop.owner.ok('getPortalUser', { user: both })).links.map((link) => link.group.kind)
    expect(await groups()).toEqual(['limited', 'limited'])
    await change([both], { change: 'group', group: null })
    expect(await groups()).toEqual(['full', 'full'])
    for (const body of [{ change: 'group' }, { change: 'group', group: crypto.randomUUID() }])
      expect(await change([both], body)).toMatchObject({ status: 422 })
  })

  it('5C-14 are invited again, except those who need no invitation or just got one', async () => {
    const [invited, active] = [await invite(), await activeUser()]
    const { email } = await shop.owner.ok('getPortalUser', { user: invited })
    expect(await server.mailTo(email)).toHaveLength(1)
    waitAMinute()
    const fresh = await invite()
    expect((await change([invited, active, fresh], { change: 'resend' })).body).toMatchObject({
      changed: 1,
      rows: [{ problem: null }, { problem: 'alreadyActivated' }, { problem: 'resentTooSoon' }],
    })
    expect(await server.mailTo(email)).toHaveLength(2)
  })

  it('PS-40 are changed by managers; a dispatcher may only invite again', async () => {
    const user = await activeUser()
    const invited = await invite()
    waitAMinute()
    const dispatcher = await shop.staff('dispatcher')
    for (const body of [{ change: 'suspend' }, { change: 'remove' }, { change: 'group', group: null }])
      expect(await change([user], body, dispatcher)).toMatchObject({ status: 403, body: { code: 'managersOnly' } })
    expect(await statusOf(user)).toBe('active')
    expect((await change([invited], { change: 'resend' }, dispatcher)).body).toMatchObject({ changed: 1 })
    const worker = await shop.staff('worker')
    expect((await change([invited], { change: 'resend' }, worker)).status).toBe(403)
  })
})
