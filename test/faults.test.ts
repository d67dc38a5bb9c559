/** Faults of the database: lost connections and a restart under load. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { forgetLimits, startSeparateServer, type Business, type TestServer } from './test-server.ts'
import { openWorld } from './database.ts'
import { bookingInput, selectJobs, waitUntil } from './faults.fixtures.ts'

describe('lost database connections', () => {
  let server: TestServer, shop: Business
  beforeAll(async () => {
    server = await startSeparateServer(inject('world'))
    shop = await server.business()
  })
  afterAll(() => server.close())

  it('F3 connections lost under load cause 503, never 404, and the server recovers by itself', async () => {
    const customer = await shop.customer(),
      template = await shop.template()
    const user = await shop.portalUser({ customers: [customer] })
    const created = await user.ok('createPortalJob', bookingInput(template, customer) as never)
    const job = created.jobs[0]!.id
    const { admin } = inject('world')
    const { database } = server
    const client = new pg.Client({ ...admin, database: 'postgres' })
    await client.connect()
    const statuses = new Map<number, number>()
    let isStopped = false
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!isStopped) {
          const { status, headers } = await user.call('getPortalJob', { job })
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          if (status === 503) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
        }
      }),
    )
    for (let cut = 0; cut < 15; cut++) {
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'portico%' and datname = $1`,
        [database],
      )
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    isStopped = true
    await load
    await client.end()
    expect([...statuses.keys()].filter((status) => ![200, 503].includes(status))).toEqual([])
    expect(statuses.get(200)).toBeGreaterThan(0)
    // At least one request met the lost connection.
    expect(statuses.get(503)).toBeGreaterThan(0)
    expect((await user.call('getPortalJob', { job })).status).toBe(200)
  })
})

describe('a database restart', () => {
  it.skipIf(process.env.TEST_DATABASE_URL)(
    'F3 under load it causes 503, loses nothing acknowledged, and the server recovers by itself',
    async () => {
      const world = await openWorld()
      const server = await startSeparateServer(world)
      try {
        const shop = await server.business()
        const [customer, template] = [await shop.customer(), await shop.template()]
        const user = await shop.portalUser({ customers: [customer] })
        const responseCounts = new Map<string, number>()
        const acknowledged: string[] = []
        let isStopped = false
        const load = Promise.all(
          Array.from({ length: 6 }, async (_, index) => {
            while (!isStopped) {
              const reply =
                index < 2
                  ? await user.call('createPortalJob', bookingInput(template, customer) as never)
                  : index < 4
                    ? await user.call('listPortalJobs', {})
                    : await shop
                        .visitor()
                        .call('signInToPortal', { email: user.email, password: 'correct horse battery' })
              const response = `${reply.status} ${reply.body.code ?? ''}`.trim()
              responseCounts.set(response, (responseCounts.get(response) ?? 0) + 1)
              if (reply.status === 201)
                acknowledged.push((reply.body as unknown as { jobs: { id: string }[] }).jobs[0]!.id)
              if (reply.status === 503) {
                expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
                await new Promise((resolve) => setTimeout(resolve, 20))
              }
              // Rate limits are not tested here.
              if (reply.status !== 503) await forgetLimits(server).catch(() => {})
            }
          }),
        )
        const isDatabaseAway = async () => (responseCounts.get('503 databaseUnavailable') ?? 0) > 0
        const client = new pg.Client({ ...world.admin, database: 'postgres' })
        client.on('error', () => {})
        await client.connect()
        const {
          rows: [row],
        } = await client.query<{ directory: string }>("select current_setting('data_directory') as directory")
        await client.end()
        const postmaster = Number((await readFile(join(row!.directory, 'postmaster.pid'), 'utf8')).split('\n')[0])
        // Fast shutdown, as a package upgrade does; the embedded server restarts it.
        process.kill(postmaster, 'SIGINT')
        await waitUntil(isDatabaseAway)
        const before = acknowledged.length
        await waitUntil(async () => acknowledged.length > before + 3)
        isStopped = true
        await load
        expect(
          [...responseCounts.keys()].filter(
            (response) => !['200', '201', '503 databaseUnavailable', '503 busy'].includes(response),
          ),
        ).toEqual([])
        const stored = new Set((await server.stored((db) => selectJobs(db, shop.id))).map((job) => job.id))
        expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
      } finally {
        await server.close()
        await world.close()
      }
    },
    120_000,
  )
})
