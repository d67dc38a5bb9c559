import { describe, expect, it } from 'vitest'
import { server, listLinks, shop, switchOn, setUpPortalUserTests } from '../portal-users.fixtures.ts'

setUpPortalUserTests()

describe('customers of a user', () => {
  it('V-27 PS-09 linking lets the user reach a customer on the next request, unlinking ends it and deletes nothing', async () => {
    const customer = await shop.customer('Lockside Hotel')
    const template = await shop.template()
    const user = await shop.portalUser()
    const { id: job } = await shop.owner.ok('createJob', { customer, template, address: '1 Lockside' })
    const reach = async () => [
      (await user.ok('listPortalJobs')).rows.map((row) => row.id),
      (await user.call('getPortalJob', { job })).status,
      (await user.ok('getBookingOptions')).customers.map((each) => each.name),
    ]
    expect(await reach()).toEqual([[], 404, []])
    const { id: link } = await shop.owner.ok('linkCustomer', { user: user.id, customer })
    expect(await reach()).toEqual([[job], 200, ['Lockside Hotel']])
    expect(await shop.owner.call('linkCustomer', { user: user.id, customer })).toMatchObject({
      status: 409,
      body: { code: 'alreadyLinked' },
    })
    await shop.owner.ok('unlinkCustomer', { user: user.id, link })
    expect(await listLinks(user.id)).toEqual([])
    expect(await reach()).toEqual([[], 404, []])
    expect((await shop.owner.ok('getJob', { job })).customer.id).toBe(customer)
    expect(
      await server.stored((db) =>
        db
          .selectFrom('customers')
          .select('name')
          .where('account_id', '=', shop.id)
          .where('id', '=', customer)
          .execute(),
      ),
    ).toEqual([{ name: 'Lockside Hotel' }])
    expect((await shop.owner.call('unlinkCustomer', { user: user.id, link })).status).toBe(404)
    const other = await server.business()
    expect((await shop.owner.call('linkCustomer', { user: user.id, customer: await other.customer() })).status).toBe(
      422,
    )
  })

  it('V-21 each link has its own permissions, and each value says where it comes from', async () => {
    const [a, b] = [await shop.customer('A'), await shop.customer('B')]
    const user = await shop.portalUser({ customers: [a, b], permissions: { editJobs: false } })
    const [toA] = (await shop.owner.ok('getPortalUser', { user: user.id })).links
    await shop.owner.ok('updatePortalLink', { user: user.id, link: toA!.id, permissions: { cancelJobs: false } })
    const { switches } = await shop.owner.ok('getPortalSettings')
    await switchOn({ switches: { ...switches, deleteJobs: false } })
    const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
    const value = (at: number, name: string) => links[at]!.permissions.find(({ permission }) => permission === name)
    expect(value(0, 'cancelJobs')).toEqual({
      permission: 'cancelJobs',
      allowed: false,
      source: 'link',
      own: false,
      otherwise: true,
    })
    expect(value(1, 'cancelJobs')).toEqual({
      permission: 'cancelJobs',
      allowed: true,
      source: 'group',
      own: null,
      otherwise: true,
    })
    expect(value(1, 'editJobs')).toMatchObject({ allowed: false, source: 'user' })
    expect(value(1, 'deleteJobs')).toMatchObject({ allowed: false, source: 'switch' })
    await shop.owner.ok('updatePortalLink', { user: user.id, link: toA!.id, permissions: null })
    expect((await listLinks(user.id)).map(({ permissions }) => permissions)).toEqual([null, null])
  })

  it('E-24 a customer known by the same address is suggested to staff and never linked by itself', async () => {
    const user = await shop.portalUser()
    const [known, other] = [await shop.customer('Finch'), await shop.customer('Somebody else')]
    await server.stored((db) =>
      db
        .insertInto('contacts')
        .values({
          account_id: shop.id,
          id: crypto.randomUUID(),
          customer_id: known,
          name: 'E. Finch',
          email: user.email,
          email_norm: user.email,
          created_at: server.clock.now(),
          updated_at: server.clock.now(),
        })
        .execute(),
    )
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).suggestions).toEqual([
      { id: known, name: 'Finch', contact: 'E. Finch' },
    ])
    expect(await listLinks(user.id)).toEqual([])
    await shop.owner.ok('linkCustomer', { user: user.id, customer: known })
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).suggestions).toEqual([])
    expect(other).toBeTruthy()
  })
})
