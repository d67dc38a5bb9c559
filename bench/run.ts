/**
 * npm run bench [-- --size 100k|1m] [--only list,open] [--rounds 3] [--seconds 2] [--profile] [--plans]: our API, full stack, beside a bare ceiling
 * on the same PostgreSQL. Ours is the release, as in production; with --profile the source. What counts is CPU a request of application and database together; see docs/decisions/0009.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Request } from 'autocannon'
import { startEmbedded } from '../src/platform/database/embedded.ts'
import { defaultDataFolder } from '../src/platform/database/embedded/folders.ts'
import type { Connect } from '../src/platform/database/pool.ts'
import { hashPassword } from '../src/platform/secrets.ts'
import { installedBytes, release } from '../tools/release.ts'
import { sendLoad, compareServers, summarize, type MeasuredServer } from './load.ts'
import { formatReport, formatRow, type BenchSummary, type OperationRow } from './report.ts'
import { residentMb } from './processes.ts'
import { reportPlans } from './plans.ts'
import { summarizeProfile } from './profile.ts'
import {
  withClient,
  openWorld,
  PASSWORD,
  passwords,
  SECRET,
  SIZES,
  SLUG,
  ACCOUNT,
  type BenchUser,
  type BenchWorld,
  type Size,
} from './dataset.ts'

const root = join(import.meta.dirname, '..')
const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: '100k' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '1,16,64' },
    profile: { type: 'boolean', default: false },
    write: { type: 'boolean', default: true },
    plans: { type: 'boolean', default: false },
  },
  allowNegative: true,
})
const size = options.size as Size
if (!(size in SIZES)) throw new Error(`--size is one of ${Object.keys(SIZES).join(', ')}`)
const rounds = Number(options.rounds),
  seconds = Number(options.seconds),
  connections = options.connections.split(',').map(Number)
const only = options.only?.split(',')
const wants = (name: string) => !only || only.includes(name)
const say = (line: string) => process.stderr.write(`${line}\n`)

const scratch = join(tmpdir(), `portico-bench-${process.pid}`)
mkdirSync(scratch, { recursive: true })
const children: ChildProcess[] = []
const embedded = await startEmbedded({ folder: `${defaultDataFolder(root)}-bench`, log: say })
const admin: Connect = { host: embedded.host, port: embedded.port, user: embedded.user, database: 'postgres' }
const released = join(root, 'out/release')
let failed = false
try {
  await (options.plans ? reportPlans(admin, size, say) : run())
} catch (error) {
  failed = true
  console.error(error)
} finally {
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(
    children
      .filter((child) => child.exitCode === null)
      .map((child) => new Promise((resolve) => child.once('exit', resolve))),
  )
  await embedded.stop()
}
process.exit(failed ? 1 : 0)

async function run() {
  if (!options.profile) await release(released)
  const world = await openWorld(admin, size, say)
  await withClient(world.connect, (db) =>
    db.query(`set role portico_owner; ${readFileSync(join(import.meta.dirname, 'ceiling.sql'), 'utf8')}`),
  )
  const hash = await hashPassword(PASSWORD)
  const ceiling = await start(
    [
      join(import.meta.dirname, 'ceiling.ts'),
      JSON.stringify({
        ...world.connect,
        user: 'portico_app',
        password: passwords.portico_app,
        listen: await freePort(),
        hash,
        template: world.template,
      }),
    ],
    {},
    /listening/,
    'ceiling',
    world.connect.database,
  )
  const ours = await serve(world, options.profile ? ['--cpu-prof', `--cpu-prof-dir=${scratch}`] : [])
  const idle = { ours: residentMb(ours.pid), ceiling: residentMb(ceiling.pid) }

  // ---- each operation beside the ceiling ----
  const operations = requestsOf(world)
  const table: OperationRow[] = []
  for (const [name, { ours: asked, ceiling: bare, only: at }] of Object.entries(operations)) {
    if (!wants(name)) continue
    for (const each of connections) {
      if (at && !at.includes(each)) continue
      const before = () => withClient(world.connect, (db) => db.query('truncate rate_limits')).then(() => {})
      const made = await compareServers<string>(
        { ours: { side: ours, requests: asked }, ...(bare && { ceiling: { side: ceiling, requests: bare } }) },
        {
          // A burst has but a hundred sign-ins: twice as many bursts for as steady a figure.
          connections: each,
          seconds,
          rounds: name === 'login' ? 2 * rounds : rounds,
          before,
        },
      )
      table.push({ name, connections: each, ours: made.ours!, ceiling: made.ceiling ?? null })
      say(formatRow(table.at(-1)!))
    }
  }
  const ratio = (name: string) => {
    const rows = table.filter((each) => each.name === name && each.ceiling)
    return rows.length === 0
      ? null
      : round2(rows.reduce((sum, each) => sum + each.ours.cpu / each.ceiling!.cpu, 0) / rows.length)
  }
  const at64 = (name: string) => table.find((each) => each.name === name && each.connections === 64)?.ours
  const tail = (name: string) => {
    const found = at64(name)
    return found ? round2(found.p99 / found.p50) : null
  }

  // ---- our own figures against each other ----
  const threes = table.filter((each) => each.name === 'list'),
    many = table.filter((each) => each.name === 'partnerLike200')
  const partner =
    threes.length && many.length
      ? round2(
          many.reduce(
            (sum, each) =>
              sum + each.ours.cpu / threes.find((three) => three.connections === each.connections)!.ours.cpu,
            0,
          ) / many.length,
        )
      : null
  const storm = wants('loginStorm') ? await loginStorm(ours, operations) : null
  const after = { ours: residentMb(ours.pid), ceiling: residentMb(ceiling.pid) }
  const growth = wants('growth') ? await growthOf(world, ours) : null
  const startMs = wants('start') ? await startOf() : null

  const failures = table.filter((each) => each.ours.failed || each.ceiling?.failed)
  const answer: BenchSummary = {
    list: { ratio: ratio('list'), p99_over_p50: tail('list') },
    open: { ratio: ratio('open'), p99_over_p50: tail('open') },
    search: { ratio: ratio('search'), p99_over_p50: tail('search') },
    create: { ratio: ratio('create'), p99_over_p50: tail('create') },
    login: { ratio: ratio('login') },
    staffList: { ratio: ratio('staffList') },
    listPage: { ratio: ratio('listPage') },
    partnerLike200: { ratio: partner },
    growth,
    loginStorm: storm,
    startMs,
    rssMb: {
      idle: round2(idle.ours),
      idleRatio: round2(idle.ours / idle.ceiling),
      after: round2(after.ours),
      afterRatio: round2(after.ours / after.ceiling),
    },
    installMb: options.profile
      ? null
      : round2(Object.values(await installedBytes(released)).reduce((sum, bytes) => sum + bytes, 0) / 1e6),
    failed: failures.reduce((sum, each) => sum + each.ours.failed, 0),
    size,
  }
  if (options.profile) say(await summarizeProfile(await stopped(ours), scratch))
  if (options.write && !only)
    writeFileSync(
      join(import.meta.dirname, size === '100k' ? 'latest.md' : `latest-${size}.md`),
      formatReport(answer, table, { size, rounds, seconds, about: (await versions(world)).join(' · ') }),
    )
  console.log(JSON.stringify(answer))
}

// ---- what is asked ----

function requestsOf(world: BenchWorld) {
  const portal = (user: BenchUser, path: string, more: Partial<Request> = {}): Request => ({
    method: 'GET',
    path: `/api/v1/portal/${SLUG}${path}`,
    ...more,
    headers: {
      host: 'localhost',
      cookie: cookieOf(user.token),
      ...(more.body !== undefined && { 'content-type': 'application/json' }),
    },
  })
  const bare = (token: string, path: string, more: Partial<Request> = {}): Request => ({
    method: 'GET',
    path,
    ...more,
    headers: {
      host: 'localhost',
      cookie: cookieOf(token),
      ...(more.body !== undefined && { 'content-type': 'application/json' }),
    },
  })
  const { users, jobs, manyCustomersUser: many, owner } = world
  const own = (job: { user: number }) => users[job.user]!
  // A common word fills the page at once, a rare one and a number match one job: all three in turn.
  const words = jobs
    .filter((_, index) => index % 6 === 0)
    .flatMap((job) => [
      { user: own(job), search: 'repair' },
      { user: own(job), search: job.serial },
      { user: own(job), search: String(job.number) },
    ])
  const booking = (user: BenchUser) => ({
    customer: user.customers[1],
    site: world.sites.get(user.customers[1]!),
    template: world.template,
    fields: { brand: 'Aurora', serial: 'SN12345', fault: 'Leaks at the door' },
  })
  const signIn = users.map((user, index) => ({ user, from: `10.${index}.0.1` }))
  let visitor = 0
  return {
    list: { ours: users.map((user) => portal(user, '/jobs')), ceiling: users.map((user) => bare(user.token, '/jobs')) },
    open: {
      ours: jobs.map((job) => portal(own(job), `/jobs/${job.id}`)),
      ceiling: jobs.map((job) => bare(own(job).token, `/jobs/${job.id}`)),
    },
    search: {
      ours: words.map(({ user, search }) => portal(user, `/jobs?search=${search}`)),
      ceiling: words.map(({ user, search }) => bare(user.token, `/jobs?search=${search}`)),
    },
    create: {
      ours: users
        .map((user) => portal(user, '/jobs', { method: 'POST', body: JSON.stringify(booking(user)) }))
        .map(withOrigin),
      ceiling: users.map((user) =>
        bare(user.token, '/jobs', {
          method: 'POST',
          body: JSON.stringify({ site: booking(user).site, fields: booking(user).fields }),
        }),
      ),
    },
    login: {
      // Every sign-in comes from an address of its own, or the counter of tries would stop them.
      ours: signIn.map(({ user }): Request => ({
        ...portal({ ...user, token: '' }, '/sign-in', {
          method: 'POST',
          body: JSON.stringify({ email: user.email, password: PASSWORD }),
        }),
        setupRequest: (request: Request) => {
          visitor += 1
          return {
            ...request,
            headers: {
              host: 'localhost',
              'content-type': 'application/json',
              origin: 'http://localhost',
              'x-forwarded-for': `10.${(visitor >> 16) & 255}.${(visitor >> 8) & 255}.${visitor & 255}`,
            },
          }
        },
      })),
      ceiling: [bare('', '/login', { method: 'POST', body: JSON.stringify({ password: PASSWORD }) })],
    },
    staffList: {
      ours: [
        {
          method: 'GET' as const,
          path: `/api/v1/office/${SLUG}/jobs`,
          headers: { host: 'localhost', cookie: `portico_people=${owner.token}` },
        },
      ],
      ceiling: [bare(owner.token, '/office')],
    },
    listPage: {
      ours: users.map((user): Request => ({
        method: 'GET',
        path: `/p/${SLUG}/jobs`,
        headers: { host: 'localhost', cookie: cookieOf(user.token), accept: 'text/html' },
      })),
      ceiling: users.map((user) => bare(user.token, '/page')),
    },
    partnerLike200: { ours: [portal(many, '/jobs')], ceiling: [bare(many.token, '/jobs')] },
  } as Record<string, { ours: Request[]; ceiling?: Request[]; only?: number[] }>
}

function withOrigin(request: Request): Request {
  return { ...request, headers: { ...request.headers, origin: 'http://localhost' } }
}

function cookieOf(token: string): string {
  return `portico_portal_${ACCOUNT.slice(-12)}=${token}`
}

/** The list's slowest hundredth while 64 people sign in at once, against the same list left in peace. */
async function loginStorm(ours: MeasuredServer, operations: ReturnType<typeof requestsOf>) {
  const list = (time: number) => sendLoad(ours, operations.list!.ours, { connections: 4, seconds: time })
  await list(1)
  const quiet = summarize([await list(6)])
  const storm = sendLoad(ours, operations.login!.ours, { connections: 64, seconds: 8 })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const busy = summarize([await list(6)])
  const signIns = await storm
  say(
    `login storm: list p99 ${quiet.p99.toFixed(1)} ms quiet, ${busy.p99.toFixed(1)} ms during ${signIns.done} sign-ins (${signIns.failed} refused)`,
  )
  return {
    ratio: round2(busy.p99 / quiet.p99),
    quietP99Ms: round2(quiet.p99),
    p99Ms: round2(busy.p99),
    signIns: signIns.done,
    refused: signIns.failed + busy.failed,
  }
}

