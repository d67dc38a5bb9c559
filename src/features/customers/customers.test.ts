import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { startTestServer, type Business } from '../../../test/test-server.ts'
import { newId } from '../../platform/ids.ts'

const dockside = {
  name: 'Dockside Lettings',
  reference: 'C-0218',
  notes: 'Pays late',
  billing: { name: 'Accounts', email: 'bills@dockside.example' },
  contact: { name: 'Naveed Aslam', role: 'Director', email: 'Naveed@Dockside.example', phone: '07700 900 441' },
  site: {
    name: 'Pelican Quay',
    address: '14 Pelican Quay\nBristol BS1 6UH',
    latitude: 51.4489,
    longitude: -2.5987,
    notes: 'Key under the mat',
  },
}

/** A job straight into the database: booking is another feature's promise. */
async function job(
  business: Business,
  customer: string,
  { worker = null, status = 'assigned' }: { worker?: string | null; status?: string } = {},
) {
  const { stored, clock } = await startTestServer()
  const template = await business.template()
  const id = newId(),
    at = clock.now()
  await stored((db) =>
    db
      .insertInto('jobs')
      .values({
        account_id: business.id,
        id,
        number: Math.floor(Math.random() * 1e9),
        customer_id: customer,
        template_id: template,
        template_version: 1,
        title: 'Dishwasher repair',
        worker_id: worker,
        created_by_kind: 'staff',
        status,
        folded_portal: '',
        folded_office: '',
        created_at: at,
        updated_at: at,
      } as never)
      .execute(),
  )
  return id
}

