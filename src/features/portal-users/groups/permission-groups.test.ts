import { describe, expect, it } from 'vitest'
import { address, listLinks, server, setUpPortalUserTests, shop, switchOn } from '../portal-users.fixtures.ts'
import { NOTHING, assign, builtIn, create, groups, linkOf, permissionOf } from './groups.fixtures.ts'

setUpPortalUserTests()

const EVERYTHING_WITH_TICKETS = {
  viewTickets: true,
  createTickets: true,
  replyTickets: true,
  closeTickets: true,
  setTicketPriority: true,
}

describe('the groups of an account', () => {
  it('begin with Full access, Limited and No access', async () => {
    expect((await groups()).map(({ kind, name, permissions }) => ({ kind, name, permissions }))).toEqual([
      {
        kind: 'full',
        name: null,
        permissions: {
          ...NOTHING,
          viewJobs: true,
          createJobs: true,
          chooseTemplates: true,
          editJobs: true,
          cancelJobs: true,
          ...EVERYTHING_WITH_TICKETS,
        },
      },
      { kind: 'limited', name: null, permissions: { ...NOTHING, ...EVERYTHING_WITH_TICKETS } },
      { kind: 'none', name: null, permissions: NOTHING },
    ])
  })

  it('are created, copied, changed and deleted', async () => {
    const id = await create({ permissions: { viewJobs: true } })
    const copy = await create({ name: 'Copy of Tenants', copyOf: id, permissions: { cancelJobs: true } })
    const { version } = await shop.owner.ok('updatePermissionGroup', {
      group: id,
      version: 1,
      name: 'Guests',
      permissions: { createJobs: true },
    })
    expect(version).toBe(2)
    expect((await groups()).filter(({ kind }) => kind === 'custom')).toMatchObject([
      { id: copy, name: 'Copy of Tenants', permissions: { ...NOTHING, viewJobs: true, cancelJobs: true } },
      { id, name: 'Guests', permissions: { ...NOTHING, viewJobs: true, createJobs: true }, links: 0, users: 0 },
    ])
    expect(await shop.owner.ok('deletePermissionGroup', { group: copy })).toEqual({ moved: 0 })
    expect((await groups()).map(({ name }) => name)).toEqual([null, null, null, 'Guests'])
  })

  it('have names of their own, whatever case and accents, that no built-in group has', async () => {
    const id = await create({ name: 'Café' })
    for (const name of ['cafe', 'FULL  ACCESS', 'no access'])
      expect(await shop.owner.call('createPermissionGroup', { name }), name).toMatchObject({
        status: 422,
        body: { fields: { name: { code: 'taken' } } },
      })
    const other = await create({ name: 'Tea' })
    expect((await shop.owner.call('updatePermissionGroup', { group: other, version: 1, name: 'Cafe' })).status).toBe(
      422,
    )
    expect((await shop.owner.call('updatePermissionGroup', { group: id, version: 1, name: 'CAFÉ' })).status).toBe(200)
    expect((await shop.owner.call('createPermissionGroup', { name: '  ' })).status).toBe(422)
  })

  it('keep the built-in ones: neither renamed nor deleted, and No access keeps its permissions', async () => {
    for (const { id, kind, version } of await groups()) {
      const attempts = [
        await shop.owner.call('deletePermissionGroup', { group: id, moveTo: 'default' }),
        await shop.owner.call('updatePermissionGroup', { group: id, version, name: 'Mine' }),
        ...(kind === 'none'
          ? [await shop.owner.call('updatePermissionGroup', { group: id, version, permissions: { viewJobs: true } })]
          : []),
      ]
      for (const attempt of attempts)
        expect(attempt, kind).toMatchObject({ status: 409, body: { code: 'permissionGroupBuiltIn' } })
    }
    expect((await groups()).map(({ kind }) => kind)).toEqual(['full', 'limited', 'none'])
  })

  it('Full access and the default permissions of the settings are the same, and each notices a change of the other', async () => {
    const settings = await shop.owner.ok('getPortalSettings')
    const full = await builtIn('full')
    expect(full.permissions).toEqual(settings.permissions)
    const changed = { group: full.id, version: full.version, permissions: { deleteJobs: true } }
    await shop.owner.ok('updatePermissionGroup', changed)
    expect((await shop.owner.ok('getPortalSettings')).permissions).toEqual({ ...full.permissions, deleteJobs: true })
    expect(
      await shop.owner.call('updatePortalSettings', { version: settings.version, permissions: settings.permissions }),
    ).toMatchObject({ status: 409, body: { code: 'editConflict' } })
    await switchOn({ permissions: NOTHING })
    expect((await builtIn('full')).permissions).toEqual(NOTHING)
    expect(await shop.owner.call('updatePermissionGroup', { ...changed, version: full.version + 1 })).toMatchObject({
      status: 409,
      body: { code: 'editConflict' },
    })
  })

  it('PS-40 are managed and assigned by owners and admins alone', async () => {
    const group = await create()
    const user = await shop.portalUser({ customers: [await shop.customer()] })
    const link = (await linkOf(user)).id
    for (const role of ['dispatcher', 'worker'] as const) {
      const person = await shop.staff(role)
      const attempts = [
        await person.call('listPermissionGroups'),
        await person.call('createPermissionGroup', { name: 'Mine' }),
        await person.call('updatePermissionGroup', { group, version: 1, permissions: { viewJobs: true } }),
        await person.call('deletePermissionGroup', { group }),
        await person.call('updatePortalLink', { user: user.id, link, group }),
        await person.call('linkCustomer', { user: user.id, customer: await shop.customer(), group }),
        await person.call('addPortalUser', { email: address(), group }),
      ]
      expect(
        attempts.map(({ status }) => status),
        role,
      ).toEqual(attempts.map(() => 403))
    }
    expect((await linkOf(user)).ownGroup).toBe(false)
  })

  it('of another account cannot be used, copied, changed, deleted or moved to', async () => {
    const other = await server.business()
    const { id: foreign } = await other.owner.ok('createPermissionGroup', {
      name: 'Theirs',
      permissions: { viewJobs: true },
    })
    const user = await shop.portalUser({ customers: [await shop.customer()] })
    const group = await create()
    await assign(user, group)
    const refused = [
      await shop.owner.call('updatePortalLink', { user: user.id, link: (await linkOf(user)).id, group: foreign }),
      await shop.owner.call('linkCustomer', { user: user.id, customer: await shop.customer(), group: foreign }),
      await shop.owner.call('addPortalUser', { email: address(), customers: [await shop.customer()], group: foreign }),
      await shop.owner.call('createPermissionGroup', { name: 'Copy', copyOf: foreign }),
      await shop.owner.call('deletePermissionGroup', { group, moveTo: foreign }),
    ]
    expect(refused.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422])
    const hidden = [
      await shop.owner.call('updatePermissionGroup', { group: foreign, version: 1, name: 'Ours' }),
      await shop.owner.call('deletePermissionGroup', { group: foreign }),
    ]
    expect(hidden.map(({ status }) => status)).toEqual([404, 404])
    expect((await linkOf(user)).group.id).toBe(group)
  })
})

