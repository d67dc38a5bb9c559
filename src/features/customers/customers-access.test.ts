import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../test/test-server.ts'
import { newId } from '../../platform/ids.ts'
import { dockside, insertJob } from './customers.fixtures.ts'

describe('permissions', () => {
  it('PS-32 PS-14 a worker sees the customers of their open jobs, without notes, billing or portal users', async () => {
    const business = await (await startTestServer()).business()
    const worker = await business.staff('worker')
    const [mine, other] = [
      await business.owner.ok('createCustomer', dockside),
      await business.owner.ok('createCustomer', { name: 'Not mine' }),
    ]
    expect((await worker.call('getCustomer', { customer: mine.id })).status).toBe(404)
    const id = await insertJob(business, mine.id, { worker: worker.id })
    await insertJob(business, mine.id)
    const page = await worker.ok('getCustomer', { customer: mine.id })
    expect(page).toMatchObject({
      name: 'Dockside Lettings',
      office: null,
      jobs: { open: 1, total: 1 },
      can: { edit: false, archive: false, restore: false, book: false },
    })
    expect(page.contacts).toMatchObject([{ name: 'Naveed Aslam' }])
    expect(JSON.stringify(page)).not.toMatch(/Pays late|bills@/)
    expect(await worker.ok('listCustomers')).toMatchObject({
      rows: [{ id: mine.id }],
      counts: { active: 1 },
      can: { create: false, export: false },
    })
    expect((await worker.call('getCustomer', { customer: other.id })).status).toBe(404)
    await (
      await startTestServer()
    ).stored((db) =>
      db
        .updateTable('jobs')
        .set({ status: 'completed' })
        .where('account_id', '=', business.id)
        .where('id', '=', id)
        .execute(),
    )
    expect((await worker.call('getCustomer', { customer: mine.id })).status).toBe(404)
  })

  it('PS-35 PS-37 a worker changes nothing, and only the refused export is recorded', async () => {
    const business = await (await startTestServer()).business()
    const worker = await business.staff('worker')
    const { id } = await business.owner.ok('createCustomer', dockside)
    await insertJob(business, id, { worker: worker.id })
    const {
      contacts: [contact],
      sites: [site],
    } = await business.owner.ok('getCustomer', { customer: id })
    const look = async () =>
      (await startTestServer()).stored(async (db) =>
        JSON.stringify(
          await Promise.all([
            ...(['customers', 'contacts', 'sites', 'outbox'] as const).map((table) =>
              db.selectFrom(table).selectAll().where('account_id', '=', business.id).execute(),
            ),
            db
              .selectFrom('audit')
              .selectAll()
              .where('account_id', '=', business.id)
              .where('event', '<>', 'exportRefused')
              .execute(),
          ]),
        ),
      )
    const before = await look()
    const of = { customer: id, contact: contact!.id, site: site!.id }
    for (const [name, input] of [
      ['createCustomer', { name: 'Mine' }],
      ['exportCustomers', {}],
      ['exportContacts', {}],
      ['updateCustomer', { customer: id, version: 1, name: 'X' }],
      ['archiveCustomer', { customer: id }],
      ['restoreCustomer', { customer: id }],
      ['copyBillingContact', { customer: id, version: 1, contact: of.contact }],
      ['addContact', { customer: id, name: 'X' }],
      ['updateContact', { customer: id, contact: of.contact, version: 1, name: 'X' }],
      ['removeContact', { customer: id, contact: of.contact }],
      ['addSite', { customer: id, address: 'X' }],
      ['updateSite', { customer: id, site: of.site, version: 1, address: 'X' }],
      ['archiveSite', { customer: id, site: of.site }],
      ['restoreSite', { customer: id, site: of.site }],
    ] as const) {
      const answer = await worker.call(name, input)
      expect([name, answer.status, answer.body.code]).toEqual([name, 403, 'officeOnly'])
    }
    expect(await look()).toBe(before)
  })

  it('PS-02 PS-03 another business gets the same answer as for an id that never existed', async () => {
    const { business } = await startTestServer()
    const [ours, theirs] = [await business(), await business()]
    const { id } = await ours.owner.ok('createCustomer', dockside)
    const {
      contacts: [contact],
      sites: [site],
    } = await ours.owner.ok('getCustomer', { customer: id })
    const absent = await theirs.owner.call('getCustomer', { customer: newId() })
    for (const [name, input] of [
      ['getCustomer', {}],
      ['updateCustomer', { version: 1, name: 'X' }],
      ['archiveCustomer', {}],
      ['restoreCustomer', {}],
      ['addContact', { name: 'X' }],
      ['addSite', { address: 'X' }],
      ['updateContact', { contact: contact!.id, version: 1, name: 'X' }],
      ['removeContact', { contact: contact!.id }],
      ['archiveSite', { site: site!.id }],
      ['copyBillingContact', { contact: contact!.id, version: 1 }],
    ] as const) {
      const answer = await theirs.owner.call(name, { customer: id, ...input })
      expect([name, answer.status, answer.text.length]).toEqual([name, 404, absent.text.length])
    }
    expect((await theirs.owner.ok('listCustomers')).rows).toEqual([])
    expect((await theirs.owner.ok('listCustomers', { search: 'dockside' })).counts).toEqual({ active: 0, archived: 0 })
    expect((await ours.visitor().call('getCustomer', { customer: id })).status).toBe(401)
    expect((await (await ours.portalUser({ customers: [id] })).call('getCustomer', { customer: id })).status).toBe(401)
  })

  it('E-67 PS-36 PS-57 unknown fields are refused, and scripts stay text', async () => {
    const { owner } = await (await startTestServer()).business()
    const refused = await owner.call('createCustomer', {
      name: 'X',
      account_id: newId(),
      createdFor: newId(),
      contact: { name: 'Y', customer_id: newId() },
    })
    expect([refused.status, Object.keys(refused.body.fields!).sort()]).toEqual([
      422,
      ['account_id', 'contact.customer_id', 'createdFor'],
    ])
    const script = '<img src=x onerror=alert(1)>'
    const { id } = await owner.ok('createCustomer', {
      name: script,
      notes: script,
      contact: { name: script },
      site: { address: script },
    })
    const page = await owner.ok('getCustomer', { customer: id })
    expect([page.name, page.office!.notes, page.contacts[0]!.name, page.sites[0]!.address]).toEqual(
      Array(4).fill(script),
    )
    const bad = await owner.call('createCustomer', {
      name: '',
      contact: { name: 'A', email: 'not an address', phone: '<script>' },
      site: { address: ' ' },
    })
    expect(Object.keys(bad.body.fields!).sort()).toEqual(['contact.email', 'contact.phone', 'name', 'site.address'])
  })
})
