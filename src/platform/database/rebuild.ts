/** Replaces everything Portico has in a database by an older schema and its rows, inside the caller's transaction. */
import pg from 'pg'
import { setCopySettings } from './copy.ts'
import { createMigrationsTable, MIGRATION_LOCK, type Migration } from './migrate.ts'

const OURS = `in_schema.nspname = 'public' and not exists (
  select 1 from pg_depend d where d.objid = object.oid and d.deptype = 'e')`

/** Statements that drop what portico_owner owns in `public`, except what belongs to an extension. */
const DROPS = `
  select format('drop %s if exists public.%I cascade',
    case relkind when 'v' then 'view' when 'c' then 'type' when 'S' then 'sequence' else 'table' end, relname) as drop
  from pg_class object join pg_namespace in_schema on in_schema.oid = relnamespace
  where relkind in ('r', 'p', 'v', 'c', 'S') and relowner = 'portico_owner'::regrole and ${OURS}
  union all
  select format('drop routine if exists %s cascade', object.oid::regprocedure)
  from pg_proc object join pg_namespace in_schema on in_schema.oid = pronamespace
  where proowner = 'portico_owner'::regrole and ${OURS}
  union all
  select format('drop type if exists public.%I cascade', typname)
  from pg_type object join pg_namespace in_schema on in_schema.oid = typnamespace
  where typtype in ('e', 'd') and typowner = 'portico_owner'::regrole and ${OURS}`

/** Begins the transaction; other processes that would change the schema wait for its end. */
export async function beginRebuild(owner: pg.Client): Promise<void> {
  await owner.query('begin')
  await setCopySettings(owner)
  await owner.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
}

export async function dropEverything(owner: pg.Client): Promise<void> {
  const { rows } = await owner.query<{ drop: string }>(DROPS)
  for (const { drop } of rows) await owner.query(drop)
}

export async function applyMigrations(owner: pg.Client, migrations: readonly Migration[]): Promise<void> {
  await createMigrationsTable(owner)
  for (const { name, sql, checksum } of migrations) {
    await owner.query(sql)
    await owner.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum])
  }
}

/**
 * Runs `load` while tables take rows in any order: foreign keys are checked afterwards, all at once, and row-level security,
 * which refuses COPY, does not hold for the owner meanwhile. Nobody else sees the tables before the transaction commits.
 */
export async function whileLoading(owner: pg.Client, load: () => Promise<void>): Promise<void> {
  const { rows: keys } = await owner.query<{ table: string; name: string; definition: string }>(`
    select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace order by conrelid, conname`)
  const { rows: forced } = await owner.query<{ table: string }>(`
    select oid::regclass::text as table from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relforcerowsecurity`)
  for (const { table, name } of keys)
    await owner.query(`alter table ${table} drop constraint ${pg.escapeIdentifier(name)}`)
  for (const { table } of forced) await owner.query(`alter table ${table} no force row level security`)
  await load()
  for (const { table, name, definition } of keys)
    await owner.query(`alter table ${table} add constraint ${pg.escapeIdentifier(name)} ${definition}`)
  for (const { table } of forced) await owner.query(`alter table ${table} force row level security`)
}

/** Whether a running Portico is connected to this database. By the names of its pools: a pooler keeps connections of commands. */
export async function hasSessions(owner: pg.Client): Promise<boolean> {
  const { rowCount } = await owner.query(`
    select 1 from pg_stat_activity
    where datname = current_database() and usename in ('portico_app', 'portico_system')
      and application_name in ('portico', 'portico system') limit 1`)
  return rowCount === 1
}
