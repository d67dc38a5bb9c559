/** More requests than the database can serve. The tests hold its connections instead of measuring time. */
import { connect } from 'node:net'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { openPool } from '../src/platform/database/pool.ts'
import { inTransaction } from '../src/platform/database/transaction.ts'
import { waitUntil } from './faults.fixtures.ts'
import { startSeparateServer, type Business, type Person, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business, user: Person
let held: pg.PoolClient[] = []
/** Long enough for a slow machine, whose event loop must not count as busy here. */
const BUSY_AFTER = 1_000

beforeEach(async () => {
  server = await startSeparateServer(inject('world'), { env: { BUSY_AFTER: String(BUSY_AFTER) } })
  shop = await server.business()
  user = await shop.portalUser({ customers: [await shop.customer()] })
  const { app } = server.app.pools
  // Requests wait as long as the test holds the connections.
  app.options.connectionTimeoutMillis = 60_000
  held = await Promise.all(Array.from({ length: app.options.max! }, () => app.connect()))
})
afterEach(async () => {
  release()
  await server.close()
})

function release(): void {
  for (const client of held) client.release()
  held = []
}

const isBusy = async () => server.app.pools.app.isBusy(BUSY_AFTER)
const isWaiting = async (count: number) => server.app.pools.app.waitingCount === count
const request = (path: string) => server.anyone().request('GET', path)

describe('a server whose database connections are all in use', () => {
  it('refuses new requests at once as busy, and finishes the one that waits', async () => {
    const waiting = user.call('listPortalJobs', {})
    await waitUntil(isBusy)
    const refusals = []
    for (let count = 0; count < 20; count++) {
      const { status, body, headers } = await user.call('listPortalJobs', {})
      expect(`${status} ${body.code}`).toBe('503 busy')
      refusals.push(Number(headers['retry-after']))
      // It was refused before it could wait.
      expect(await isWaiting(1)).toBe(true)
    }
    // Clients that were refused together do not come back together.
    expect(new Set(refusals).size).toBeGreaterThan(1)
    expect(Math.min(...refusals)).toBeGreaterThan(0)
    release()
    expect((await waiting).status).toBe(200)
    expect((await user.call('listPortalJobs', {})).status).toBe(200)
  })

  it('is healthy and ready, and its log does not say that the database is away', async () => {
    server.app.deliverer.start()
    server.app.pools.app.options.connectionTimeoutMillis = 3_000
    const waiting = user.call('listPortalJobs', {})
    await waitUntil(isBusy)
    expect((await user.call('listPortalJobs', {})).body.code).toBe('busy')
    expect((await request('/api/v1/health')).status).toBe(200)
    await waitUntil(async () => (await request('/api/v1/ready')).status === 200)
    const log = server.log.join('')
    expect(log).toContain('More requests arrive than can be served')
    expect(log).not.toContain('The database does not answer')
    // Its time to wait ends before a connection is free.
    const { status, body } = await waiting
    expect(`${status} ${body.code}`).toBe('503 busy')
    expect(server.app.pools.availability.isAway).toBe(false)
  })

  it('does not start what nobody waits for any more', async () => {
    const template = await shop.template()
    const customer = await shop.customer()
    const booker = await shop.portalUser({ customers: [customer] })
    const input = { template, customer, address: '14 Pelican Quay', fields: {} }
    const body = JSON.stringify(input)
    const host = `${shop.slug}.localhost:${server.port}`
    const cookie = [...booker.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const socket = connect(server.port, '127.0.0.1')
    socket.write(
      `POST /api/v1/portal/${shop.slug}/jobs HTTP/1.1\r\nhost: ${host}\r\norigin: http://${host}\r\ncookie: ${cookie}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    await waitUntil(() => isWaiting(1))
    socket.destroy()
    const connections = () =>
      new Promise<number>((resolve) => server.app.http.server.getConnections((_error, count) => resolve(count)))
    await waitUntil(async () => (await connections()) === 0)
    release()
    const { app } = server.app.pools
    await waitUntil(async () => app.waitingCount === 0 && app.idleCount === app.totalCount)
    expect((await booker.call('listPortalJobs', {})).body).toMatchObject({ rows: [] })
    // The same booking with a client that waits.
    expect((await booker.call('createPortalJob', input)).status).toBe(201)
  })
})

describe('the queue for connections', () => {
  it('is busy with 150 who wait, and refuses everybody above 300', async () => {
    const { admin } = inject('world')
    const pool = openPool(admin, { max: 1 })
    const first = await pool.connect()
    const waiting = Array.from({ length: 149 }, () => pool.connect())
    expect(pool.isBusy(Infinity)).toBe(false)
    waiting.push(pool.connect())
    expect(pool.isBusy(Infinity)).toBe(true)
    while (waiting.length < 300) waiting.push(pool.connect())
    await expect(pool.connect()).rejects.toMatchObject({ code: 'busy', status: 503 })
    first.release()
    for (const each of waiting) (await each).release()
    expect(pool.isBusy(0)).toBe(false)
    await pool.end()
  })

  it('a statement that takes too long is refused as busy, not as a fault of ours', async () => {
    const pool = openPool(inject('world').admin, { max: 1 })
    const work = inTransaction(pool, { settings: null, write: true }, async ({ query }) => {
      await query("set local statement_timeout = '10ms'", [])
      return query('select pg_sleep(60)', [])
    })
    await expect(work).rejects.toMatchObject({ code: 'busy', status: 503 })
    await pool.end()
  })
})