describe('the group of a link', () => {
  it('is the default of its scope, or the one it names; its values follow the group live', async () => {
    const user = await shop.portalUser({ customers: [await shop.customer()] })
    expect(await linkOf(user)).toMatchObject({ group: { kind: 'full', name: null }, ownGroup: false })
    const group = await create({ permissions: { viewJobs: true } })
    await assign(user, group)
    expect(await linkOf(user)).toMatchObject({ group: { id: group, kind: 'custom', name: 'Tenants' }, ownGroup: true })
    expect(await permissionOf(user, 'cancelJobs')).toMatchObject({ allowed: false, source: 'group' })
    await shop.owner.ok('updatePermissionGroup', { group, version: 1, permissions: { cancelJobs: true } })
    expect(await permissionOf(user, 'cancelJobs')).toMatchObject({ allowed: true, source: 'group' })
    await assign(user, null)
    expect(await linkOf(user)).toMatchObject({ group: { kind: 'full' }, ownGroup: false })
    const customer = await shop.customer()
    const { id } = await shop.owner.ok('linkCustomer', { user: user.id, customer, group })
    const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
    expect(links.find((link) => link.id === id)).toMatchObject({ group: { id: group }, ownGroup: true })
    const invited = await shop.owner.ok('addPortalUser', { email: address(), customers: [customer], group })
    expect(await listLinks(invited.id)).toMatchObject([{ group_id: group }])
  })

  it('comes after the values of link and user, and a switch overrides all', async () => {
    const group = await create({ permissions: { viewJobs: true, editJobs: true } })
    const user = await shop.portalUser({
      customers: [await shop.customer()],
      permissions: { editJobs: false, cancelJobs: true },
      group,
    })
    const link = (await linkOf(user)).id
    await shop.owner.ok('updatePortalLink', { user: user.id, link, permissions: { cancelJobs: false } })
    expect((await linkOf(user)).group.id).toBe(group)
    const sources = async () =>
      Object.fromEntries(
        (await linkOf(user)).permissions.map(({ permission, allowed, source }) => [permission, [allowed, source]]),
      )
    expect(await sources()).toMatchObject({
      viewJobs: [true, 'group'],
      editJobs: [false, 'user'],
      cancelJobs: [false, 'link'],
      createJobs: [false, 'group'],
    })
    await switchOn({ switches: { ...NOTHING, viewJobs: true } })
    expect(await sources()).toMatchObject({ editJobs: [false, 'switch'], cancelJobs: [false, 'switch'] })
  })

  it('shows for all customers what they have in common, and null where they differ', async () => {
    const group = await create({ permissions: { viewJobs: true, createJobs: true } })
    const user = await shop.portalUser({ customers: [await shop.customer('A'), await shop.customer('B')] })
    const values = async () => {
      const { permissions } = await shop.owner.ok('getPortalUser', { user: user.id })
      const value = (name: string) => permissions.values.find(({ permission }) => permission === name)
      return [permissions.group?.kind ?? null, value('createJobs')?.allowed, value('cancelJobs')?.allowed]
    }
    expect(await values()).toEqual(['full', true, true])
    await assign(user, group)
    expect(await values()).toEqual([null, true, null])
  })

  it('stays when the group is in use, until it is said where the links move; then nothing points to nothing', async () => {
    const [group, other] = [await create(), await create({ name: 'Others', permissions: { viewJobs: true } })]
    const user = await shop.portalUser({ customers: [await shop.customer()], group })
    expect(await shop.owner.call('deletePermissionGroup', { group })).toMatchObject({
      status: 409,
      body: { code: 'permissionGroupInUse', vars: { count: 1 } },
    })
    expect((await linkOf(user)).group.id).toBe(group)
    expect((await shop.owner.call('deletePermissionGroup', { group, moveTo: group })).status).toBe(422)
    expect(await shop.owner.ok('deletePermissionGroup', { group, moveTo: other })).toEqual({ moved: 1 })
    expect(await linkOf(user)).toMatchObject({ group: { id: other }, ownGroup: true })
    expect(await shop.owner.ok('deletePermissionGroup', { group: other, moveTo: 'default' })).toEqual({ moved: 1 })
    expect(await linkOf(user)).toMatchObject({ group: { kind: 'full' }, ownGroup: false })
  })

  it('that is deleted while somebody assigns it refuses one of the two, and widens nobody', async () => {
    const limited = await builtIn('limited')
    const users = await Promise.all(
      Array.from({ length: 6 }, async () => shop.portalUser({ customers: [await shop.customer()], group: limited.id })),
    )
    const group = await create()
    const links = await Promise.all(users.map(linkOf))
    const [deleted, ...assigned] = await Promise.all([
      shop.owner.call('deletePermissionGroup', { group }),
      ...users.map((user, index) =>
        shop.owner.call('updatePortalLink', { user: user.id, link: links[index]!.id, group }),
      ),
    ])
    expect([200, 409]).toContain(deleted.status)
    for (const [index, { status }] of assigned.entries()) {
      expect([200, 422]).toContain(status)
      const after = await linkOf(users[index]!)
      expect(after.group.id).toBe(status === 200 ? group : limited.id)
      if (deleted.status === 200) expect(status).toBe(422)
    }
  })

  it('two deletions that move into each other leave one of the two', async () => {
    const [one, two] = [await create({ name: 'One' }), await create({ name: 'Two' })]
    const answers = await Promise.all([
      shop.owner.call('deletePermissionGroup', { group: one, moveTo: two }),
      shop.owner.call('deletePermissionGroup', { group: two, moveTo: one }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422])
    expect((await groups()).filter(({ kind }) => kind === 'custom')).toHaveLength(1)
  })

  it('is counted with its users: links that name it or follow it, and users without a customer', async () => {
    const customer = await shop.customer()
    const group = await create()
    await shop.portalUser({ customers: [customer, await shop.customer()], group })
    await shop.portalUser({ customers: [customer] })
    await shop.portalUser()
    await shop.portalUser({ status: 'removed' })
    const counts = (await groups()).map(({ kind, links, users }) => [kind, links, users])
    expect(counts).toEqual([
      ['full', 1, 2],
      ['limited', 0, 0],
      ['none', 0, 0],
      ['custom', 2, 1],
    ])
  })
})
