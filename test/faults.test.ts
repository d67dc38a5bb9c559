/** Faults: repeated requests, a lost or restarted database, a killed process and a stop under load. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { DB } from '../db/schema.gen.ts'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import {
  startTestServer,
  startSeparateServer,
  send,
  type Business,
  type TestServer,
  type Person,
} from './test-server.ts'
import { openWorld, TEST_SECRET } from './database.ts'

const root = join(import.meta.dirname, '..')
const bookingInput = (template: string, customer: string, number = 1) => ({
  template,
  customer,
  address: '14 Pelican Quay, Bristol',
  number,
  fields: {},
})
const selectJobs = (db: Kysely<DB>, account: string) =>
  db.selectFrom('jobs').select(['id', 'number', 'batch_id']).where('account_id', '=', account).execute()

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await condition().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('The condition was not met within 30 seconds')
}

describe('idempotency keys', () => {
  let server: TestServer, shop: Business, user: Person, template: string, customer: string
  beforeAll(async () => {
    server = await startTestServer()
    shop = await server.business()
    template = await shop.template()
    customer = await shop.customer()
    user = await shop.portalUser({ customers: [customer] })
  })
  const book = (key: string, body: object = bookingInput(template, customer), who = user) =>
    who.call('createPortalJob', body as never, { headers: { 'idempotency-key': key } })

  it('F11 the same key returns the same response and creates one job', async () => {
    const first = await book('once')
    const again = await book('once')
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body).toEqual(first.body)
    expect(await server.stored((db) => selectJobs(db, shop.id))).toHaveLength(1)
  })

  it('F11 twenty requests at once create one job; the others get a conflict or the same response', async () => {
    const before = (await server.stored((db) => selectJobs(db, shop.id))).length
    const replies = await Promise.all(Array.from({ length: 20 }, () => book('twenty')))
    expect(new Set(replies.map(({ status }) => status)).difference(new Set([201, 409]))).toEqual(new Set())
    expect(await server.stored((db) => selectJobs(db, shop.id))).toHaveLength(before + 1)
    expect((await book('twenty')).status).toBe(201)
  })

  it("F11 the same key with another body is refused; another user's key is independent", async () => {
    await book('mine')
    expect((await book('mine', bookingInput(template, customer, 2))).body.code).toBe('keyReused')
    const mate = await shop.portalUser({ customers: [customer] })
    const mateReply = await book('mine', bookingInput(template, customer), mate)
    expect(mateReply.status).toBe(201)
    expect(mateReply.body).not.toEqual((await book('mine')).body)
  })

  it('F11 a key expires after a day', async () => {
    const first = await book('daily')
    server.clock.advance(25 * 3600_000)
    const next = await book('daily')
    expect(next.status).toBe(201)
    expect(next.body).not.toEqual(first.body)
  })

  it('F11 a refused request leaves its key unused', async () => {
    expect(
      (await book('refused', { ...bookingInput(template, customer), address: undefined, number: 99 })).status,
    ).toBe(422)
    expect((await book('refused')).status).toBe(201)
  })

  it('F11 every creating operation accepts a key', () => {
    const creating = Object.entries(contracts as Record<string, Definition>).filter(
      ([name, each]) =>
        each.method === 'POST' && /^(create|add|invite|link)[A-Z]/.test(name) && each.path.match(/office|portal/),
    )
    expect(creating.filter(([, each]) => !each.creates).map(([name]) => name)).toEqual([])
  })
})

describe('cleanup', () => {
  it('deletes expired files with their bytes and expired sessions, and keeps the rest', async () => {
    const server = await startTestServer()
    const shop = await server.business()
    const user = await shop.portalUser({ customers: [await shop.customer()] })
    const upload = (name: string) =>
      user.request('POST', `/api/v1/portal/${shop.slug}/files`, {
        body: `--b\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n`,
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      })
    expect((await upload('old.txt')).status).toBe(201)
    const readStored = async () =>
      server.stored(async (db) => ({
        files: (await db.selectFrom('files').select('storage_key').where('account_id', '=', shop.id).execute()).map(
          (file) => file.storage_key,
        ),
        sessions: (await db.selectFrom('portal_sessions').select('id').where('account_id', '=', shop.id).execute())
          .length,
      }))
    const {
      files: [key],
    } = await readStored()
    server.clock.advance(23 * 3600_000)
    await server.app.cleanUp()
    expect(await readStored()).toEqual({ files: [key], sessions: 1 })
    server.clock.advance(2 * 3600_000)
    await server.app.cleanUp()
    expect(await readStored()).toEqual({ files: [], sessions: 1 })
    await expect(server.app.files.get(key!)).rejects.toThrow('No such file')
    server.clock.advance(31 * 24 * 3600_000)
    await server.app.cleanUp()
    expect((await readStored()).sessions).toBe(0)
  })
})

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
              if (reply.status !== 503)
                await server.stored((db) => db.deleteFrom('rate_limits').execute()).catch(() => {})
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

describe('a stopped process', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startSeparateServer(inject('world'))
  })
  afterAll(() => server.close())

  /** Starts a server process on the same database. */
  async function serve(port: number): Promise<ChildProcess> {
    const { admin } = inject('world')
    const { database } = server
    const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PORT: String(port),
        PORTICO_SECRET: TEST_SECRET,
        PORTICO_DATA: join(inject('world').folder, `serve-${port}`),
        LOG_LEVEL: 'error',
        REQUESTS_PER_MINUTE: '1000000',
        BUSY_AFTER: '60000',
        DATABASE_URL: `postgres://${admin.user}${admin.password ? `:${admin.password}` : ''}@${admin.host.startsWith('/') ? 'localhost' : admin.host}:${admin.port}/${database}${admin.host.startsWith('/') ? `?host=${admin.host}` : ''}`,
      },
    })
    await waitUntil(
      async () =>
        (await send({ port, host: `localhost:${port}`, method: 'GET', path: '/api/v1/ready' })).status === 200,
    )
    return child
  }

  const freePort = () =>
    new Promise<number>((resolve) => {
      const probe = http.createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as { port: number }
        probe.close(() => resolve(port))
      })
    })

  it('F1 a kill while booking loses nothing acknowledged and leaves nothing half written', async () => {
    const shop = await server.business()
    const customer = await shop.customer(),
      template = await shop.template()
    const user = await shop.portalUser({ customers: [customer] })
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round++) {
      const port = await freePort()
      const child = await serve(port)
      let isRunning = true
      const load = Promise.all(
        Array.from({ length: 6 }, async () => {
          while (isRunning) {
            const reply = await send({
              port,
              host: `${shop.slug}.localhost:${port}`,
              method: 'POST',
              path: `/api/v1/portal/${shop.slug}/jobs`,
              body: bookingInput(template, customer, 3),
              cookies: user.cookies,
            }).catch(() => null)
            if (reply?.status === 201)
              acknowledged.push(...(reply.body as { jobs: { id: string }[] }).jobs.map((job) => job.id))
            else if (reply?.status === 429) isRunning = false
            // Rate limits are not tested here.
            await server.stored((db) => db.deleteFrom('rate_limits').execute())
          }
        }),
      )
      await waitUntil(async () => acknowledged.length > (round + 1) * 12)
      child.kill('SIGKILL')
      isRunning = false
      await load
    }
    const stored = await server.stored((db) => selectJobs(db, shop.id))
    const ids = new Set(stored.map((job) => job.id))
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
    // Batches of three are complete, numbers are unique, and every job has history.
    const sizes = Map.groupBy(stored, (job) => job.batch_id)
    expect([...sizes.values()].filter((batch) => batch.length !== 3)).toEqual([])
    expect(new Set(stored.map((job) => job.number)).size).toBe(stored.length)
    const history = await server.stored((db) =>
      db.selectFrom('history').select('job_id').distinct().where('account_id', '=', shop.id).execute(),
    )
    expect(history).toHaveLength(stored.length)
  })

  it('F7 stopped under load, it completes running requests and exits; ten times', async () => {
    const shop = await server.business()
    const user = await shop.portalUser({ customers: [await shop.customer()] })
    for (let round = 0; round < 10; round++) await stopUnderLoad(shop, user)
  }, 180_000)

  async function stopUnderLoad(shop: Business, user: Person): Promise<void> {
    const port = await freePort()
    const child = await serve(port)
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
    const cut: string[] = []
    let responseCount = 0,
      isStopping = false
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        for (;;) {
          const before = isStopping
          try {
            const { status } = await send({
              port,
              host: `${shop.slug}.localhost:${port}`,
              method: 'GET',
              path: `/api/v1/portal/${shop.slug}/jobs`,
              cookies: user.cookies,
            })
            responseCount++
            if (status === 503) return
            if (status !== 200) cut.push(`answered ${status}`)
          } catch (error) {
            // A refused connection after the stop is expected; a broken one before it is not.
            if (!before && (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') cut.push(String(error))
            return
          }
        }
      }),
    )
    await waitUntil(async () => responseCount > 50)
    isStopping = true
    child.kill('SIGTERM')
    await load
    expect(cut).toEqual([])
    expect(await exited).toBe(0)
  }
})
