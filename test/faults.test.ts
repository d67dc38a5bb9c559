/** Faults that happen: the database restarts, a process is killed while booking, a stop under load, a double click. */
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
const booking = (template: string, customer: string, number = 1) => ({
  template,
  customer,
  address: '14 Pelican Quay, Bristol',
  number,
  fields: {},
})
const jobsOf = (db: Kysely<DB>, account: string) =>
  db.selectFrom('jobs').select(['id', 'number', 'batch_id']).where('account_id', '=', account).execute()

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await what().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('It never came up')
}

describe('double clicks', () => {
  let at: TestServer, shop: Business, user: Person, template: string, customer: string
  beforeAll(async () => {
    at = await startTestServer()
    shop = await at.business()
    template = await shop.template()
    customer = await shop.customer()
    user = await shop.portalUser({ customers: [customer] })
  })
  const book = (key: string, body: object = booking(template, customer), who = user) =>
    who.call('createPortalJob', body as never, { headers: { 'idempotency-key': key } })

  it('F11 the same key answers the same, and does the deed once', async () => {
    const first = await book('once')
    const again = await book('once')
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body).toEqual(first.body)
    expect(await at.stored((db) => jobsOf(db, shop.id))).toHaveLength(1)
  })

  it('F11 twenty at once do it once; who comes meanwhile is told so or gets the same answer', async () => {
    const before = (await at.stored((db) => jobsOf(db, shop.id))).length
    const replies = await Promise.all(Array.from({ length: 20 }, () => book('twenty')))
    expect(new Set(replies.map(({ status }) => status)).difference(new Set([201, 409]))).toEqual(new Set())
    expect(await at.stored((db) => jobsOf(db, shop.id))).toHaveLength(before + 1)
    expect((await book('twenty')).status).toBe(201)
  })

  it("F11 the same key with another body is refused, and so is nobody else's business", async () => {
    await book('mine')
    expect((await book('mine', booking(template, customer, 2))).body.code).toBe('keyReused')
    const mate = await shop.portalUser({ customers: [customer] })
    const own = await book('mine', booking(template, customer), mate)
    expect(own.status).toBe(201)
    expect(own.body).not.toEqual((await book('mine')).body)
  })

  it('F11 a key is forgotten after a day', async () => {
    const first = await book('daily')
    at.clock.advance(25 * 3600_000)
    const next = await book('daily')
    expect(next.status).toBe(201)
    expect(next.body).not.toEqual(first.body)
  })

  it('F11 a refused deed leaves its key free', async () => {
    expect((await book('refused', { ...booking(template, customer), address: undefined, number: 99 })).status).toBe(422)
    expect((await book('refused')).status).toBe(201)
  })

  it('F11 every creating operation takes a key', () => {
    const creating = Object.entries(contracts as Record<string, Definition>).filter(
      ([name, each]) =>
        each.method === 'POST' && /^(create|add|invite|link)[A-Z]/.test(name) && each.path.match(/office|portal/),
    )
    expect(creating.filter(([, each]) => !each.creates).map(([name]) => name)).toEqual([])
  })
})

describe('tidying up', () => {
  it('what has ended goes away, bytes included, and what lives stays', async () => {
    const at = await startTestServer()
    const shop = await at.business()
    const user = await shop.portalUser({ customers: [await shop.customer()] })
    const upload = (name: string) =>
      user.request('POST', `/api/v1/portal/${shop.slug}/files`, {
        body: `--b\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n`,
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      })
    expect((await upload('old.txt')).status).toBe(201)
    const kept = async () =>
      at.stored(async (db) => ({
        files: (await db.selectFrom('files').select('storage_key').where('account_id', '=', shop.id).execute()).map(
          (file) => file.storage_key,
        ),
        sessions: (await db.selectFrom('portal_sessions').select('id').where('account_id', '=', shop.id).execute())
          .length,
      }))
    const {
      files: [key],
    } = await kept()
    at.clock.advance(23 * 3600_000)
    await at.app.cleanUp()
    expect(await kept()).toEqual({ files: [key], sessions: 1 })
    at.clock.advance(2 * 3600_000)
    await at.app.cleanUp()
    expect(await kept()).toEqual({ files: [], sessions: 1 })
    await expect(at.app.files.get(key!)).rejects.toThrow('No such file')
    at.clock.advance(31 * 24 * 3600_000)
    await at.app.cleanUp()
    expect((await kept()).sessions).toBe(0)
  })
})

describe('the database goes away', () => {
  let at: TestServer, shop: Business
  beforeAll(async () => {
    at = await startSeparateServer(inject('world'))
    shop = await at.business()
  })
  afterAll(() => at.close())

  it('F3 connections cut under load are answered with "try again", never with "not found", and it heals by itself', async () => {
    const customer = await shop.customer(),
      template = await shop.template()
    const user = await shop.portalUser({ customers: [customer] })
    const made = await user.ok('createPortalJob', booking(template, customer) as never)
    const job = made.jobs[0]!.id
    const { admin } = inject('world')
    const { database } = at
    const client = new pg.Client({ ...admin, database: 'postgres' })
    await client.connect()
    const statuses = new Map<number, number>()
    let stop = false
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!stop) {
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
    stop = true
    await load
    await client.end()
    expect([...statuses.keys()].filter((status) => ![200, 503].includes(status))).toEqual([])
    expect(statuses.get(200)).toBeGreaterThan(0)
    // Without a single refusal nothing was tried.
    expect(statuses.get(503)).toBeGreaterThan(0)
    expect((await user.call('getPortalJob', { job })).status).toBe(200)
  })
})