/** What ten times the jobs cost: our own CPU a request at 1m against 100k, in turn. */
async function growthOf(world: BenchWorld, ours: MeasuredServer) {
  const other = world.size === '1m' ? '100k' : '1m'
  const second = await openWorld(admin, other, say)
  const [small, large] = world.size === '1m' ? [second, world] : [world, second]
  const sideOf = new Map([
    [world, ours],
    [second, await serve(second)],
  ])
  const figure = async (asked: (world: BenchWorld) => Request[], at = 16) => {
    const made = await compareServers(
      {
        small: { side: sideOf.get(small)!, requests: asked(small) },
        large: { side: sideOf.get(large)!, requests: asked(large) },
      },
      {
        connections: at,
        seconds,
        rounds,
        before: async () => {
          for (const each of [small, large]) await withClient(each.connect, (db) => db.query('truncate rate_limits'))
        },
      },
    )
    return round2(made.large.cpu / made.small.cpu)
  }
  const searchIn = (which: number) => (each: BenchWorld) =>
    each.jobs
      .filter((_, index) => index % 6 === 0)
      .flatMap((job) => {
        const user = each.users[job.user]!
        return ['repair', which === 1 ? job.serial : 'sn00', String(job.number)].map((search): Request => ({
          method: 'GET',
          path: `/api/v1/portal/${SLUG}/jobs?customer=${user.customers[which]}&search=${search}`,
          headers: { host: 'localhost', cookie: cookieOf(user.token) },
        }))
      })
  const answer = {
    list: await figure((each) => requestsOf(each).list!.ours),
    open: await figure((each) => requestsOf(each).open!.ours),
    search: await figure(searchIn(1)),
    create: await figure((each) => requestsOf(each).create!.ours),
    searchLargest: await figure(searchIn(0), 4),
    staffList: await figure((each) => requestsOf(each).staffList!.ours),
    partnerLike200: await figure((each) => requestsOf(each).partnerLike200!.ours),
  }
  say(`growth 100k to 1m: ${JSON.stringify(answer)}`)
  return answer
}

