/**
 * Creates and upgrades a database: the four roles, the migrations in db/migrations. Safe to run by many processes at once,
 * also through a pooler, and to run again.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { clientConfig, type Connect } from './connect.ts'
import { inLockedTransaction, type LockOptions } from './locks.ts'
import { areRolesReady, asRole, rolesSql, type Role, type RolePasswords } from './roles.ts'

/** Advisory lock of whoever changes the schema. */
export const MIGRATION_LOCK = 715325

export interface MigrateOptions {
  /** Logs in as the owner of the database. Unless the roles exist, it must be allowed to create them. */
  admin: Connect
  passwords: RolePasswords
  folder: string
  log?: (line: string) => void
  /** Consent to migrations that say what they widen (PS-60); without it a database with accounts refuses them. */
  acceptWider?: boolean
  /** How long another process may migrate before this one gives up. */
  lockWaitMs?: number
}

const ROLES_LOCK = 715324
const LOCK_WAIT_MS = 600_000

/** Creates the database that `connect` names, when its cluster lacks it. */
export async function ensureDatabase(connect: Connect): Promise<void> {
  await withClient({ ...connect, database: 'postgres' }, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [connect.database])
    if (rowCount) return
    await client.query(`create database ${pg.escapeIdentifier(connect.database)}`).catch((error: { code?: string }) => {
      // Another process was quicker.
      if (error.code !== '42P04' && error.code !== '23505') throw error
    })
  })
}

/** A database beside the one of `connect`. */
export async function createDatabase(connect: Connect, database: string): Promise<void> {
  await withClient(connect, (client) => client.query(`create database ${pg.escapeIdentifier(database)}`))
}