describe('the database restarts', () => {
  it.skipIf(process.env.TEST_DATABASE_URL)(
    'F3 under load: "try again" while it is away, everything acknowledged is there, and nobody has to help',
    async () => {
      const world = await openWorld()
      const at = await startSeparateServer(world)
      try {
        const shop = await at.business()
        const [customer, template] = [await shop.customer(), await shop.template()]
        const user = await shop.portalUser({ customers: [customer] })
        const told = new Map<string, number>()
        const acknowledged: string[] = []
        let stop = false
        const load = Promise.all(
          Array.from({ length: 6 }, async (_, index) => {
            while (!stop) {
              const reply =
                index < 2
                  ? await user.call('createPortalJob', booking(template, customer) as never)
                  : index < 4
                    ? await user.call('listPortalJobs', {})
                    : await shop
                        .visitor()
                        .call('signInToPortal', { email: user.email, password: 'correct horse battery' })
              const said = `${reply.status} ${reply.body.code ?? ''}`.trim()
              told.set(said, (told.get(said) ?? 0) + 1)
              if (reply.status === 201)
                acknowledged.push((reply.body as unknown as { jobs: { id: string }[] }).jobs[0]!.id)
              if (reply.status === 503) {
                expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
                await new Promise((resolve) => setTimeout(resolve, 20))
              }
              // The limits of one caller and one login are not what is tried here.
              if (reply.status !== 503) await at.stored((db) => db.deleteFrom('rate_limits').execute()).catch(() => {})
            }
          }),
        )
        const away = async () => (told.get('503 databaseUnavailable') ?? 0) > 0
        const client = new pg.Client({ ...world.admin, database: 'postgres' })
        client.on('error', () => {})
        await client.connect()
        const {
          rows: [row],
        } = await client.query<{ directory: string }>("select current_setting('data_directory') as directory")
        await client.end()
        const postmaster = Number((await readFile(join(row!.directory, 'postmaster.pid'), 'utf8')).split('\n')[0])
        // Fast shutdown, as a package upgrade would do; whoever started it starts it again.
        process.kill(postmaster, 'SIGINT')
        await until(away)
        const before = acknowledged.length
        await until(async () => acknowledged.length > before + 3)
        stop = true
        await load
        expect(
          [...told.keys()].filter((said) => !['200', '201', '503 databaseUnavailable', '503 busy'].includes(said)),
        ).toEqual([])
        const stored = new Set((await at.stored((db) => jobsOf(db, shop.id))).map((job) => job.id))
        expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
      } finally {
        await at.close()
        await world.close()
      }
    },
    120_000,
  )
})

describe('the process ends', () => {
  let at: TestServer
  beforeAll(async () => {
    at = await startSeparateServer(inject('world'))
  })
  afterAll(() => at.close())

  /** A server of its own process, on the database of `at`. */
  async function serve(port: number): Promise<ChildProcess> {
    const { admin } = inject('world')
    const { database } = at
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
    await until(
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

  it('F1 killed while booking: nothing acknowledged is lost, nothing is half there', async () => {
    const shop = await at.business()
    const customer = await shop.customer(),
      template = await shop.template()
    const user = await shop.portalUser({ customers: [customer] })
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round++) {
      const port = await freePort()
      const child = await serve(port)
      let going = true
      const booking3 = Promise.all(
        Array.from({ length: 6 }, async () => {
          while (going) {
            const reply = await send({
              port,
              host: `${shop.slug}.localhost:${port}`,
              method: 'POST',
              path: `/api/v1/portal/${shop.slug}/jobs`,
              body: booking(template, customer, 3),
              cookies: user.cookies,
            }).catch(() => null)
            if (reply?.status === 201)
              acknowledged.push(...(reply.body as { jobs: { id: string }[] }).jobs.map((job) => job.id))
            else if (reply?.status === 429) going = false
            // The limit of one caller is not what is tried here.
            await at.stored((db) => db.deleteFrom('rate_limits').execute())
          }
        }),
      )
      await until(async () => acknowledged.length > (round + 1) * 12)
      child.kill('SIGKILL')
      going = false
      await booking3
    }
    const stored = await at.stored((db) => jobsOf(db, shop.id))
    const ids = new Set(stored.map((job) => job.id))
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
    // Batches of three are whole, numbers are used once, and every job has its first line of history.
    const sizes = Map.groupBy(stored, (job) => job.batch_id)
    expect([...sizes.values()].filter((batch) => batch.length !== 3)).toEqual([])
    expect(new Set(stored.map((job) => job.number)).size).toBe(stored.length)
    const history = await at.stored((db) =>
      db.selectFrom('history').select('job_id').distinct().where('account_id', '=', shop.id).execute(),
    )
    expect(history).toHaveLength(stored.length)
  })

  it('F7 told to stop under load, ten times over, it finishes what it began and then goes', async () => {
    const shop = await at.business()
    const user = await shop.portalUser({ customers: [await shop.customer()] })
    for (let round = 0; round < 10; round++) await stopUnderLoad(shop, user)
  }, 180_000)

  async function stopUnderLoad(shop: Business, user: Person): Promise<void> {
    const port = await freePort()
    const child = await serve(port)
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
    const cut: string[] = []
    let answered = 0,
      stopping = false
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        for (;;) {
          const before = stopping
          try {
            const { status } = await send({
              port,
              host: `${shop.slug}.localhost:${port}`,
              method: 'GET',
              path: `/api/v1/portal/${shop.slug}/jobs`,
              cookies: user.cookies,
            })
            answered++
            if (status === 503) return
            if (status !== 200) cut.push(`answered ${status}`)
          } catch (error) {
            // Refused once it is down is right; cut off while it was up is not.
            if (!before && (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') cut.push(String(error))
            return
          }
        }
      }),
    )
    await until(async () => answered > 50)
    stopping = true
    child.kill('SIGTERM')
    await load
    expect(cut).toEqual([])
    expect(await exited).toBe(0)
  }
})
