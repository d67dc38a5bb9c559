/**
 * Creates and upgrades a database: the four roles, the migrations in db/migrations. Safe to
 * run by many processes at once (advisory lock) and to run again.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { clientConfig, type Connect } from './connect.ts'

export const ROLES = ['portico_owner', 'portico_app', 'portico_system', 'portico_backup'] as const
export type Role = (typeof ROLES)[number]

/** Advisory lock of whoever changes the schema. */
export const MIGRATION_LOCK = 715325

export interface MigrateOptions {
  /** Logs in as a role that may create roles; on a server it should own the database. */
  admin: Connect
  /** Passwords of the four roles. */
  passwords: Record<Role, string>
  folder: string
  log?: (line: string) => void
  /** Consent to migrations that say what they widen (PS-60); without it a database with accounts refuses them. */
  acceptWider?: boolean
}

/** The same database, connected to as one of the four roles. */
export const asRole = (admin: Connect, role: Role, passwords: Record<Role, string>): Connect => ({
  ...admin,
  user: role,
  password: passwords[role],
})

/** SQL that creates the roles, for a database administrator to run where `portico migrate` may not. */
const rolesSql = (database: string, passwords: Record<Role, string>): string[] => [
  ...ROLES.map(
    (role) => `do $$ begin
    if not exists (select 1 from pg_roles where rolname = '${role}') then create role ${role} login; end if;
  end $$`,
  ),
  ...ROLES.map((role) => `alter role ${role} with login password ${pg.escapeLiteral(passwords[role])}`),
  // Statements of requests are written so that one plan fits all values. Planning anew for every call took as long as running:
  // half the time of a list. Pages are read from memory or a solid state disk: at the default cost of a random page the planner
  // walks a whole table of a thousand customers for three of them. As settings of the role they hold behind a pooler too.
  ...['plan_cache_mode = force_generic_plan', 'random_page_cost = 1.1', 'jit = off'].map(
    (setting) => `alter role portico_app set ${setting}`,
  ),
  `grant connect on database ${pg.escapeIdentifier(database)} to portico_owner, portico_app, portico_system, portico_backup`,
  `grant create on database ${pg.escapeIdentifier(database)} to portico_owner`,
  'grant create, usage on schema public to portico_owner',
  'grant usage on schema public to portico_app, portico_system, portico_backup',
]

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

export async function migrate({
  admin,
  passwords,
  folder,
  log = () => {},
  acceptWider = false,
}: MigrateOptions): Promise<string[]> {
  await createRoles(admin, passwords)
  const owner = asRole(admin, 'portico_owner', passwords)
  return withClient(owner, async (client) => {
    await client.query(`select pg_advisory_lock(${MIGRATION_LOCK})`)
    try {
      return await applyAll(client, folder, log, acceptWider)
    } finally {
      await client.query(`select pg_advisory_unlock(${MIGRATION_LOCK})`).catch(() => {})
    }
  })
}

/** Creates the four roles where they are missing, and sets their passwords and rights in this database. */
export async function createRoles(admin: Connect, passwords: Record<Role, string>): Promise<void> {
  await withClient(admin, async (client) => {
    // Two processes creating the same role at once would both fail, so they take turns on this cluster.
    await client.query('select pg_advisory_lock(715324)')
    try {
      for (const statement of rolesSql(admin.database, passwords)) await client.query(statement)
    } catch (error) {
      if ((error as { code?: string }).code === '42501') {
        throw new Error(
          `This database user may not make roles. Have an administrator run:\n\n${rolesSql(admin.database, passwords).join(';\n')};\n`,
          { cause: error },
        )
      }
      throw error
    } finally {
      await client.query('select pg_advisory_unlock(715324)')
    }
  })
}

async function applyAll(
  client: pg.Client,
  folder: string,
  log: (line: string) => void,
  acceptWider: boolean,
): Promise<string[]> {
  await createMigrationsTable(client)
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migrations',
  )
  const pending = findPending(await migrationFiles(folder), new Map(rows.map((row) => [row.name, row.checksum])))
  const wider = pending.flatMap(({ name, widens }) => widens.map((sentence) => `  ${name}: ${sentence}`))
  // Before the first of them runs: an upgrade must not stop halfway to ask for consent.
  if (wider.length > 0 && !acceptWider && (await hasAccounts(client))) {
    throw new Error(
      `This upgrade lets people see or do more than before:\n\n${wider.join('\n')}\n\nNothing was changed. If that is what you want, run: portico migrate --accept-wider`,
    )
  }
  const applied: string[] = []
  for (const { name, sql, checksum } of pending) {
    await client.query('begin')
    try {
      await client.query(sql)
      await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum])
      await client.query('commit')
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw new Error(`Migration ${name} failed: ${(error as Error).message}`, { cause: error })
    }
    log(`migrated ${name}`)
    applied.push(name)
  }
  return applied
}

export async function createMigrationsTable(client: pg.Client): Promise<void> {
  await client.query(`create table if not exists schema_migrations (
    name text primary key, checksum text not null, applied_at timestamptz not null default now())`)
  await client.query('grant select on schema_migrations to portico_app, portico_system, portico_backup')
}

/**
 * The migrations that have not run yet.
 * @param applied names of those that ran, with their checksums
 */
function findPending(files: Awaited<ReturnType<typeof migrationFiles>>, applied: ReadonlyMap<string, string>) {
  const names = new Set(files.map(({ name }) => name))
  const unknown = [...applied.keys()].sort().find((name) => !names.has(name))
  if (unknown) {
    throw new Error(
      `This database belongs to another version of Portico, whose migration ${unknown} this version does not have. Start that version, or choose an empty database.`,
    )
  }
  return files.filter(({ name, checksum }) => {
    const before = applied.get(name)
    if (before !== undefined && before !== checksum)
      throw new Error(`Migration ${name} was changed after it ran here. Add a new migration instead.`)
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
  const opening = /^(?:\s*(?:--.*)?\r?\n)*/.exec(`${sql}\n`)![0]
  const sentences = [...opening.matchAll(/^\s*--\s*widens:[ \t]*(.*\S)\s*$/gm)].map((match) => match[1]!)
  return sentences.length === 0 ? undefined : sentences.filter((sentence) => !/^nothing\.?$/i.test(sentence))
}

export interface Migration {
  name: string
  sql: string
  /** Sentences that need consent. */
  widens: string[]
  /** SHA-256 of the text, hex. */
  checksum: string
}

/** In the order they run; `widens` are the sentences that need consent. */
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
  const client = new pg.Client(clientConfig(connect))
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
