/** A database, or some of its connections, that accepts everything and answers nothing. */
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { waitUntil } from './faults.fixtures.ts'
import { startSilentProxy, type SilentProxy } from './silent-proxy.ts'
import { startSeparateServer, type Business, type Person, type TestServer } from './test-server.ts'

/** Within which the product must work again. */
const HEALING_MS = 10_000

let proxy: SilentProxy, server: TestServer, shop: Business, user: Person
beforeEach(async () => {
  proxy = await startSilentProxy(inject('world').admin)
  server = await startSeparateServer(inject('world'), { databaseAddress: proxy })
  shop = await server.business()
  user = await shop.portalUser({ customers: [await shop.customer()] })
})
afterEach(async () => {
  proxy.restore()
  await server.close()
  await proxy.close()
})

const list = () => user.call('listPortalJobs', {})
const health = async () => (await server.anyone().request('GET', '/api/v1/health')).status
const ready = async () => (await server.anyone().request('GET', '/api/v1/ready')).status

async function heal(): Promise<void> {
  let isOver = false
  const timer = setTimeout(() => (isOver = true), HEALING_MS)
  while ((await list()).status !== 200)
    if (isOver) throw new Error(`Still unavailable ${HEALING_MS / 1000} s after the database was back`)
  clearTimeout(timer)
}

describe('a database that goes silent', () => {
  it('requests get 503, at once when the silence is known, and work again soon after it ends', async () => {
    // More at once than one connection, so that several are lost.
    await Promise.all(Array.from({ length: 8 }, list))
    proxy.silence()
    const first = await Promise.all(Array.from({ length: 8 }, list))
    expect(first.map(({ status, body }) => `${status} ${body.code}`)).toEqual(Array(8).fill('503 databaseUnavailable'))
    for (const { headers } of first) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    await waitUntil(async () => server.app.pools.availability.isAway)
    // One after the other: if each waited for its own timeout, this test would run into its own.
    const accepted = proxy.accepted
    for (let count = 0; count < 100; count++) expect((await list()).status).toBe(503)
    // They made no connections of their own; only the regular check did.
    expect(proxy.accepted - accepted).toBeLessThan(20)
    expect(server.log.join('')).toContain('The database does not answer')
    proxy.restore()
    await heal()
    expect(server.log.join('')).toContain('The database answers again')
  })

  it('background work continues after the silence, too', async () => {
    await server.stored((db) => db.selectFrom('outbox').select('id').limit(1).execute())
    proxy.silence()
    await expect(server.stored((db) => db.selectFrom('outbox').select('id').limit(1).execute())).rejects.toThrow()
    expect(await ready()).toBe(503)
    proxy.restore()
    await heal()
    await server.stored((db) => db.selectFrom('outbox').select('id').limit(1).execute())
    server.app.deliverer.start()
    await waitUntil(async () => (await ready()) === 200)
  })

  it('the process reports itself unhealthy after 60 seconds, and healthy again afterwards', async () => {
    proxy.silence()
    expect((await list()).status).toBe(503)
    server.clock.advance(59_000)
    expect(await health()).toBe(200)
    server.clock.advance(1_000)
    expect(await health()).toBe(503)
    proxy.restore()
    await heal()
    expect(await health()).toBe(200)
  })

  it('the process stops although its connections are silent', async () => {
    await Promise.all(Array.from({ length: 8 }, list))
    proxy.silence()
    await server.app.stop()
  })
})

describe.each(['ends', 'stays'] as const)('connections lost in a failover, whose server process %s', (process) => {
  it('are replaced, also when all of them are lost', async () => {
    await Promise.all(Array.from({ length: 30 }, list))
    proxy.loseConnections(process)
    const replies = await Promise.all(Array.from({ length: 30 }, list))
    expect(new Set(replies.map(({ status }) => status)).difference(new Set([200, 503])).size).toBe(0)
    await heal()
    // None is left over that would be found by a later request.
    const later = await Promise.all(Array.from({ length: 30 }, list))
    expect(later.map(({ status }) => status)).toEqual(Array(30).fill(200))
  })
})
