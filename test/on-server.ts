/**
 * Runs vitest with the given arguments on Debian's PostgreSQL 15 instead of the embedded one: creates a cluster in a
 * temporary folder and deletes it afterwards. Tests connect as a role that may create roles and databases but is no
 * superuser, as on hosted PostgreSQL. Servers under test connect through PgBouncer in transaction mode, and each of them has
 * a second node, so that requests alternate between two processes.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { testPasswords } from './database.ts'
import { findProgram } from './debian.ts'
import { freePort } from './free-port.ts'

const postgres = requireProgram('postgresql')
const pgbouncer = requireProgram('pgbouncer')
const folder = mkdtempSync(join(tmpdir(), 'portico-server-'))
const account = process.getuid?.() === 0 ? findUnprivilegedAccount() : undefined
const spawnIdentity = account ? { uid: account.uid, gid: account.gid } : {}
chmodSync(folder, 0o755)
if (account) chownSync(folder, account.uid, account.gid)
const port = await freePort()
const poolerPort = await freePort()
const processes: ChildProcess[] = []

try {
  startPostgres()
  await withSuperuser(async (client) => {
    await client.query("create role host login createrole createdb password 'host'")
    await client.query("create role administrator login superuser password 'administrator'")
  })
  startPooler()
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: {
      ...process.env,
      TEST_DATABASE_URL: `postgres://host:host@127.0.0.1:${port}/postgres`,
      TEST_ADMINISTRATOR_URL: `postgres://administrator:administrator@127.0.0.1:${port}/postgres`,
      TEST_POOLER_PORT: String(poolerPort),
      TEST_NODES: '2',
    },
  })
  process.exitCode = status ?? 1
} finally {
  for (const child of processes.reverse()) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.kill('SIGINT')) await ended
  }
  rmSync(folder, { recursive: true, force: true })
}

function startPostgres(): void {
  const cluster = join(folder, 'cluster')
  const { status, stderr } = spawnSync(
    join(dirname(postgres), 'initdb'),
    [
      '-D',
      cluster,
      '-U',
      'postgres',
      '--auth-local=trust',
      '--auth-host=scram-sha-256',
      '--locale=C.UTF-8',
      '--no-sync',
    ],
    { ...spawnIdentity, encoding: 'utf8', cwd: folder },
  )
  if (status !== 0) throw new Error(`initdb failed: ${stderr}`)
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: '300',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  start(postgres, ['-D', cluster, '-p', String(port), ...options])
}

/** Few connections to the server for each database, so that transactions of different clients share them. */
function startPooler(): void {
  const users = Object.entries({ host: 'host', ...testPasswords() })
  const userList = join(folder, 'users.txt')
  writeFileSync(userList, users.map(([name, password]) => `"${name}" "${password}"\n`).join(''))
  const config = join(folder, 'pgbouncer.ini')
  writeFileSync(
    config,
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${poolerPort}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${userList}
pool_mode = transaction
default_pool_size = 8
max_client_conn = 1000
log_connections = 0
log_disconnections = 0
`,
  )
  start(pgbouncer, ['-q', config])
}

function start(program: string, args: string[]): void {
  processes.push(spawn(program, args, { ...spawnIdentity, cwd: folder, stdio: 'ignore' }))
}

function requireProgram(name: Parameters<typeof findProgram>[0]): string {
  const program = findProgram(name)
  if (!program) throw new Error(`${name} is not installed: apt-get install ${name}`)
  return program
}

/** An account for PostgreSQL, which refuses to run as root. */
function findUnprivilegedAccount(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    const id = (flag: string) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout)
    if (id('-u')) return { uid: id('-u'), gid: id('-g') }
  }
  throw new Error('No account to run PostgreSQL as')
}

async function withSuperuser(work: (client: pg.Client) => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ host: folder, port, user: 'postgres', database: 'postgres' })
    try {
      await client.connect()
      await work(client)
      return await client.end()
    } catch (error) {
      await client.end().catch(() => {})
      if (tries > 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
