/** The rules of the house, executable. A failure says what to do instead. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import pg from 'pg'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/app.ts'
import { widening } from '../src/platform/database/migrate.ts'
import { createTranslations } from '../src/platform/i18n.ts'
import type { Definition } from '../src/platform/operation.ts'
import { allProblems } from '../src/platform/problem.ts'

const root = resolve(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const files = globSync('{src,test,db,bench,tools}/**/*.{ts,svelte,js,mjs}', { cwd: root })
  .filter((file) => !file.endsWith('.gen.ts'))
  .sort()
const product = files.filter((file) => file.startsWith('src/') && !/\.(test|fixtures)\.ts$/.test(file))
const operations = Object.entries(contracts) as [string, Definition][]

/** Imports of a file: [specifier, type only, resolved path inside the project or null]. */
function importsOf(file: string): { from: string; types: boolean; target: string | null }[] {
  const found: { from: string; types: boolean; target: string | null }[] = []
  for (const match of read(file).matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)|^\s*import\s+['"]([^'"]+)['"]/gm,
  )) {
    const from = match[2] ?? match[3] ?? match[4]!
    found.push({
      from,
      types: match[1] !== undefined,
      target: from.startsWith('.') ? relative(root, resolve(root, dirname(file), from)) : null,
    })
  }
  return found
}

