/**
 * Runs vitest with the given arguments on Debian's PostgreSQL 15 instead of the embedded one: creates a cluster in a
 * temporary folder, sets TEST_DATABASE_URL and deletes the cluster afterwards. Tests connect as a role that may create
 * roles and databases but is no superuser, as on hosted PostgreSQL.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { findProgram } from './debian.ts'
import { freePort } from './free-port.ts'

const program = findProgram('postgresql')
if (!program) throw new Error('There is no PostgreSQL server: apt-get install postgresql-15')
const bin = dirname(program)
const folder = mkdtempSync(join(tmpdir(), 'portico-server-'))
const account = process.getuid?.() === 0 ? findUnprivilegedAccount() : undefined
chmodSync(folder, 0o755)
if (account) chownSync(folder, account.uid, account.gid)
const spawnIdentity = account ? { uid: account.uid, gid: account.gid } : {}
const cluster = join(folder, 'cluster')

const initResult = spawnSync(
  join(bin, 'initdb'),
  ['-D', cluster, '-U', 'postgres', '--auth=trust', '--locale=C.UTF-8', '--no-sync'],
  { ...spawnIdentity, encoding: 'utf8', cwd: folder },
)
if (initResult.status !== 0) throw new Error(`initdb failed: ${initResult.stderr}`)
const port = await freePort()
const server = spawn(
  join(bin, 'postgres'),
  [
    '-D',
    cluster,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${folder}`,
    '-c',
    'fsync=off',
    '-c',
    'max_connections=200',
  ],
  { ...spawnIdentity, cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] },
)
try {
  await withClient(async (client) => {
    await client.query("create role host login createrole createdb password 'host'")
  })
  const args = process.argv.slice(2)
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    stdio: 'inherit',
    env: { ...process.env, TEST_DATABASE_URL: `postgres://host:host@127.0.0.1:${port}/postgres` },
  })
  process.exitCode = status ?? 1
} finally {
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGINT')
  await ended
  rmSync(folder, { recursive: true, force: true })
}

/** An account for PostgreSQL, which refuses to run as root. */
function findUnprivilegedAccount(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    const id = (flag: string) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout)
    if (id('-u')) return { uid: id('-u'), gid: id('-g') }
  }
  throw new Error('No account to run PostgreSQL as')
}

async function withClient(work: (client: pg.Client) => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
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
