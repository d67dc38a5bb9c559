/** The server process of a cluster: found, created, started and stopped. Callers hold the lock (lock.ts). */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SUPERUSER, type Cluster } from './cluster.ts'
import { createPrivateFolder, hasErrorCode, PORT } from './folders.ts'
import { commandOf } from './processes.ts'

const run = promisify(execFile)

/** After a crash the server replays its journal before it answers, which takes minutes with much to replay. */
const START_TIMEOUT_MS = 300_000
const STOP_TIMEOUT_MS = 60_000
/** How long children of a killed server may hold its memory before a start fails. */
const OLD_CHILDREN_TIMEOUT_MS = 20_000
const LOG_SIZE_LIMIT = 5_000_000

export interface RunningServer {
  pid: number
  host: string
  port: number
  /** It ran already. */
  adopted: boolean
}

/** What a server writes into `postmaster.pid`. `status` is `starting`, `ready`, `standby` or `stopping`. */
interface Postmaster {
  pid: number
  port: number
  socket: string
  status: string
}

/** The server that runs already, or a new one. */
export async function adoptOrStart(cluster: Cluster): Promise<RunningServer> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (let round = 0; performance.now() < deadline; round++) {
    const found = readPostmaster(cluster)
    if (!found || !isServerOf(cluster, found.pid)) break
    if (found.status === 'ready')
      return { pid: found.pid, host: found.socket || cluster.socket, port: found.port, adopted: true }
    if (round === 50) cluster.log(`the database is ${found.status || 'starting'}; waiting for it`)
    await sleep(20)
  }
  await ensureCluster(cluster)
  return start(cluster, deadline)
}

async function ensureCluster(cluster: Cluster): Promise<void> {
  const versionFile = path.join(cluster.files, 'PG_VERSION')
  if (!fs.existsSync(versionFile)) return initialize(cluster)
  const written = fs.readFileSync(versionFile, 'utf8').trim()
  // The folder of the binaries is named after them; asking the server itself would take 30 ms of every start.
  const ours = /^postgres-(\d+)/.exec(path.basename(cluster.binaries))?.[1]
  if (written !== ours)
    throw new Error(
      `the database in ${cluster.files} was written by PostgreSQL ${written}; this version brings PostgreSQL ${ours}`,
    )
}

/** Runs initdb beside the final place, so that a killed first start leaves no half database. */
async function initialize(cluster: Cluster): Promise<void> {
  cluster.log(`first start: making the database in ${cluster.folder}`)
  const draft = path.join(cluster.folder, 'database.new')
  fs.rmSync(draft, { recursive: true, force: true })
  createPrivateFolder(draft, cluster.account)
  const options = [
    ...['--pgdata', draft, '--username', SUPERUSER, '--encoding', 'UTF8', '--no-instructions'],
    // Sorting by code point, built into the server: indexes never depend on the libraries of the machine.
    ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...['--locale', process.platform === 'darwin' ? 'C' : 'C.UTF-8'],
    ...['--auth-local', 'trust', '--auth-host', 'reject'],
    ...(cluster.settings['fsync'] === 'off' ? ['--no-sync'] : []),
  ]
  try {
    await run(path.join(cluster.binaries, 'bin/initdb'), options, childOptions(cluster))
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true })
    const output = (error as { stderr?: string }).stderr?.trim()
    throw new Error(`the database could not be made in ${cluster.folder}:\n${output || String(error)}`, {
      cause: error,
    })
  }
  fs.renameSync(draft, cluster.files)
}

async function start(cluster: Cluster, deadline: number): Promise<RunningServer> {
  const began = performance.now()
  for (;;) {
    clearStalePid(cluster)
    const log = openLog(cluster)
    const result = await waitUntilReady(cluster, spawnServer(cluster, log.descriptor), log, deadline)
    if ('pid' in result) {
      cluster.log(`the database runs (process ${result.pid}, ${Math.round(performance.now() - began)} ms)`)
      return result
    }
    const output = log.read()
    // The server was killed and its children have not noticed yet; they do within seconds.
    const heldByOldChildren = output.includes('shared memory block')
    if (!heldByOldChildren || performance.now() > Math.min(deadline, began + OLD_CHILDREN_TIMEOUT_MS))
      throw new Error(`the database did not start in ${cluster.folder}: ${result.ended}\n${output}`)
    await sleep(100)
  }
}

