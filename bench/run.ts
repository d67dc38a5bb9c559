/**
 * npm run bench [-- --size 100k|1m] [--only list,open] [--rounds 3] [--seconds 2] [--profile] [--plans] [--overload]
 *
 * Measures our full stack beside a baseline server on the same PostgreSQL: the release as in production, or the source with
 * --profile. The result is CPU per request of application and database together; see docs/decisions/0009.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbedded } from '../src/platform/database/embedded.ts'
import { defaultDataFolder } from '../src/platform/database/embedded/folders.ts'
import type { Connect } from '../src/platform/database/connect.ts'
import { hashPassword } from '../src/platform/secrets.ts'
import { installedBytes, release } from '../tools/release.ts'
import { measureBursts } from './bursts.ts'
import type { Request } from 'autocannon'
import { openWorld, PASSWORD, SIZES, withClient, type BenchWorld, type Size } from './dataset.ts'
import { compareServers } from './load.ts'
import { formatOverload, measureOverload } from './overload.ts'
import { reportPlans } from './plans.ts'
import { residentMb } from './processes.ts'
import { summarizeProfile } from './profile.ts'
import { formatReport, formatRow, round2, type BenchSummary, type OperationRow } from './report.ts'
import { buildRequests, type OperationName, type OperationRequests } from './requests.ts'
import { byReader } from './tickets.ts'
import { comparePartner, measureGrowth, measureLoginStorm, resetRateLimits } from './scenarios.ts'
import { Servers, stopChild, type RunningServer } from './servers.ts'

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
    overload: { type: 'boolean', default: false },
    factor: { type: 'string', default: '4' },
  },
  allowNegative: true,
})
const size = options.size as Size
if (!(size in SIZES)) throw new Error(`--size is one of ${Object.keys(SIZES).join(', ')}`)
const rounds = Number(options.rounds)
const seconds = Number(options.seconds)
const connectionCounts = options.connections.split(',').map(Number)
const only = options.only?.split(',')
const isSelected = (name: string) => !only || only.includes(name)
const log = (line: string) => process.stderr.write(`${line}\n`)

const scratch = join(tmpdir(), `portico-bench-${process.pid}`)
mkdirSync(scratch, { recursive: true })
const releaseFolder = join(root, 'out/release')
const program = options.profile ? join(root, 'src/main.ts') : join(releaseFolder, 'portico.mjs')
const embedded = await startEmbedded({ folder: `${defaultDataFolder(root)}-bench`, log })
const admin: Connect = { host: embedded.host, port: embedded.port, user: embedded.user, database: 'postgres' }
const servers = new Servers({ embedded, scratch, program })
let failed = false
try {
  if (options.plans) await reportPlans(admin, size, log)
  else if (options.overload) await reportOverload()
  else await run()
} catch (error) {
  failed = true
  console.error(error)
} finally {
  await servers.stopAll()
  await embedded.stop()
}
process.exit(failed ? 1 : 0)

/** One line a round; --factor is how many times the capacity arrives. */
async function reportOverload(): Promise<void> {
  if (!options.profile) await release(releaseFolder)
  const world = await openWorld(admin, size, log)
  // The driver reads the log of the server: a line for each request would hold up both.
  const server = await servers.startOurs(world, [], { LOG_LEVEL: 'warn' })
  for (let round = 0; round < rounds; round++) {
    await resetRateLimits(world)
    const result = await measureOverload(server, buildRequests(world), { factor: Number(options.factor), seconds })
    console.log(formatOverload(result))
  }
}

interface MeasuredServers {
  ours: RunningServer
  ceiling: RunningServer
  lean: RunningServer
}

async function run(): Promise<void> {
  if (!options.profile) await release(releaseFolder)
  const world = await openWorld(admin, size, log)
  await prepareBaselines(world)
  const hash = await hashPassword(PASSWORD)
  const measured: MeasuredServers = {
    ceiling: await servers.startBaseline('ceiling', world, { hash, template: world.template }),
    lean: await servers.startBaseline('lean', world),
    ours: await servers.startOurs(world, options.profile ? ['--cpu-prof', `--cpu-prof-dir=${scratch}`] : []),
  }
  const { ours } = measured
  const idleMemory = readMemory(measured)
  const operations = buildRequests(world)
  const table = await measureOperations(world, measured, operations)
  const loginStorm = isSelected('loginStorm') ? await measureLoginStorm(ours, operations, log) : null
  const memory = compareMemory(idleMemory, readMemory(measured))
  const growthOptions = { admin, servers, seconds, rounds, log }
  const growth = isSelected('growth') ? await measureGrowth(world, ours, growthOptions) : null
  const bursts = isSelected('bursts')
    ? await measureBursts({
        fresh: await servers.startOurs(world),
        requests: operations.list.ours,
        rounds: Math.min(rounds, 2),
        log,
      })
    : null
  const startMs = isSelected('start') ? await servers.measureStartTime() : null
  const installMb = options.profile ? null : await measureInstalledMb()
  const summary: BenchSummary = {
    ...summarizeTable(table),
    growth,
    loginStorm,
    bursts,
    startMs,
    rssMb: memory,
    installMb,
    failed: table.reduce((sum, row) => sum + row.ours.failed, 0),
    size,
  }
  if (options.profile) log(await summarizeProfile(stopChild(ours.child, 'SIGINT'), scratch))
  if (options.write && !only) await writeReport(world, summary, table)
  console.log(JSON.stringify(summary))
}