/** From the start of the process to its first answer, embedded database stopped but warm; the middle of five, in milliseconds. */
async function startOf(): Promise<number> {
  const folder = join(scratch, 'start')
  const times: number[] = []
  for (let round = 0; round <= 5; round++) {
    const port = await freePort(),
      began = performance.now()
    const child = launch([program(), 'serve'], { PORT: String(port), PORTICO_DATA: folder }, 'start')
    while (
      !(await fetch(`http://127.0.0.1:${port}/api/v1/ready`).then(
        (reply) => reply.ok,
        () => false,
      ))
    )
      await new Promise((resolve) => setTimeout(resolve, 20))
    times.push(performance.now() - began)
    child.kill('SIGINT')
    await new Promise((resolve) => child.once('exit', resolve))
  }
  // The first made the database.
  return Math.round(times.slice(1).sort((a, b) => a - b)[2]!)
}

// ---- processes ----

function program(): string {
  return options.profile ? join(root, 'src/main.ts') : join(released, 'portico.mjs')
}

async function serve(world: BenchWorld, flags: string[] = []): Promise<MeasuredServer & { child: ChildProcess }> {
  const port = await freePort()
  return start(
    [...flags, program(), 'serve'],
    {
      PORT: String(port),
      PUBLIC_URL: `http://localhost:${port}`,
      DATABASE_URL: `postgres://${admin.user}@localhost/${world.connect.database}?host=${encodeURIComponent(admin.host)}`,
      PORTICO_SECRET: SECRET,
      PORTICO_DATA: join(scratch, `files-${world.size}`),
      REQUESTS_PER_MINUTE: '100000000',
      TRUST_PROXY: 'loopback',
    },
    /running at/,
    `ours-${world.size}`,
    world.connect.database,
    port,
  )
}