describe('a customer', () => {
  it('V-59 is made by a dispatcher with its first contact, site, billing, notes and own reference', async () => {
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

  it('E-16 two customers of one name stay two, whoever types it', async () => {
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

  it('E-41 of two people who change it at once one is told, and a change of a contact counts as a change', async () => {
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

  it('keeps one contact to ask first, whoever comes and goes', async () => {
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

  it('a site has two coordinates or none, and is put away without its jobs', async () => {
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

  it('is not put away while work is open; put away it is not changed, and comes back whole', async () => {
    const business = await (await startTestServer()).business()
    const { owner } = business
    const { id } = await owner.ok('createCustomer', dockside)
    const open = await job(business, id)
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
    expect(await links()).toBe(1)
    await business.owner.ok('archiveCustomer', { customer: id })
    expect(await links()).toBe(0)
    await business.owner.ok('restoreCustomer', { customer: id })
    expect(await links()).toBe(1)
  })

  it('a contact who is a portal user is not removed, because their access would go unseen', async () => {
    const business = await (await startTestServer()).business()
    const { id } = await business.owner.ok('createCustomer', dockside)
    const user = await business.portalUser({ customers: [id] })
    const {
      contacts: [contact],
    } = await business.owner.ok('getCustomer', { customer: id })
    const { stored } = await startTestServer()
    await stored((db) =>
      db
        .updateTable('portal_links')
        .set({ scope: 'contact', contact_id: contact!.id })
        .where('account_id', '=', business.id)
        .where('portal_user_id', '=', user.id)
        .execute(),
    )
    expect((await business.owner.call('removeContact', { customer: id, contact: contact!.id })).body.code).toBe(
      'contactIsLinked',
    )
  })

  it('E-24 of a customer that the portal made, staff are shown others with the same email address, and nothing is joined by itself', async () => {
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
        .set({ created_for: newId() })
        .where('account_id', '=', account)
        .where('id', '=', other.id)
        .execute(),
    )
    expect((await owner.ok('getCustomer', { customer: other.id })).office!.alike).toEqual([
      { id: one.id, name: 'Dockside Lettings', reference: 'C-0218' },
    ])
  })
})

describe('the list of customers', () => {
  it('E-13 is searched without accents and case, by name, reference, contact, email, phone and address', async () => {
    const { owner } = await (await startTestServer()).business()
    const { id } = await owner.ok('createCustomer', { ...dockside, name: 'Café Zoë Łódź' })
    await owner.ok('createCustomer', { name: 'Somebody else' })
    for (const search of [
      'cafe zoe',
      'ŁÓDŹ',
      'c-0218',
      'naveed',
      'NAVEED@dockside',
      '07700900441',
      'pelican quay bristol',
      'lodz 0218 aslam',
    ])
      expect(
        (await owner.ok('listCustomers', { search })).rows.map((row) => row.id),
        search,
      ).toEqual([id])
    for (const search of ['100%', 'c_0218', 'cafe nobody'])
      expect((await owner.ok('listCustomers', { search })).rows, search).toEqual([])
    const {
      version,
      contacts: [contact],
    } = await owner.ok('getCustomer', { customer: id })
    await owner.ok('updateContact', { customer: id, contact: contact!.id, version, name: 'Ines Pfeiffer', email: null })
    expect((await owner.ok('listCustomers', { search: 'ines' })).rows).toHaveLength(1)
    expect((await owner.ok('listCustomers', { search: 'naveed' })).rows).toHaveLength(0)
  })

  it('PS-14 notes and billing are never searched, and unknown filters are refused', async () => {
    const { owner } = await (await startTestServer()).business()
    await owner.ok('createCustomer', dockside)
    for (const search of ['pays late', 'bills@dockside.example'])
      expect((await owner.ok('listCustomers', { search })).rows).toEqual([])
    for (const query of [{ sort: 'notes' }, { billing_email: 'x' }, { status: 'removed' }, { cursor: 'nonsense' }])
      expect((await owner.call('listCustomers', query)).status).toBe(422)
  })

  it('PS-12 pages in every order without gap or repeat, and counts what it shows', async () => {
    const business = await (await startTestServer()).business()
    const { owner } = business
    const { stored, clock } = await startTestServer()
    const at = clock.now()
    await stored((db) =>
      db
        .insertInto('customers')
        .values(
          Array.from({ length: 120 }, (_, n) => ({
            account_id: business.id,
            id: newId(),
            name: `Customer ${n % 7}`,
            folded: `customer ${n % 7}`,
            created_at: new Date(at.getTime() - (n % 5) * 1000),
            updated_at: at,
          })),
        )
        .execute(),
    )
    const [first] = (await owner.ok('listCustomers', { sort: '-created' })).rows
    await job(business, first!.id)
    for (const sort of ['name', '-name', 'created', '-created', 'jobs', '-jobs'] as const) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await owner.ok('listCustomers', { sort, ...(cursor && { cursor }) })
        seen.push(...page.rows.map((row) => row.id))
        expect(page.counts).toEqual({ active: 120, archived: 0 })
        cursor = page.next ?? undefined
      } while (cursor)
      expect([sort, seen.length, new Set(seen).size]).toEqual([sort, 120, 120])
      if (sort === '-jobs') expect(seen[0]).toBe(first!.id)
      if (sort === 'jobs') expect(seen.at(-1)).toBe(first!.id)
    }
    const found = await owner.ok('listCustomers', { search: 'customer 3' })
    expect(found.rows).toHaveLength(found.counts.active)
  })

  it('PS-16 PS-19 leaves as CSV with the columns of the screen, whole and harmless', async () => {
    const { owner } = await (await startTestServer()).business()
    await owner.ok('createCustomer', { ...dockside, name: '=HYPERLINK("https://evil.example")' })
    await owner.ok('createCustomer', { name: 'Other' })
    const file = await owner.call('exportCustomers')
    expect(file.headers['content-type']).toContain('text/csv')
    expect(file.headers['content-disposition']).toContain('customers.csv')
    const [headings, row, ...rest] = parse(file.text, { bom: true })
    expect(headings).toEqual([
      'Name',
      'Reference',
      'Contact',
      'Email',
      'Phone',
      'Address',
      'Sites',
      'Open jobs',
      'Jobs',
      'Customer since',
    ])
    expect(row!.slice(0, 5)).toEqual([
      `'=HYPERLINK("https://evil.example")`,
      'C-0218',
      'Naveed Aslam',
      'Naveed@Dockside.example',
      '07700 900 441',
    ])
    expect(rest).toHaveLength(1)
    expect(file.text).not.toMatch(/Pays late|bills@|Key under/)
  })
})

describe('who may', () => {
  it('PS-32 PS-14 a worker sees the customers of their open jobs, without notes, billing or portal users', async () => {
    const business = await (await startTestServer()).business()
    const worker = await business.staff('worker')
    const [mine, other] = [
      await business.owner.ok('createCustomer', dockside),
      await business.owner.ok('createCustomer', { name: 'Not mine' }),
    ]
    expect((await worker.call('getCustomer', { customer: mine.id })).status).toBe(404)
    const id = await job(business, mine.id, { worker: worker.id })
    await job(business, mine.id)
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

  it('PS-35 PS-37 a worker changes nothing, and after every refusal nothing has been written', async () => {
    const business = await (await startTestServer()).business()
    const worker = await business.staff('worker')
    const { id } = await business.owner.ok('createCustomer', dockside)
    await job(business, id, { worker: worker.id })
    const {
      contacts: [contact],
      sites: [site],
    } = await business.owner.ok('getCustomer', { customer: id })
    const look = async () =>
      (await startTestServer()).stored(async (db) =>
        JSON.stringify(
          await Promise.all(
            (['customers', 'contacts', 'sites', 'audit', 'outbox'] as const).map((table) =>
              db.selectFrom(table).selectAll().where('account_id', '=', business.id).execute(),
            ),
          ),
        ),
      )
    const before = await look()
    const of = { customer: id, contact: contact!.id, site: site!.id }
    for (const [name, input] of [
      ['createCustomer', { name: 'Mine' }],
      ['exportCustomers', {}],
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

  it('PS-02 PS-03 another business finds none of it, in the words of what never was', async () => {
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

  it('E-67 PS-36 PS-57 what is not a field of the form is refused, and scripts stay text', async () => {
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
