import type pg from 'pg'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import type { ConnectionPool } from './connections.ts'
import { openPool } from './pool.ts'

const { admin } = inject('world')
const MINUTE = 60_000
const OFTEN = { name: 'often', text: 'select $1::int + $2::int as sum', values: [1, 2] }

let pool: ConnectionPool

beforeEach(() => {
  pool = openPool(admin, { max: 4, min: 2 })
})
afterEach(async () => {
  vi.useRealTimers()
  await pool.end()
})

const planned = async (client: pg.ClientBase) =>
  (
    await client.query<{ name: string; plans: number }>(
      'select name, generic_plans::int + custom_plans::int as plans from pg_prepared_statements',
    )
  ).rows

/** Checks out as many connections at once, gives them back, and returns them. */
async function openAtOnce(count: number): Promise<pg.PoolClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()))
  for (const client of clients) client.release()
  return clients
}

test('a new connection has parsed and planned what others use, and runs it', async () => {
  const first = await pool.connect()
  await first.query(OFTEN)
  const second = await pool.connect()
  expect(await planned(second)).toContainEqual({ name: 'often', plans: 1 })
  expect((await second.query(OFTEN)).rows).toEqual([{ sum: 3 }])
  first.release()
  second.release()
})

test('a statement that can no longer be planned does not keep a connection from opening', async () => {
  const first = await pool.connect()
  await first.query('create table short_lived (id int)')
  const gone = { name: 'gone', text: 'select id from short_lived where id = $1', values: [1] }
  await first.query(gone)
  await first.query('drop table short_lived')
  await first.query(OFTEN)
  const second = await pool.connect()
  expect((await planned(second)).map(({ name }) => name)).toContain('often')
  await expect(second.query(gone)).rejects.toThrow('short_lived')
  first.release()
  second.release()
})

test('a start opens the connections that are kept', async () => {
  await pool.warmUp()
  expect([pool.totalCount, pool.idleCount]).toEqual([2, 2])
})

test('connections outlast a quiet quarter of an hour, and some of them the night', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  await openAtOnce(4)
  vi.advanceTimersByTime(15 * MINUTE)
  expect(pool.totalCount).toBe(4)
  vi.advanceTimersByTime(8 * 60 * MINUTE)
  await vi.waitFor(() => expect(pool.totalCount).toBe(2))
})
