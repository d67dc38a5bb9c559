import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../test/test-server.ts'
import { newId } from '../../platform/ids.ts'
import { dockside, insertJob } from './customers.fixtures.ts'

describe('a customer', () => {
  it('V-59 a dispatcher creates one with its first contact, site, billing contact, notes and reference', async () => {
    const business = await (await startTestServer()).business()
    const dispatcher = await business.staff('dispatcher')
    const { id } = await dispatcher.ok('createCustomer', dockside)
    const page = await dispatcher.ok('getCustomer', { customer: id })
    expect(page).toMatchObject({
      name: 'Dockside Lettings',
      reference: 'C-0218',
      status: 'active',
      version: 1,
      contacts: [{ ...dockside.contact, isPrimary: true }],
      sites: [{ ...dockside.site, status: 'active' }],
      jobs: { open: 0, total: 0, newest: [] },
      office: {
        notes: 'Pays late',
        billing: { name: 'Accounts', email: 'bills@dockside.example', phone: null, address: null },
        portalUsers: [],
        fromPortal: false,
        alike: [],
      },
      archiveBlockedBy: null,
      can: { edit: true, archive: true, restore: false, book: true },
    })
  })

  it('E-16 two customers with the same name stay separate', async () => {
    const { owner } = await (await startTestServer()).business()
    const [first, second] = [
      await owner.ok('createCustomer', { name: 'Eleanor Finch', notes: 'first' }),
      await owner.ok('createCustomer', { name: 'Eleanor Finch' }),
    ]
    expect(first.id).not.toBe(second.id)
    const { rows, counts } = await owner.ok('listCustomers', { search: 'eleanor finch' })
    expect([rows.length, counts.active]).toEqual([2, 2])
    expect((await owner.ok('getCustomer', { customer: first.id })).office!.notes).toBe('first')
  })

  it('a reference belongs to one customer, and the refusal says which field', async () => {
    const { owner } = await (await startTestServer()).business()
    await owner.ok('createCustomer', dockside)
    const again = await owner.call('createCustomer', { name: 'Other', reference: 'C-0218' })
    expect([again.status, again.body.fields?.reference?.code]).toEqual([422, 'taken'])
    expect((await owner.ok('listCustomers')).rows).toHaveLength(1)
  })

  it('E-41 of two people who change it at once, one gets a conflict; changing a contact counts as a change', async () => {
    const business = await (await startTestServer()).business()
    const dispatcher = await business.staff('dispatcher')
    const { id } = await business.owner.ok('createCustomer', dockside)
    const answers = await Promise.all([
      business.owner.call('updateCustomer', { customer: id, version: 1, name: 'By the owner' }),
      dispatcher.call('updateCustomer', { customer: id, version: 1, notes: 'By the dispatcher' }),
    ])
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409])
    const {
      contacts: [contact],
    } = await business.owner.ok('getCustomer', { customer: id })
    const late = await dispatcher.call('updateContact', {
      customer: id,
      contact: contact!.id,
      version: 1,
      name: 'Late',
    })
    expect([late.status, late.body.code]).toEqual([409, 'customerChanged'])
    expect(
      (await dispatcher.ok('updateContact', { customer: id, contact: contact!.id, version: 2, name: 'In time' }))
        .version,
    ).toBe(3)
  })

  it('V-59 the billing contact is copied from a contact and the address of a site', async () => {
    const { owner } = await (await startTestServer()).business()
    const { id } = await owner.ok('createCustomer', dockside)
    const {
      contacts: [contact],
    } = await owner.ok('getCustomer', { customer: id })
    await owner.ok('copyBillingContact', { customer: id, version: 1, contact: contact!.id })
    expect((await owner.ok('getCustomer', { customer: id })).office!.billing).toEqual({
      name: 'Naveed Aslam',
      email: 'Naveed@Dockside.example',
      phone: '07700 900 441',
      address: '14 Pelican Quay\nBristol BS1 6UH',
    })
  })

  it('always has one primary contact', async () => {
    const { owner } = await (await startTestServer()).business()
    const { id } = await owner.ok('createCustomer', dockside)
    const { id: carys, version } = await owner.ok('addContact', { customer: id, name: 'Carys Bevan', isPrimary: true })
    const primary = async () =>
      (await owner.ok('getCustomer', { customer: id })).contacts
        .filter((contact) => contact.isPrimary)
        .map((contact) => contact.name)
    expect(await primary()).toEqual(['Carys Bevan'])
    await owner.ok('updateContact', { customer: id, contact: carys, version, role: 'Lettings manager', email: null })
    await owner.ok('removeContact', { customer: id, contact: carys })
    expect(await primary()).toEqual(['Naveed Aslam'])
    expect((await owner.call('removeContact', { customer: id, contact: carys })).status).toBe(404)
  })

  it('a site has two coordinates or none, and archiving it keeps its jobs', async () => {
    const { owner } = await (await startTestServer()).business()
    const { id } = await owner.ok('createCustomer', dockside)
    const half = await owner.call('addSite', { customer: id, address: '2 Quay', latitude: 51 })
    expect([half.status, half.body.fields?.longitude?.code]).toEqual([422, 'required'])
    expect((await owner.call('addSite', { customer: id, address: '2 Quay', latitude: 91, longitude: 0 })).status).toBe(
      422,
    )
    const { id: site, version } = await owner.ok('addSite', { customer: id, address: '2 Quay' })
    await owner.ok('updateSite', {
      customer: id,
      site,
      version,
      address: '2 New Quay',
      latitude: 51.5,
      longitude: -2.6,
    })
    await owner.ok('archiveSite', { customer: id, site })
    expect((await owner.ok('getCustomer', { customer: id })).sites).toMatchObject([
      { status: 'active' },
      { address: '2 New Quay', latitude: 51.5, status: 'archived' },
    ])
    await owner.ok('restoreSite', { customer: id, site })
    expect((await owner.ok('listCustomers')).rows[0]).toMatchObject({
      siteCount: 2,
      address: '14 Pelican Quay\nBristol BS1 6UH',
    })
  })

  it('PS-36 a contact or site of another customer cannot be reached through this one', async () => {
    const { owner } = await (await startTestServer()).business()
    const [one, other] = [
      await owner.ok('createCustomer', dockside),
      await owner.ok('createCustomer', { name: 'Other' }),
    ]
    const {
      contacts: [contact],
      sites: [site],
    } = await owner.ok('getCustomer', { customer: one.id })
    const before = JSON.stringify(await owner.ok('getCustomer', { customer: one.id }))
    for (const answer of [
      await owner.call('updateContact', { customer: other.id, contact: contact!.id, version: 1, name: 'Moved' }),
      await owner.call('removeContact', { customer: other.id, contact: contact!.id }),
      await owner.call('updateSite', { customer: other.id, site: site!.id, version: 1, address: 'Moved' }),
      await owner.call('archiveSite', { customer: other.id, site: site!.id }),
      await owner.call('copyBillingContact', { customer: other.id, version: 1, contact: contact!.id }),
    ])
      expect(answer.status).toBe(404)
    expect(JSON.stringify(await owner.ok('getCustomer', { customer: one.id }))).toBe(before)
    expect((await owner.ok('getCustomer', { customer: other.id })).version).toBe(1)
  })

  it('cannot be archived with open jobs; archived it cannot be changed; restoring brings everything back', async () => {
    const business = await (await startTestServer()).business()
    const { owner } = business
    const { id } = await owner.ok('createCustomer', dockside)
    const open = await insertJob(business, id)
    expect(await owner.ok('getCustomer', { customer: id })).toMatchObject({
      archiveBlockedBy: 'openJobs',
      jobs: { open: 1, total: 1 },
    })
    const refused = await owner.call('archiveCustomer', { customer: id })
    expect([refused.status, refused.body.code]).toEqual([409, 'customerHasOpenJobs'])
    await (
      await startTestServer()
    ).stored((db) =>
      db
        .updateTable('jobs')
        .set({ status: 'completed' })
        .where('account_id', '=', business.id)
        .where('id', '=', open)
        .execute(),
    )
    await owner.ok('archiveCustomer', { customer: id })
    await owner.ok('archiveCustomer', { customer: id })
    for (const answer of [
      await owner.call('updateCustomer', { customer: id, version: 2, name: 'X' }),
      await owner.call('addContact', { customer: id, name: 'X' }),
      await owner.call('addSite', { customer: id, address: 'X' }),
    ])
      expect(answer.body.code).toBe('customerArchived')
    expect(await owner.ok('listCustomers')).toMatchObject({ rows: [], counts: { active: 0, archived: 1 } })
    await owner.ok('restoreCustomer', { customer: id })
    expect(await owner.ok('getCustomer', { customer: id })).toMatchObject({
      name: 'Dockside Lettings',
      status: 'active',
      contacts: [{ name: 'Naveed Aslam' }],
    })
  })

  it('PS-09 the portal users of an archived customer lose it with their next request, and find it again when it is restored', async () => {
    const business = await (await startTestServer()).business()
    const { id } = await business.owner.ok('createCustomer', dockside)
    const user = await business.portalUser({ customers: [id], name: 'Naveed Aslam' })
    expect((await business.owner.ok('getCustomer', { customer: id })).office!.portalUsers).toMatchObject([
      { id: user.id, name: 'Naveed Aslam', scope: 'whole', status: 'active' },
    ])
    const { stored } = await startTestServer()
    const links = async () =>
      stored(async (db) => {
        const { sql } = await import('kysely')
        const token = [...user.cookies.values()][0]!
        const { hashToken } = await import('../../platform/secrets.ts')
        const {
          rows: [row],
        } = await sql<{
          found: { portalUser: { links: unknown[] } }
        }>`select find_portal_caller(${business.slug}, ${JSON.stringify({ [business.id.slice(-12)]: hashToken(token)!.toString('hex') })}, ${(await startTestServer()).clock.now()}) as found`.execute(
          db,
        )
        return row!.found.portalUser.links.length
      })
    const template = await business.template()
    const { id: job, version } = await business.owner.ok('createJob', {
      customer: id,
      template,
      address: '1 Dock Road',
    })
    await business.owner.ok('cancelJob', { job, version })
    const reach = async () => [
      await links(),
      (await user.ok('listPortalJobs')).rows.map((row) => row.id),
      (await user.call('getPortalJob', { job })).status,
    ]
    expect(await reach()).toEqual([1, [job], 200])
    await business.owner.ok('archiveCustomer', { customer: id })
    expect(await reach()).toEqual([0, [], 404])
    await business.owner.ok('restoreCustomer', { customer: id })
    expect(await reach()).toEqual([1, [job], 200])
  })

  it('E-24 staff see possible duplicates of a customer created by the portal, and nothing is merged automatically', async () => {
    const { owner, id: account } = await (await startTestServer()).business()
    const [one, other] = [
      await owner.ok('createCustomer', dockside),
      await owner.ok('createCustomer', {
        name: 'N. Aslam',
        contact: { name: 'Naveed', email: 'naveed@dockside.EXAMPLE' },
      }),
    ]
    expect((await owner.ok('getCustomer', { customer: other.id })).office!.alike).toEqual([])
    await (
      await startTestServer()
    ).stored((db) =>
      db
        .updateTable('customers')
        .set({ created_for_user_id: newId() })
        .where('account_id', '=', account)
        .where('id', '=', other.id)
        .execute(),
    )
    expect((await owner.ok('getCustomer', { customer: other.id })).office!.alike).toEqual([
      { id: one.id, name: 'Dockside Lettings', reference: 'C-0218' },
    ])
  })
})