function launch(args: string[], env: Record<string, string>, name: string): ChildProcess {
  const log = openSync(join(scratch, `${name}.log`), 'w')
  return spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', log],
  })
}

async function start(
  args: string[],
  env: Record<string, string>,
  ready: RegExp,
  name: string,
  database: string,
  port = (JSON.parse(args[1] ?? '{}') as { listen?: number }).listen!,
): Promise<MeasuredServer & { child: ChildProcess }> {
  const child = launch(args, env, name)
  children.push(child)
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.stdout!.on('data', (part: Buffer) => {
      if (said.length < 1e5 && ready.test((said += String(part)))) resolve()
    })
    child.once('exit', (code) =>
      reject(
        new Error(
          `${name} ended with ${code}: ${readFileSync(join(scratch, `${name}.log`), 'utf8').slice(-2000)} ${said.slice(-2000)}`,
        ),
      ),
    )
  })
  return { port, pid: child.pid!, postmaster: embedded.pid, database, child }
}

async function stopped({ child }: { child: ChildProcess }): Promise<void> {
  child.kill('SIGINT')
  await new Promise((resolve) => child.once('exit', resolve))
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

// ---- figures ----

async function versions(world: BenchWorld): Promise<string[]> {
  const database = await withClient(
    world.connect,
    async (db) => (await db.query<{ server_version: string }>('show server_version')).rows[0]!.server_version,
  )
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    `${Math.round(totalmem() / 1e9)} GB`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${database}`,
    `Portico ${createHash('sha256')
      .update(readFileSync(join(root, 'package-lock.json')))
      .digest('hex')
      .slice(0, 8)}`,
  ]
}

function round2(figure: number): number {
  return Math.round(figure * 100) / 100
}
