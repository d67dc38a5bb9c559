/** Rules for every table, role and security definer function. */
import { spawnSync } from 'node:child_process'
import pg from 'pg'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { product, read, root } from './source.ts'

/** Reached by definer functions only: the app role has no right on them at all. */
const CLOSED = ['counters', 'portal_sessions', 'reply_addresses', 'tokens']

describe('tables', () => {
  let client: pg.Client
  beforeAll(async () => {
    const { admin, template } = inject('world')
    client = new pg.Client({ ...admin, database: template })
    await client.connect()
    return () => client.end()
  })
  const rows = async <T extends pg.QueryResultRow>(sql: string) => (await client.query<T>(sql)).rows

  it('A6 PS-59 every table has a class, forced row-level security and policies for both directions', async () => {
    const tables = await rows<{
      name: string
      class: string | null
      secured: boolean
      forced: boolean
      policies: number
      app: string[]
      unchecked: number
    }>(`
      select c.relname as name, substring(obj_description(c.oid) from '^class: (\\w+)') as class, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
        (select count(*)::int from pg_policy p where p.polrelid = c.oid and 'portico_app'::regrole = any(p.polroles)) as policies,
        (select count(*)::int from pg_policy p where p.polrelid = c.oid and 'portico_app'::regrole = any(p.polroles) and p.polcmd in ('a', 'w') and p.polwithcheck is null) as unchecked,
        array(select privilege_type::text from information_schema.role_table_grants g where g.table_name = c.relname and g.grantee = 'portico_app') as app
      from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public' where c.relkind in ('r', 'p') and c.relname <> 'schema_migrations'`)
    expect(tables.length).toBeGreaterThan(20)
    expect(
      tables
        .filter((table) => !['tenant', 'reference', 'local', 'directory'].includes(table.class ?? ''))
        .map((table) => table.name),
    ).toEqual([])
    expect(
      tables.filter((table) => !table.secured || !table.forced || table.unchecked > 0).map((table) => table.name),
    ).toEqual([])
    const isOpen = (table: (typeof tables)[number]) => table.class === 'tenant' && !CLOSED.includes(table.name)
    expect(tables.filter((table) => isOpen(table) !== table.policies > 0).map((table) => table.name)).toEqual([])
    expect(tables.filter((table) => isOpen(table) !== table.app.length > 0).map((table) => table.name)).toEqual([])
  })

  it('A6 tenant tables lead with account_id in every key', async () => {
    const keys = await rows<{ table: string; name: string; first: string }>(`
      select c.conrelid::regclass::text as table, c.conname as name, a.attname as first
      from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
      join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
      where c.contype in ('p', 'u') and obj_description(c.conrelid) like 'class: tenant%'`)
    expect(keys.filter((key) => key.first !== 'account_id').map((key) => `${key.table}.${key.name}`)).toEqual([])
  })

  it('A6 the app roles cannot bypass policies', async () => {
    expect(
      await rows(
        `select rolname from pg_roles where rolname like 'portico_%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)`,
      ),
    ).toEqual([])
    expect(
      await rows(
        `select relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname in ('portico_app', 'portico_system', 'portico_backup')`,
      ),
    ).toEqual([])
    expect(await rows(`select polname from pg_policy where not polpermissive`)).toEqual([])
  })

  it('A6 definer functions are the reviewed ones, and pin their search path', async () => {
    const definers = await rows<{ name: string; comment: string | null; pinned: boolean; open: boolean }>(`
      select p.proname as name, obj_description(p.oid) as comment, coalesce(array_to_string(p.proconfig, ',') like '%search_path=public, pg_temp%', false) as pinned,
        has_function_privilege('public', p.oid, 'execute') as open
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'public' where p.prosecdef order by 1`)
    expect(definers.filter((each) => !each.pinned || each.open)).toEqual([])
    const isSilent = ({ comment }: { comment: string | null }) =>
      !/\b(Called|Callers|For (anyone|whoever))\b/.test(comment ?? '')
    expect(definers.filter(isSilent).map((each) => `${each.name}: its comment says who may call it`)).toEqual([])
    expect(definers.map((each) => each.name)).toMatchSnapshot()
  })

  it('each function is called: by our code, another function, a policy, an index, a trigger or a migration', async () => {
    const functions = await rows<{ name: string; source: string }>(`
      select p.proname as name, p.prosrc as source from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'public'
      where not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`)
    const expressions = await rows<{ text: string }>(`
      select concat_ws(' ', qual, with_check) as text from pg_policies
      union all select indexdef from pg_indexes where schemaname = 'public'
      union all select pg_get_constraintdef(oid) from pg_constraint where contype = 'c'
      union all select pg_get_expr(adbin, adrelid) from pg_attrdef
      union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal`)
    const sources = product.filter((file) => file.endsWith('.ts')).map(read)
    const isCalled = ({ name }: { name: string }) => {
      const call = new RegExp(`\\b${name}\\b`)
      const others = functions.filter((other) => other.name !== name).map(({ source }) => source)
      return [...sources, ...others, ...expressions.map(({ text }) => text)].some((text) => call.test(text))
    }
    const uncalled = functions.filter((each) => !isCalled(each)).map(({ name }) => name)
    // Called by migrations alone: it writes the policies.
    expect(uncalled).toEqual(['protect_tenant_table'])
  })

  it('the app role reads no rows without context', async () => {
    const { admin, passwords, template } = inject('world')
    const app = new pg.Client({ ...admin, database: template, user: 'portico_app', password: passwords.portico_app })
    await app.connect()
    const tables = await rows<{ name: string }>(
      `select relname as name from pg_class where obj_description(oid) like 'class: tenant%' and relkind = 'r'`,
    )
    try {
      for (const { name } of tables)
        if (CLOSED.includes(name)) await expect(app.query(`select from ${name}`)).rejects.toThrow(/permission denied/)
        else expect((await app.query(`select count(*)::int as n from ${name}`)).rows).toEqual([{ n: 0 }])
      await expect(app.query('select * from people')).rejects.toThrow(/permission denied/)
    } finally {
      await app.end()
    }
  })

  it('db/schema.gen.ts is current', () => {
    const { admin, template } = inject('world')
    const socket = admin.host.startsWith('/')
    const url = `postgres://${admin.user}${admin.password ? `:${admin.password}` : ''}@${socket ? 'localhost' : admin.host}:${admin.port}/${template}${socket ? `?host=${admin.host}` : ''}`
    const { status } = spawnSync(
      process.execPath,
      [
        'node_modules/kysely-codegen/dist/cli/bin.js',
        '--dialect',
        'postgres',
        '--url',
        url,
        '--out-file',
        'db/schema.gen.ts',
        '--default-schema',
        'public',
        '--verify',
      ],
      { cwd: root, encoding: 'utf8' },
    )
    expect(status === 0 ? 'current' : 'run: npm run codegen').toBe('current')
  })
})
