/** Merges of customers that are refused, and those that meet another change. */
import { sql, type Kysely } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DB } from '../../../../db/schema.gen.ts'
import { home, type LinkWorld } from '../../secure-links/secure-links.fixtures.ts'
import { createMergeWorld, type MergeWorld } from './merging.fixtures.ts'

let world: LinkWorld, quay: LinkWorld
let { versionOf, merge, getCustomer, wholeOf } = {} as MergeWorld

beforeEach(async () => {
  ;({ world, quay, versionOf, merge, getCustomer, wholeOf } = await createMergeWorld())
})

/** Until that many statements wait for a lock. */
async function waitForLocks(db: Kysely<DB>, count: number): Promise<void> {
  const waiting = () =>
    sql<{ count: number }>`select count(distinct pid)::int as count from pg_locks where not granted`.execute(db)
  while ((await waiting()).rows[0]!.count < count) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a merge of customers', () => {
  it('PS-40 is for managers of the account', async () => {
    const other = await home.business()
    for (const person of [world.dispatcher, await world.shop.staff('worker')]) {
      expect(await merge({}, person)).toMatchObject({ status: 403, body: { code: 'managersOnly' } })
      const asked = await person.call('previewCustomerMerge', { customer: world.customer, into: quay.customer })
      expect(asked.status).toBe(403)
    }
    const foreign = await other.customer('Somebody else')
    expect((await merge({ into: foreign })).status).toBe(422)
    const own = { customer: foreign, version: 1, into: quay.customer }
    expect((await world.shop.owner.call('mergeCustomer', own)).status).toBe(404)
    expect((await getCustomer(quay.customer)).contacts).toHaveLength(2)
  })

  it('needs another customer, both in use and as they were seen', async () => {
    const { shop } = world
    const version = await versionOf(world.customer)
    expect(await merge({ into: world.customer })).toMatchObject({
      status: 422,
      body: { fields: { into: { code: 'choice' } } },
    })
    expect(await merge({ version: version - 1 })).toMatchObject({ status: 409, body: { code: 'customerChanged' } })
    const archived = await shop.customer('Old Wharf')
    await shop.owner.ok('archiveCustomer', { customer: archived })
    for (const input of [{ into: archived }, { customer: archived, version: 2 }])
      expect(await merge(input)).toMatchObject({ status: 409, body: { code: 'customerArchived' } })
  })

  it('of what was merged is refused, and it is not restored or changed either', async () => {
    const { shop, customer } = world
    expect((await merge()).status).toBe(200)
    for (const into of [quay.customer, await shop.customer('Harbor Trust')])
      expect(await merge({ into })).toMatchObject({ status: 409, body: { code: 'customerMerged' } })
    expect(await shop.owner.call('restoreCustomer', { customer })).toMatchObject({
      status: 409,
      body: { code: 'customerMerged' },
    })
    const template = await shop.template()
    expect((await shop.owner.call('createJob', { customer, template, address: '1 Quay' } as never)).status).toBe(422)
    const linked = { user: (await wholeOf(quay)).id, customer }
    expect((await shop.owner.call('linkCustomer', linked)).status).toBe(422)
    expect((await shop.owner.call('addContact', { customer, name: 'Cleo' })).status).toBe(409)
  })

  it('of two in opposite directions at once, one goes on', async () => {
    const [version, other] = [await versionOf(world.customer), await versionOf(quay.customer)]
    const replies = await Promise.all([
      merge({ version }),
      world.shop.owner.call('mergeCustomer', { customer: quay.customer, version: other, into: world.customer }),
    ])
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    const pages = await Promise.all([world, quay].map(({ customer }) => getCustomer(customer)))
    expect(pages.map(({ jobs }) => jobs.total).sort()).toEqual([0, 2])
  })

  it('that a booking waits for gets the job', async () => {
    const template = await world.shop.template()
    const booker = await wholeOf(world)
    const version = await versionOf(world.customer)
    // The merge holds the links and waits for a job. The booking of a link that it moves comes then.
    const replies = await home.stored(async (db) => {
      await db.selectFrom('jobs').select('id').where('id', '=', world.job).forUpdate().execute()
      const merging = merge({ version })
      await waitForLocks(db, 1)
      const booking = booker.call('createPortalJob', { template, address: '1 Lockside', fields: {} } as never)
      await waitForLocks(db, 2)
      return { merging, booking }
    })
    expect((await replies.merging).status).toBe(200)
    expect((await replies.booking).status).toBe(201)
    expect((await getCustomer(quay.customer)).jobs.total).toBe(3)
    expect((await world.shop.owner.ok('listCustomers')).rows.map(({ id }) => id)).toEqual([quay.customer])
  })

  it('while jobs are booked and created leaves none behind', async () => {
    const { shop, customer } = world
    const template = await shop.template()
    const bookers = await Promise.all(Array.from({ length: 4 }, () => wholeOf(world)))
    const input = { template, address: '1 Lockside', fields: {} }
    const version = await versionOf(customer)
    const replies = await Promise.all([
      merge({ version }),
      ...bookers.map((person) => person.call('createPortalJob', input as never)),
      ...bookers.map(() => shop.owner.call('createJob', { customer, template, address: '1 Lockside' } as never)),
      ...bookers.map((person) => person.call('createPortalTicket', { subject: 'Gate' })),
    ])
    const booked = replies.slice(1, 5).map(({ status }) => status)
    expect(replies[0]!.status).toBe(200)
    // Bookings go to the customer that has the link by then. What names the merged one is refused or may be sent again.
    expect(booked).toEqual([201, 201, 201, 201])
    for (const { status } of replies.slice(5)) expect([201, 403, 422, 503]).toContain(status)
    const left = await home.stored((db) =>
      db.selectFrom('jobs').select('id').where('customer_id', '=', customer).execute(),
    )
    expect(left).toEqual([])
    const customers = await shop.owner.ok('listCustomers')
    expect(customers.rows.map(({ id }) => id)).toEqual([quay.customer])
  })
})
