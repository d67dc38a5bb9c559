/** The architecture rules, executable. A failure says what to do instead. */
import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { featureOf, files, importsOf, layerOf, product, read, roleOf, root, type Import, type Layer } from './source.ts'

describe('imports', () => {
  const wrong = (check: (file: string, each: Import) => string | false) =>
    product.flatMap((file) =>
      importsOf(file).flatMap((each) => {
        const why = check(file, each)
        return why ? [`${file} imports ${each.from}: ${why}`] : []
      }),
    )

  /** Which layers a layer may import, apart from itself. `demo` is the top: only main.ts loads it, when it is wanted. */
  const ALLOWED: Record<Layer, readonly Layer[]> = {
    db: ['platform'],
    platform: ['db', 'error-texts'],
    ui: ['paths', 'error-texts'],
    paths: [],
    'error-texts': [],
    features: ['platform', 'db'],
    'features/ui': ['features', 'ui', 'paths'],
    config: ['platform'],
    app: ['features', 'platform', 'config', 'db'],
    main: ['app', 'config', 'platform', 'features'],
    web: ['features', 'features/ui', 'ui', 'paths'],
    'web/routes': ['web', 'features', 'features/ui', 'ui', 'paths'],
    demo: ['app', 'features', 'platform', 'db'],
    outside: [],
  }

  it('no file imports a layer above its own', () => {
    const layered = files.filter((file) => /^(src|db|demo)\//.test(file) && !/\.(test|fixtures)\.ts$/.test(file))
    const upward = layered.flatMap((file) => {
      const from = layerOf(file)
      return importsOf(file).flatMap(({ target, dynamic }) => {
        if (target === null || target.startsWith('../')) return []
        const to = layerOf(target)
        const isDemoOnDemand = from === 'main' && to === 'demo' && dynamic
        // The one exception: screens learn the shape of the operations, as a type.
        const isApiType = target === 'src/web/api.ts' || (file === 'src/web/api.ts' && target === 'src/operations.ts')
        const allowed = from === to || ALLOWED[from].includes(to) || isDemoOnDemand || isApiType
        return allowed ? [] : [`${file} (${from}) imports ${target} (${to})`]
      })
    })
    expect(upward).toEqual([])
  })

  it('the design system knows no feature and no page', () => {
    const strays = product
      .filter((file) => layerOf(file) === 'ui')
      .flatMap((file) =>
        importsOf(file)
          .filter(({ target }) => target !== null && !/^src\/(ui\/|(paths|error-texts)\.ts)/.test(target))
          .map(({ from }) => `${file}: ${from}`),
      )
    expect(strays).toEqual([])
  })

  it('contracts and rules are pure: no Node, no database, no UI framework', () => {
    expect(
      wrong((file, { from, typesOnly, target }) => {
        if (layerOf(file) !== 'features' || typesOnly || !['contract', 'rules'].includes(roleOf(file))) return false
        if (roleOf(file) === 'rules')
          return target !== null
            ? !/\/(rules|contract)\.ts$|^src\/platform\/(problem|text|zone)\.ts$/.test(target) &&
                'rules import rules, platform/problem.ts, text.ts and zone.ts'
            : 'rules use nothing from outside'
        return (
          from !== 'zod' &&
          !(target && /\/(contract|rules)\.ts$|^src\/platform\/(operation|problem|schema)\.ts$/.test(target)) &&
          'contracts import zod, contracts, rules and platform/operation.ts, problem.ts and schema.ts'
        )
      }),
    ).toEqual([])
  })

  it('screens load no time zone library: rules that import zone.ts are for the server', () => {
    const reachesZone = (file: string, seen = new Set<string>()): boolean =>
      importsOf(file).some(({ target, typesOnly }) => {
        if (typesOnly || target === null || seen.has(target)) return false
        seen.add(target)
        return target === 'src/platform/zone.ts' || (product.includes(target) && reachesZone(target, seen))
      })
    const screens = product.filter((file) => ['ui', 'features/ui', 'web/routes'].includes(layerOf(file)))
    expect(screens.filter((file) => reachesZone(file))).toEqual([])
  })

  it('policies decide from pure data', () => {
    expect(
      wrong(
        (file, { typesOnly, target, from }) =>
          layerOf(file) === 'features' &&
          roleOf(file) === 'policy' &&
          !typesOnly &&
          !(target && /\/(contract|rules|policy)\.ts$|^src\/platform\/problem\.ts$/.test(target)) &&
          `load facts in the handler and pass them in, instead of ${from}`,
      ),
    ).toEqual([])
  })

  it('a feature reaches another only through its contract, rules, policy, queries or messages', () => {
    expect(
      wrong(
        (file, { target }) =>
          layerOf(file) === 'features' &&
          target !== null &&
          target.startsWith('src/features/') &&
          featureOf(target) !== featureOf(file) &&
          !/\/(contract|rules|policy|queries|messages)\.ts$/.test(target) &&
          'call its queries, not its handlers',
      ),
    ).toEqual([])
  })

  it('only queries build SQL, and only the database folder opens connections', () => {
    expect(
      wrong((file, { from, typesOnly }) => {
        if (typesOnly) return false
        if (from === 'kysely')
          return (
            !(roleOf(file) === 'queries' || layerOf(file) === 'platform' || file === 'src/app.ts') &&
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
        (file, { target, typesOnly }) =>
          ['web', 'ui', 'web/routes', 'features/ui'].includes(layerOf(file)) &&
          !typesOnly &&
          target !== null &&
          (/^src\/(app|main|config)\.ts/.test(target) ||
            target.startsWith('src/platform/') ||
            (/^src\/features\//.test(target) && !/\/(rules\.ts|ui\/)/.test(target))) &&
          'call locals.api in +page.server.ts; import contracts as typesOnly only',
      ),
    ).toEqual([])
    expect(
      wrong(
        (file, { target }) =>
          layerOf(file) === 'ui' &&
          target !== null &&
          /^src\/features\//.test(target) &&
          'src/ui is free of the domain',
      ),
    ).toEqual([])
    expect(
      wrong(
        (file, { target }) =>
          layerOf(file) === 'features/ui' &&
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
        importsOf(file).flatMap(({ target, typesOnly }) =>
          target && !typesOnly && product.includes(target) ? [target] : [],
        ),
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
    // Components ask our own server, from the browser.
    const exempt = /^src\/platform\/(delivery\/|files|http|pages)|^src\/web\/|^src\/features\/.*\/ui\//
    expect(using(/\bfetch\(|node:https?'|node:net'|nodemailer/, exempt)).toEqual([])
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
    const allowed = ['src/features/jobs/booking/handlers.ts']
    expect(
      product.filter(
        (file) => /\.reachAlso\(/.test(read(file)) && !allowed.includes(file) && !file.startsWith('src/platform/'),
      ),
    ).toEqual([])
  })
  it('only the reviewed handlers read within the reach of somebody else', () => {
    const allowed = ['src/features/access/handlers.ts', 'src/features/access-preview/handlers.ts']
    expect(
      product.filter(
        (file) => /\.readAs\(/.test(read(file)) && !allowed.includes(file) && !file.startsWith('src/platform/'),
      ),
    ).toEqual([])
  })
  it('only records/queries.ts and its files/ read and write comments, history and files', () => {
    const tables = '(?:comments|history|files)'
    const inText = `\\b(?:from|join|into|update)\\s+${tables}\\b`
    const inCalls = `(?:selectFrom|innerJoin|leftJoin|insertInto|updateTable|deleteFrom|insertRows)\\([^'")]*'${tables}\\b`
    expect(
      using(new RegExp(`${inText}|${inCalls}`, 'i'), /^src\/features\/records\/(files\/(uploads\/)?)?queries\.ts$/),
    ).toEqual([])
  })
  it('features use the closed vocabulary of file names', () => {
    const allowed = /^(contract|rules|policy|queries|handlers|messages)\.ts$|\.(test|fixtures)\.ts$/
    expect(files.filter((file) => layerOf(file) === 'features' && !allowed.test(basename(file)))).toEqual([])
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
  }, 120_000)
})