const layer = (file: string) => {
  if (file.startsWith('src/platform/')) return 'platform'
  if (file.startsWith('src/ui/')) return 'ui'
  if (file.startsWith('src/web/routes/')) return 'web/routes'
  if (file.startsWith('src/web/')) return 'web'
  if (/^src\/features\/.*\/ui\//.test(file)) return 'features/ui'
  if (file.startsWith('src/features/')) return 'features'
  return 'app'
}
const role = (file: string) => basename(file).replace(/\.(ts|svelte)$/, '')
const noun = (file: string) => file.split('/')[2] ?? ''

describe('imports', () => {
  const wrong = (check: (file: string, each: ReturnType<typeof importsOf>[number]) => string | false) =>
    product.flatMap((file) =>
      importsOf(file).flatMap((each) => {
        const why = check(file, each)
        return why ? [`${file} imports ${each.from}: ${why}`] : []
      }),
    )

  it('platform knows nothing of features, pages or the app', () => {
    expect(
      wrong(
        (file, { target }) =>
          layer(file) === 'platform' &&
          target !== null &&
          /^src\/(features|web|app|main|config)/.test(target) &&
          'hand it in through createApp instead',
      ),
    ).toEqual([])
  })

  it('contracts and rules are pure: no Node, no database, no UI framework', () => {
    expect(
      wrong((file, { from, types, target }) => {
        if (layer(file) !== 'features' || types || !['contract', 'rules'].includes(role(file))) return false
        if (role(file) === 'rules')
          return target !== null
            ? !/\/(rules|contract)\.ts$/.test(target) && 'rules import rules only'
            : 'rules use nothing from outside'
        return (
          from !== 'zod' &&
          !(target && /\/(contract|rules)\.ts$|^src\/platform\/(operation|problem|schema)\.ts$/.test(target)) &&
          'contracts import zod, contracts, rules and platform/operation.ts, problem.ts and schema.ts'
        )
      }),
    ).toEqual([])
  })

  it('policies decide from pure data', () => {
    expect(
      wrong(
        (file, { types, target, from }) =>
          layer(file) === 'features' &&
          role(file) === 'policy' &&
          !types &&
          !(target && /\/(contract|rules|policy)\.ts$|^src\/platform\/problem\.ts$/.test(target)) &&
          `load facts in the handler and pass them in, instead of ${from}`,
      ),
    ).toEqual([])
  })

  it('a feature reaches another only through its contract, rules, policy, queries or messages', () => {
    expect(
      wrong(
        (file, { target }) =>
          layer(file) === 'features' &&
          target !== null &&
          target.startsWith('src/features/') &&
          noun(target) !== noun(file) &&
          !/\/(contract|rules|policy|queries|messages)\.ts$/.test(target) &&
          'call its queries, not its handlers',
      ),
    ).toEqual([])
  })

  it('only queries build SQL, and only the database folder opens connections', () => {
    expect(
      wrong((file, { from, types }) => {
        if (types) return false
        if (from === 'kysely')
          return (
            !(role(file) === 'queries' || layer(file) === 'platform' || file === 'src/app.ts') &&
            'move the SQL to queries.ts'
          )
        if (from === 'pg')
          return !file.startsWith('src/platform/database/') && 'only platform/database opens connections'
        return false
      }),
    ).toEqual([])
  })

  it('pages reach the server only through locals.api', () => {
    expect(
      wrong(
        (file, { target, types }) =>
          ['web', 'ui', 'web/routes', 'features/ui'].includes(layer(file)) &&
          !types &&
          target !== null &&
          (/^src\/(app|main|config)\.ts/.test(target) ||
            target.startsWith('src/platform/') ||
            (/^src\/features\//.test(target) && !/\/(rules\.ts|ui\/)/.test(target))) &&
          'call locals.api in +page.server.ts; import contracts as types only',
      ),
    ).toEqual([])
    expect(
      wrong(
        (file, { target }) =>
          layer(file) === 'ui' && target !== null && /^src\/features\//.test(target) && 'src/ui is free of the domain',
      ),
    ).toEqual([])
    expect(
      wrong(
        (file, { target }) =>
          layer(file) === 'features/ui' &&
          target !== null &&
          target.startsWith('src/web/routes') &&
          'routes use screens, never the other way',
      ),
    ).toEqual([])
  })

  it('there are no cycles', () => {
    const graph = new Map(
      product.map((file) => [
        file,
        importsOf(file).flatMap(({ target, types }) => (target && !types && product.includes(target) ? [target] : [])),
      ]),
    )
    const done = new Set<string>(),
      path: string[] = [],
      cycles: string[] = []
    const walk = (file: string) => {
      if (path.includes(file)) {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
        return
      }
      if (done.has(file)) return
      path.push(file)
      for (const next of graph.get(file) ?? []) walk(next)
      path.pop()
      done.add(file)
    }
    for (const file of graph.keys()) walk(file)
    expect(cycles).toEqual([])
  })
})

describe('homes', () => {
  const using = (pattern: RegExp, allowed: RegExp) =>
    product.filter(
      (file) => !allowed.test(file) && pattern.test(read(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
    )

  it('only config.ts reads the environment', () => {
    expect(using(/process\.env/, /^src\/(config|main)\.ts$/)).toEqual([])
  })
  it('only clock.ts asks the time', () => {
    expect(
      using(
        /Date\.now\(\)|new Date\(\)|Temporal\.Now/,
        /^src\/platform\/(clock|ids)\.ts$|^src\/web\/|\/ui\/|^src\/main\.ts$/,
      ),
    ).toEqual([])
  })
  it('only delivery and files talk to the outside', () => {
    expect(
      using(/\bfetch\(|node:https?'|node:net'|nodemailer/, /^src\/platform\/(delivery\/|files|http|pages)|^src\/web\//),
    ).toEqual([])
  })
  it('asSystem, the door past isolation, has only reviewed callers', () => {
    const allowed = ['src/app.ts', 'src/main.ts']
    expect(
      product.filter(
        (file) =>
          /asSystem\(/.test(read(file)) && !allowed.includes(file) && !/^src\/features\/(imports|demo)\//.test(file),
      ),
    ).toEqual([])
  })
  it('only the reviewed handlers widen their own reach', () => {
    // Booking as an unlinked user makes the customer that the job then belongs to (V-26).
    const allowed = ['src/features/jobs/handlers.ts', 'src/features/jobs/booking/handlers.ts']
    expect(
      product.filter(
        (file) => /\.reachAlso\(/.test(read(file)) && !allowed.includes(file) && !file.startsWith('src/platform/'),
      ),
    ).toEqual([])
  })
  it('features use the closed vocabulary of file names', () => {
    const allowed = /^(contract|rules|policy|queries|handlers|messages)\.ts$|\.(test|fixtures)\.ts$/
    expect(files.filter((file) => layer(file) === 'features' && !allowed.test(basename(file)))).toEqual([])
  })
  it('no drawer names', () => {
    expect(
      files.filter((file) =>
        /(^|[/.-])(utils?|helpers?|misc|common|managers?|data|info)([/.-]|$)|-service\./i.test(file),
      ),
    ).toEqual([])
  })
  it('PS-62 no sign-in that bypasses a password, and no default password outside the demo', () => {
    expect(
      product.filter(
        (file) =>
          !/demo/.test(file) &&
          /backdoor|bypassAuth|(?<!typeof )password\s*={2,3}\s*['"]|\bPASSWORD\s*=\s*['"]/i.test(read(file)),
      ),
    ).toEqual([])
  })
})

describe('operations', () => {
  it('A1 say whose view they are, what they do, and write only where they say so', () => {
    const wrong = operations.flatMap(([name, each]) => [
      ...(!/^\/(portal\/\{portal\}|office\/\{account\}|people|platform)(\/|$)/.test(each.path)
        ? [`${name}: ${each.path} begins with no audience`]
        : []),
      ...(each.audience.length === 0 ? [`${name}: nobody may call it`] : []),
      ...(each.summary.length < 8 ? [`${name}: needs a summary`] : []),
      ...(each.method === 'GET' && each.writes ? [`${name}: a GET never writes`] : []),
      ...(each.creates && !each.writes ? [`${name}: creates without writes`] : []),
      ...(!/^[a-z]+[A-Z]\w*$/.test(name) ? [`${name}: verb + noun`] : []),
      ...(each.path.startsWith('/office') && each.audience.some((who) => who !== 'staff' && who !== 'anonymous')
        ? [`${name}: the office is for staff`]
        : []),
      ...(each.path.startsWith('/portal') && each.audience.some((who) => who === 'staff')
        ? [`${name}: staff do not call portal operations`]
        : []),
    ])
    expect(wrong).toEqual([])
  })

  it('PS-38 PS-08 only the reviewed doors answer without a session', () => {
    expect(
      operations
        .filter(([, each]) => each.audience.includes('anonymous'))
        .map(([name]) => name)
        .sort(),
    ).toMatchSnapshot()
  })

  it('openapi.json is current', () => {
    const { stdout } = spawnSync(process.execPath, ['src/main.ts', 'openapi'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 50_000_000,
    })
    expect(
      existsSync(join(root, 'openapi.json')) && read('openapi.json') === stdout ? 'current' : 'run: npm run openapi',
    ).toBe('current')
  })
})

describe('migrations', () => {
  it('PS-60 say whether they widen what anybody sees, from the first one after the foundation on', () => {
    const silent = globSync('db/migrations/*.sql', { cwd: root }).filter(
      (file) =>
        basename(file) > '0008' &&
        /protect_tenant_table|protect_directory_table|\bcreate\s+policy\b|\balter\s+policy\b|\bgrant\b|\bsecurity\s+definer\b/i.test(
          read(file),
        ) &&
        widening(read(file)) === undefined,
    )
    expect(silent.map((file) => `${file}: begin it with "-- widens: <one sentence>" or "-- widens: nothing"`)).toEqual(
      [],
    )
  })
})

describe('types of pages', () => {
  it('a wrong page is refused: its script, its markup and what it hands to a part', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        'node_modules/svelte-check/bin/svelte-check',
        '--tsconfig',
        'test/fixtures/wrong-page/tsconfig.json',
        '--output',
        'machine',
      ],
      { cwd: root, encoding: 'utf8' },
    )
    expect(status).not.toBe(0)
    expect([...stdout.matchAll(/ERROR "[^"]+" (\d+):/g)].map((match) => Number(match[1]))).toEqual([5, 9, 10])
  })
})

describe('words', () => {
  const translations = createTranslations(join(root, 'locales'), { strict: true })

  it('every problem has words', () => {
    expect([...allProblems().keys()].filter((code) => !translations.has('en', `problems.${code}`))).toEqual([])
  })

  it('every key that a screen or a mail says exists', () => {
    const missing = product.flatMap((file) =>
      [...read(file).matchAll(/\bt\(\s*['"]([a-z][\w-]*(?:\.[\w-]+)+)['"]/g)].flatMap(([, key]) =>
        ['', '_other'].some((form) => translations.has('en', `${key}${form}`)) ? [] : [`${file}: ${key}`],
      ),
    )
    expect(missing).toEqual([])
  })

  it('no words that nobody says', () => {
    const source = product.map(read).join('\n')
    const exact = new Set([...source.matchAll(/['"`]([a-z][\w-]*(?:\.[\w-]+)+)['"`]/g)].map(([, key]) => key!))
    // `jobs.statuses.office.${status}`: whatever stands there is one step of the key.
    const shapes = [
      ...new Set([...source.matchAll(/`([a-z][\w-]*\.(?:[\w.-]|\$\{[^{}`]*\})*)`/g)].map(([, key]) => key!)),
    ]
      .filter((key) => key.includes('${'))
      .map(
        (key) =>
          new RegExp(
            `^${key
              .split(/\$\{[^{}]*\}/)
              .map((part) => part.replaceAll('.', '\\.'))
              .join('[\\w-]+')}$`,
          ),
      )
    // Families whose first half is kept elsewhere, with where that is.
    const families = [
      // platform/delivery/outbox.ts: the parts of a mail, after the `textKey` of each declared message.
      ...[...source.matchAll(/\btextKey: '([\w.-]+)'/g)].map(
        ([, key]) =>
          new RegExp(`^${key!.replaceAll('.', '\\.')}\\.(subject|preheader|title|body|button|footer)(_[a-z]+)*$`),
      ),
      // features/imports/rules.ts: why a row was refused, and what became of it.
      /^imports\.(reasons|outcomes)\./,
    ]
    const keys = globSync('locales/en/*.json', { cwd: root }).flatMap((file) =>
      keysOf(JSON.parse(read(file)) as Tree, [basename(file, '.json')]),
    )
    expect(keys.length).toBeGreaterThan(1000)
    expect(
      keys
        .filter((key) => {
          const said = key.replace(/_(zero|one|two|few|many|other)$/, '')
          return !exact.has(said) && ![...shapes, ...families].some((each) => each.test(said))
        })
        .map((key) => `${key}: take it out of locales, or say it`),
    ).toEqual([])
  })
})

type Tree = { [key: string]: string | Tree }
const keysOf = (tree: Tree, path: string[]): string[] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[...path, key].join('.')] : keysOf(value, [...path, key]),
  )

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
    expect(
      tables.filter((table) => (table.class === 'tenant') !== table.policies > 0).map((table) => table.name),
    ).toEqual([])
    expect(
      tables.filter((table) => table.class !== 'tenant' && table.app.length > 0).map((table) => table.name),
    ).toEqual([])
  })

  it('A6 tenant tables lead with account_id in every key', async () => {
    const keys = await rows<{ table: string; name: string; first: string }>(`
      select c.conrelid::regclass::text as table, c.conname as name, a.attname as first
      from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
      join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
      where c.contype in ('p', 'u') and obj_description(c.conrelid) like 'class: tenant%'`)
    expect(keys.filter((key) => key.first !== 'account_id').map((key) => `${key.table}.${key.name}`)).toEqual([])
  })

  it('A6 the roles of the app have no way around policies', async () => {
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
    const definers = await rows<{ name: string; pinned: boolean; open: boolean }>(`
      select p.proname as name, coalesce(array_to_string(p.proconfig, ',') like '%search_path=public, pg_temp%', false) as pinned,
        has_function_privilege('public', p.oid, 'execute') as open
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'public' where p.prosecdef order by 1`)
    expect(definers.filter((each) => !each.pinned || each.open)).toEqual([])
    expect(definers.map((each) => each.name)).toMatchSnapshot()
  })

  it('the app role sees nothing without context', async () => {
    const { admin, passwords, template } = inject('world')
    const app = new pg.Client({ ...admin, database: template, user: 'portico_app', password: passwords.portico_app })
    await app.connect()
    const tables = await rows<{ name: string }>(
      `select relname as name from pg_class where obj_description(oid) like 'class: tenant%' and relkind = 'r'`,
    )
    try {
      for (const { name } of tables)
        expect((await app.query(`select count(*)::int as n from ${name}`)).rows).toEqual([{ n: 0 }])
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
