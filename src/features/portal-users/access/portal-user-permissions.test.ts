import { describe, expect, it } from 'vitest'
import { server, shop, switchOn, userRow, setUpPortalUserTests } from '../portal-users.fixtures.ts'

setUpPortalUserTests()

describe('permissions and templates of a user', () => {
  it('V-22 V-23 who is not customised follows the defaults live; customised is kept; reset follows again', async () => {
    const user = await shop.portalUser()
    const value = async () =>
      (await shop.owner.ok('getPortalUser', { user: user.id })).permissions.values.find(
        ({ permission }) => permission === 'cancelJobs',
      )
    const defaults = {
      viewJobs: true,
      createJobs: true,
      chooseTemplates: true,
      editJobs: true,
      cancelJobs: false,
      deleteJobs: false,
      viewTickets: true,
      createTickets: true,
      replyTickets: true,
      closeTickets: true,
      setTicketPriority: true,
    }
    expect(await value()).toMatchObject({ allowed: true, source: 'group' })
    await switchOn({ permissions: defaults })
    expect(await value()).toMatchObject({ allowed: false, source: 'group' })
    const { version } = await shop.owner.ok('customizePermissions', {
      user: user.id,
      version: 1,
      permissions: { cancelJobs: true },
    })
    expect(await value()).toMatchObject({ allowed: true, source: 'user', otherwise: false })
    expect(await shop.owner.call('customizePermissions', { user: user.id, version: 1, permissions: {} })).toMatchObject(
      { status: 409, body: { code: 'editConflict' } },
    )
    expect(version).toBe(2)
    await shop.owner.ok('resetPermissions', { user: user.id })
    expect(await value()).toMatchObject({ allowed: false, source: 'group', own: null })
    expect((await userRow(user.id)).permissions).toBeNull()
  })

  it('V-03 no permission of a user exceeds the account’s switch', async () => {
    const user = await shop.portalUser({ permissions: { deleteJobs: true } })
    await switchOn({
      switches: {
        viewJobs: true,
        createJobs: true,
        chooseTemplates: true,
        editJobs: true,
        cancelJobs: true,
        deleteJobs: false,
        viewTickets: true,
        createTickets: true,
        replyTickets: true,
        closeTickets: true,
        setTicketPriority: true,
      },
    })
    expect(
      (await shop.owner.ok('getPortalUser', { user: user.id })).permissions.values.find(
        ({ permission }) => permission === 'deleteJobs',
      ),
    ).toMatchObject({ allowed: false, source: 'switch', own: true })
  })

  it('V-25 templates can be added to the defaults, replace them, or be hidden from this user', async () => {
    const [one, two, three] = [
      await shop.template({ name: 'One' }),
      await shop.template({ name: 'Two' }),
      await shop.template({ name: 'Three', offered: false }),
    ]
    const user = await shop.portalUser()
    const access = async (mode: string, templates: string[]) => {
      const { version } = await shop.owner.ok('getPortalUser', { user: user.id })
      await shop.owner.ok('setTemplateAccess', { user: user.id, version, mode: mode as 'add', templates })
      return (await shop.owner.ok('getPortalUser', { user: user.id })).templates.choices
        .filter(({ bookable }) => bookable)
        .map(({ name }) => name)
        .sort()
    }
    expect(await access('add', [three])).toEqual(['One', 'Three', 'Two'])
    expect(await access('replace', [three])).toEqual(['Three'])
    expect(await access('hide', [one])).toEqual(['Two'])
    expect(await access('replace', [])).toEqual([])
    expect(await access('default', [three])).toEqual(['One', 'Two'])
    expect((await userRow(user.id)).templates).toEqual([])
    const other = await server.business()
    expect(
      await shop.owner.call('setTemplateAccess', {
        user: user.id,
        version: 6,
        mode: 'add',
        templates: [await other.template()],
      }),
    ).toMatchObject({ status: 422 })
    expect(two).toBeTruthy()
  })
})