async function prepareBaselines(world: BenchWorld): Promise<void> {
  const read = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8')
  await withClient(world.connect, async (db) => {
    // Statement by statement, because VACUUM takes no transaction.
    for (const each of read('lean.sql')
      .split(/;\n/)
      .filter((text) => text.trim()))
      await db.query(each)
    await db.query(`set role portico_owner; ${read('ceiling.sql')}`)
  })
}

/** Measures each selected operation at each connection count, beside the baselines. */
async function measureOperations(
  world: BenchWorld,
  { ours, ceiling, lean }: MeasuredServers,
  operations: Record<OperationName, OperationRequests>,
): Promise<OperationRow[]> {
  const table: OperationRow[] = []
  const selected = Object.entries(operations).filter(([name]) => isSelected(name))
  for (const [name, requests] of selected) {
    for (const connections of connectionCounts) {
      const sides: Record<string, { server: RunningServer; requests: Request[] }> = {
        ours: { server: ours, requests: requests.ours },
        ceiling: { server: ceiling, requests: requests.ceiling },
        ...(requests.lean && { lean: { server: lean, requests: requests.lean } }),
      }
      const figures = await compareServers(sides, {
        connections,
        seconds,
        // A round has only about a hundred sign-ins, so they need twice as many rounds.
        rounds: name === 'login' ? 2 * rounds : rounds,
        before: () => resetRateLimits(world),
      })
      const row = { name, connections, ours: figures.ours!, ceiling: figures.ceiling!, lean: figures.lean ?? null }
      table.push(row)
      log(formatRow(row))
    }
  }
  return table
}

function summarizeTable(table: readonly OperationRow[]) {
  const ratioTo = (baseline: 'ceiling' | 'lean', name: OperationName) => {
    const ratios = table.flatMap((row) => {
      const other = row.name === name && row[baseline]
      return other ? [row.ours.cpu / other.cpu] : []
    })
    return ratios.length === 0 ? null : round2(ratios.reduce((sum, each) => sum + each, 0) / ratios.length)
  }
  const ratio = (name: OperationName) => ratioTo('ceiling', name)
  const leanRatio = (name: OperationName) => ratioTo('lean', name)
  const tail = (name: OperationName) => {
    const figures = table.find((row) => row.name === name && row.connections === 64)?.ours
    return figures ? round2(figures.p99 / figures.p50) : null
  }
  return {
    list: { ratio: ratio('list'), leanRatio: leanRatio('list'), p99_over_p50: tail('list') },
    open: { ratio: ratio('open'), leanRatio: leanRatio('open'), p99_over_p50: tail('open') },
    search: { ratio: ratio('search'), p99_over_p50: tail('search') },
    create: { ratio: ratio('create'), leanRatio: leanRatio('create'), p99_over_p50: tail('create') },
    login: { ratio: ratio('login') },
    staffList: { ratio: ratio('staffList') },
    listPage: { ratio: ratio('listPage') },
    partnerLike200: { ratio: comparePartner(table) },
    ticketList: byReader((kind) => ratio(`ticketList:${kind}`)),
    ticketOpen: byReader((kind) => ratio(`ticketOpen:${kind}`)),
  }
}

interface Memory {
  ours: number
  ceiling: number
}

function readMemory({ ours, ceiling }: MeasuredServers): Memory {
  return {
    ours: residentMb(ours.pid),
    ceiling: residentMb(ceiling.pid),
  }
}

function compareMemory(idle: Memory, after: Memory): BenchSummary['rssMb'] {
  return {
    idle: round2(idle.ours),
    idleRatio: round2(idle.ours / idle.ceiling),
    after: round2(after.ours),
    afterRatio: round2(after.ours / after.ceiling),
  }
}

async function measureInstalledMb(): Promise<number> {
  const sizes = Object.values(await installedBytes(releaseFolder))
  return round2(sizes.reduce((sum, bytes) => sum + bytes, 0) / 1e6)
}

async function writeReport(world: BenchWorld, summary: BenchSummary, table: OperationRow[]): Promise<void> {
  const file = join(import.meta.dirname, size === '100k' ? 'latest.md' : `latest-${size}.md`)
  const about = (await describeMachine(world)).join(' · ')
  writeFileSync(file, formatReport(summary, table, { size, rounds, seconds, about }))
}

async function describeMachine(world: BenchWorld): Promise<string[]> {
  const database = await withClient(world.connect, async (db) => {
    const { rows } = await db.query<{ server_version: string }>('show server_version')
    return rows[0]!.server_version
  })
  const lockfile = readFileSync(join(root, 'package-lock.json'))
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    `${Math.round(totalmem() / 1e9)} GB`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${database}`,
    `Portico ${createHash('sha256').update(lockfile).digest('hex').slice(0, 8)}`,
  ]
}
