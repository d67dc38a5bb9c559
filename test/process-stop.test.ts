/** A server process that is killed or stopped under load. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { forgetLimits, startSeparateServer, send, type Business, type TestServer, type Person } from './test-server.ts'
import { TEST_SECRET } from './database.ts'
import { freePort } from './free-port.ts'
import { bookingInput, selectJobs, waitUntil } from './faults.fixtures.ts'

const root = join(import.meta.dirname, '..')

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
            await forgetLimits(server)
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
  }, 120_000)

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
