/** One PostgreSQL per test run with a migrated template database that every worker copies. */
import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../src/platform/database/embedded.ts'
import { ensureDatabase, migrate } from '../src/platform/database/migrate.ts'
import { ROLES, type RolePasswords } from '../src/platform/database/roles.ts'
import { deriveKey } from '../src/platform/secrets.ts'
import { connectFromUrl, type Connect } from '../src/platform/database/connect.ts'

export interface World {
  admin: Connect
  passwords: RolePasswords
  template: string
  folder: string
}

declare module 'vitest' {
  interface ProvidedContext {
    world: World
  }
}

/** PORTICO_SECRET of all processes of a run: roles are shared by the whole cluster, so their passwords must be equal. */
export const TEST_SECRET = 'a secret for tests, and for tests alone'

const root = join(import.meta.dirname, '..')

/** Passwords of the roles, as derived from TEST_SECRET. */
export const testPasswords = () =>
  Object.fromEntries(
    ROLES.map((role) => [role, deriveKey(TEST_SECRET, `database role ${role}`).toString('base64url')]),
  ) as RolePasswords

/**
 * Starts the embedded PostgreSQL, or uses the server at TEST_DATABASE_URL (15 in CI). A process that starts many runs
 * (`npm run mutations`) opens one world for all of them and passes it in TEST_WORLD.
 */
export async function openWorld(): Promise<World & { close(): Promise<void> }> {
  if (process.env.TEST_WORLD) return shareWorld(JSON.parse(process.env.TEST_WORLD) as World)
  const folder = join(tmpdir(), `portico-test-${process.pid}-${randomBytes(4).toString('hex')}`)
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const testDatabaseUrl = process.env.TEST_DATABASE_URL
  const embedded = testDatabaseUrl
    ? null
    : await startEmbedded({
        folder,
        settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' },
      })
  const admin: Connect = embedded
    ? { host: embedded.host, port: embedded.port, user: embedded.user, database: 'postgres' }
    : connectFromUrl(testDatabaseUrl!)
  const template = `portico_template_${process.pid}`
  const passwords = testPasswords()
  await ensureDatabase({ ...admin, database: template })
  await migrate({ admin: { ...admin, database: template }, passwords, folder: join(root, 'db/migrations') })
  return {
    admin,
    passwords,
    template,
    folder,
    async close() {
      if (embedded) await embedded.stop()
      else await dropDatabases(admin, `${template}%`)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const shareWorld = (world: World) => ({ ...world, close: () => dropDatabases(world.admin, `${world.template}\\_%`) })

/** Drops the databases whose names are `like` this pattern. */
const dropDatabases = (admin: Connect, pattern: string): Promise<void> =>
  withAdmin(superuserOf(admin), async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database where datname like $1', [
      pattern,
    ])
    for (const { datname } of rows)
      await client.query(`drop database if exists ${pg.escapeIdentifier(datname)} with (force)`)
  })

/** Who may end the sessions of a pooler and run what an administrator is asked to run. */
export const superuserOf = (admin: Connect): Connect =>
  process.env.TEST_ADMINISTRATOR_URL ? connectFromUrl(process.env.TEST_ADMINISTRATOR_URL) : admin

export async function withAdmin<T>(admin: Connect, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: admin.host,
    port: admin.port,
    user: admin.user,
    password: admin.password,
    database: 'postgres',
  })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

export default async function setup(project: { provide(key: 'world', value: World): void }) {
  const { close, ...world } = await openWorld()
  project.provide('world', world)
  return close
}