export async function dropDatabase(connect: Connect, database: string): Promise<void> {
  await withClient(connect, (client) =>
    client.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`),
  )
}

/**
 * Creates the roles where they are missing and runs the migrations that have not run yet.
 * @returns the names of the migrations that ran
 * @throws Error in words for an administrator, for example when the database belongs to a newer version
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { admin, passwords } = options
  const files = await migrationFiles(options.folder)
  const owner = asRole(admin, 'portico_owner', passwords)
  await refuseNewerDatabase(owner, files)
  await createRoles(admin, passwords, options)
  return withClient(owner, (client) => applyAll(client, files, options))
}

/** Before anything else: the roles of a newer version stay as that version set them. */
async function refuseNewerDatabase(owner: Connect, files: readonly Migration[]): Promise<void> {
  // Where the owner cannot log in yet or the table is missing, there is nothing to refuse.
  const applied = await withClient(owner, readApplied).catch(() => null)
  if (applied) findPending(files, applied)
}

/**
 * Creates the four roles where they are missing, and sets their passwords, settings and rights in this database. Changes
 * nothing when all is right: on managed databases this user may not change them.
 */
export async function createRoles(
  admin: Connect,
  passwords: RolePasswords,
  { log = () => {}, lockWaitMs = LOCK_WAIT_MS }: Pick<MigrateOptions, 'log' | 'lockWaitMs'> = {},
): Promise<void> {
  await withClient(admin, (client) => prepareRoles(client, admin, passwords, { log, waitMs: lockWaitMs }))
}

async function prepareRoles(
  client: pg.Client,
  admin: Connect,
  passwords: RolePasswords,
  waiting: Pick<LockOptions, 'log' | 'waitMs'>,
): Promise<void> {
  const canLogIn = (role: Role) =>
    withClient(asRole(admin, role, passwords), async () => true).catch((error: { code?: string }) => {
      // A pooler reports an unknown user or a wrong password as a violation of its protocol.
      if (/^28|^08P01/.test(error.code ?? '')) return false
      throw error
    })
  if (await areRolesReady(client, canLogIn)) return
  const statements = rolesSql(admin.database, passwords)
  const lock = { key: ROLES_LOCK, purpose: 'creating roles', ...waiting }
  let cause: unknown
  try {
    // Two processes creating the same role at once would both fail, so they take turns.
    await inLockedTransaction(client, lock, async () => {
      for (const statement of statements) await client.query(statement)
    })
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    cause = error
  }
  // A grant that this user may not give is only a warning, so look again.
  if (await areRolesReady(client, canLogIn)) return
  throw new Error(
    `The database user "${admin.user}" may not create or change the roles that Portico needs. Have an administrator of the database run this SQL in the database "${admin.database}", then try again:\n\n${statements.join(';\n')};\n`,
    { cause },
  )
}

/**
 * Runs each pending migration in a transaction of its own that holds the lock, and looks anew what is pending: other
 * processes may run some of them in between.
 */
async function applyAll(
  client: pg.Client,
  files: readonly Migration[],
  { log = () => {}, acceptWider = false, lockWaitMs = LOCK_WAIT_MS }: MigrateOptions,
): Promise<string[]> {
  const lock = { key: MIGRATION_LOCK, purpose: 'upgrading this database', waitMs: lockWaitMs, log }
  const done: string[] = []
  let isNew = false
  for (;;) {
    const name = await inLockedTransaction(client, lock, async () => {
      await createMigrationsTable(client)
      const applied = await readApplied(client)
      isNew ||= applied.size === 0
      const pending = findPending(files, applied)
      if (!acceptWider) await refuseWidening(client, pending)
      if (pending[0]) await apply(client, pending[0])
      return pending[0]?.name
    })
    if (name === undefined) break
    // The first start of an installation has nothing to say of each.
    if (!isNew) log(`migrated ${name}`)
    done.push(name)
  }
  if (isNew) log(`made the tables of a new database (${done.length} migrations)`)
  return done
}

export async function createMigrationsTable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('public.schema_migrations') is not null as there",
  )
  if (rows[0]!.there) return
  await client.query(`create table schema_migrations (
    name text primary key, checksum text not null, applied_at timestamptz not null default now())`)
  await client.query('grant select on schema_migrations to portico_app, portico_system, portico_backup')
}

/** Names of the migrations that ran here, with their checksums. */
async function readApplied(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migrations',
  )
  return new Map(rows.map((row) => [row.name, row.checksum]))
}

/** Before the first of them runs: an upgrade must not stop halfway to ask for consent. */
async function refuseWidening(client: pg.Client, pending: readonly Migration[]): Promise<void> {
  const wider = pending.flatMap(({ name, widens }) => widens.map((sentence) => `  ${name}: ${sentence}`))
  if (wider.length === 0 || !(await hasAccounts(client))) return
  throw new Error(
    `This upgrade lets people see or do more than before:\n\n${wider.join('\n')}\n\nNothing was changed. If that is what you want, run: portico migrate --accept-wider`,
  )
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query(sql)
    await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum])
  } catch (error) {
    throw new Error(`Migration ${name} failed: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * The migrations that have not run yet.
 * @param applied names of those that ran, with their checksums
 */
function findPending(files: readonly Migration[], applied: ReadonlyMap<string, string>): Migration[] {
  const names = new Set(files.map(({ name }) => name))
  const unknown = [...applied.keys()].sort().find((name) => !names.has(name))
  if (unknown) {
    throw new Error(
      `This database was upgraded by a newer version of Portico, whose migration ${unknown} this version does not have: start that version, or restore a backup from before the upgrade.`,
    )
  }
  return files.filter(({ name, checksum }) => {
    const before = applied.get(name)
    if (before !== undefined && before !== checksum)
      throw new Error(
        `Migration ${name} is not the one that ran here: this version was changed, or is not the successor of the one before. Start an unchanged release. If you change migrations yourself, add a new one instead.`,
      )
    return before === undefined
  })
}

/** A database without accounts has no users yet, so nothing needs their consent. */
export async function hasAccounts(client: pg.Client): Promise<boolean> {
  const {
    rows: [table],
  } = await client.query<{ there: boolean }>("select to_regclass('public.accounts') is not null as there")
  return table!.there && (await client.query('select 1 from accounts limit 1')).rowCount === 1
}

/**
 * What a migration says it widens: the `-- widens: <one sentence>` lines of the comment it begins with. `-- widens: nothing`
 * states that it widens nothing. Undefined when it has neither.
 */
export function widening(sql: string): string[] | undefined {
  const lines = sql.split('\n').map((line) => line.trim())
  const end = lines.findIndex((line) => line !== '' && !line.startsWith('--'))
  const comments = lines.slice(0, end < 0 ? undefined : end).map((line) => line.slice(2).trim())
  const sentences = comments.flatMap((line) => (line.startsWith('widens:') ? line.slice(7).trim() || [] : []))
  return sentences.length === 0 ? undefined : sentences.filter((sentence) => !/^nothing\.?$/i.test(sentence))
}

export interface Migration {
  name: string
  sql: string
  checksum: string
  /** Sentences that need consent. */
  widens: string[]
}

/** In the order they run. */
export async function migrationFiles(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z_]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8')
      return { name, sql, widens: widening(sql) ?? [], checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/** One connection, closed at the end. */
export async function withClient<T>(connect: Connect, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...clientConfig(connect), connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
