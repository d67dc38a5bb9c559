import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../../test/test-server.ts'
import { newId } from '../../../platform/ids.ts'
import { dockside, insertJob } from '../customers.fixtures.ts'

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
            search_text: `customer ${n % 7}`,
            created_at: new Date(at.getTime() - (n % 5) * 1000),
            updated_at: at,
          })),
        )
        .execute(),
    )
    const [first] = (await owner.ok('listCustomers', { sort: '-created' })).rows
    await insertJob(business, first!.id)
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
    // In the time of the business, as spreadsheets read it.
    expect(row!.at(-1)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/)
    expect(rest).toHaveLength(1)
    expect(file.text).not.toMatch(/Pays late|bills@|CustomerKey under/)
  })
})