function spawnServer(cluster: Cluster, logDescriptor: number): ChildProcess {
  const settings = {
    ...cluster.settings,
    listen_addresses: '',
    unix_socket_directories: cluster.socket,
    unix_socket_permissions: '0700',
    port: String(PORT),
  }
  const args = ['-D', cluster.files, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])]
  // Detached, so that Ctrl+C in a terminal reaches the application alone, which lets requests finish before it stops this.
  const server = spawn(path.join(cluster.binaries, 'bin/postgres'), args, {
    ...childOptions(cluster),
    detached: true,
    stdio: ['ignore', logDescriptor, logDescriptor],
  })
  fs.closeSync(logDescriptor)
  return server
}

/** The server once it answers, or how it ended before that. */
async function waitUntilReady(
  cluster: Cluster,
  server: ChildProcess,
  log: ServerLog,
  deadline: number,
): Promise<RunningServer | { ended: string }> {
  let ended: string | undefined
  server.once('error', (error) => (ended = error.message))
  server.once('exit', (code, signal) => (ended ??= `it ended with ${signal ?? `code ${code}`}`))
  for (let round = 1; ended === undefined; round++) {
    const found = readPostmaster(cluster)
    if (found && found.pid === server.pid && found.status === 'ready') {
      server.unref()
      return { pid: found.pid, host: cluster.socket, port: PORT, adopted: false }
    }
    if (round % 500 === 0) cluster.log('the database is still starting')
    if (performance.now() > deadline) {
      server.kill('SIGQUIT')
      throw new Error(`the database did not become ready in ${START_TIMEOUT_MS / 1000} s:\n${log.read()}`)
    }
    await sleep(10)
  }
  return { ended }
}

/**
 * The process id in a stale `postmaster.pid` may be in use: by another process of the same account, or still by the killed
 * server itself until its parent collects it, which process 1 of a container may never do. The server would refuse to start.
 * Our own id there means "left by the parent", which the server takes as stale. The rest of the file stays: by it the
 * server finds children of a killed one that still hold its memory, and refuses for that reason.
 */
function clearStalePid(cluster: Cluster): void {
  const found = readPostmaster(cluster)
  if (!found || found.pid === process.pid) return
  const file = path.join(cluster.files, 'postmaster.pid')
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^\d+/, String(process.pid)))
  // The socket carries a second such number. The folder belongs to this cluster alone, so what lies there is stale too.
  fs.rmSync(path.join(cluster.socket, `.s.PGSQL.${PORT}.lock`), { force: true })
}

export async function stopServer(cluster: Cluster): Promise<void> {
  const found = readPostmaster(cluster)
  if (!found || !isServerOf(cluster, found.pid)) return
  // SIGINT: ends sessions, writes everything out, leaves nothing to recover.
  process.kill(found.pid, 'SIGINT')
  const deadline = performance.now() + STOP_TIMEOUT_MS
  while (isServerOf(cluster, found.pid)) {
    if (performance.now() > deadline) {
      cluster.log(
        `the database took longer than ${STOP_TIMEOUT_MS / 1000} s to stop and is ended at once; the next start recovers`,
      )
      process.kill(found.pid, 'SIGQUIT')
      return
    }
    await sleep(10)
  }
  cluster.log('the database has stopped')
}

function readPostmaster(cluster: Cluster): Postmaster | undefined {
  let lines: string[]
  try {
    lines = fs.readFileSync(path.join(cluster.files, 'postmaster.pid'), 'utf8').split('\n')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
  // The server writes the file line by line: what is not there yet is empty.
  const line = (number: number) => lines[number - 1]?.trim() ?? ''
  const pid = Number(line(1))
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(line(4)) || PORT, socket: line(5), status: line(8) }
}

/** Process ids are used again, above all in containers: only a postgres that was started on these very files counts. */
export function isServerOf(cluster: Cluster, pid: number): boolean {
  const command = commandOf(pid)
  return command.includes('postgres') && command.includes(` -D ${cluster.files} `)
}

function childOptions(cluster: Cluster) {
  const { account } = cluster
  return {
    // The account may not be allowed to enter our working directory.
    cwd: '/',
    // Settings such as PGDATA or LC_ALL would change what the server does, and our secrets must not reach it.
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  }
}

interface ServerLog {
  descriptor: number
  /** The last lines that were added since it was opened. */
  read(): string
}

/** Appended to, and started anew when it has grown large. */
function openLog(cluster: Cluster): ServerLog {
  const size = fs.statSync(cluster.logFile, { throwIfNoEntry: false })?.size ?? 0
  const isTooLarge = size > LOG_SIZE_LIMIT
  if (isTooLarge) fs.renameSync(cluster.logFile, `${cluster.logFile}.1`)
  const from = isTooLarge ? 0 : size
  return {
    descriptor: fs.openSync(cluster.logFile, 'a', 0o600),
    read: () =>
      fs.readFileSync(cluster.logFile).subarray(from).toString('utf8').trim().split('\n').slice(-15).join('\n'),
  }
}
