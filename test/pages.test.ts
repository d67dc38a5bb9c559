/** Rendered pages: which exist, and that browsers neither cache nor store them. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { newId } from '../src/platform/ids.ts'
import { bookJob } from './portal.fixtures.ts'
import { send, startSeparateServer, type Person, type TestServer } from './test-server.ts'

const root = resolve(import.meta.dirname, '..')

describe('pages', () => {
  let server: TestServer
  const build = process.env.PORTICO_PAGES ?? join(root, 'build')
  beforeAll(async () => {
    if (!existsSync(join(build, 'adapter-node.js')))
      execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], {
        cwd: root,
        stdio: 'ignore',
      })
    server = await startSeparateServer(inject('world'), { pages: build, demo: true })
  }, 240_000)
  afterAll(() => server?.close())
  const getPage = (person: Person, path: string, host = `localhost:${server.port}`) =>
    send({ port: server.port, host, method: 'GET', path, headers: { accept: 'text/html' }, cookies: person.cookies })

  it('V-01 Settings > Portal has the sub-pages Settings, Permission groups and Portal users, and no others', async () => {
    const shop = await server.business()
    const base = `/office/${shop.slug}/settings/portal`
    const tabs = (html: string) =>
      [
        .../<nav[^>]*aria-label="Portal settings"[^>]*>([\s\S]*?)<\/nav>/
          .exec(html)![1]!
          .matchAll(/<a [^>]*href="([^"]+)"[^>]*>\s*([^<]+?)\s*(?:<|$)/g),
      ].map(([, href, label]) => [href, label])
    for (const path of [base, `${base}/users`]) {
      const page = await getPage(shop.owner, path)
      expect([page.status, tabs(page.text)]).toEqual([
        200,
        [
          [base, 'Settings'],
          [`${base}/groups`, 'Permission groups'],
          [`${base}/users`, 'Portal users'],
        ],
      ])
    }
    expect((await getPage(shop.owner, `${base}/partners`)).status).toBe(404)
    // The sub-pages that exist as routes.
    expect(
      globSync('src/web/routes/office/[[]account[]]/settings/portal/*/', { cwd: root }).map((folder) =>
        folder.replace(/.*portal\//, '').replace(/\/$/, ''),
      ),
    ).toEqual(['users', 'groups'])
  })

  it('PS-61 pages keep nothing in the browser but half a comment, under a key that names its person, and keys that are off', async () => {
    const sources = globSync(['src/web/**/*.{ts,svelte,html,js}', 'src/features/*/ui/**', 'src/features/*/*/ui/**'], {
      cwd: root,
      withFileTypes: false,
    }).filter((file) => /\.(ts|svelte|html|js)$/.test(file) && !/\.test\.ts$/.test(file))
    expect(sources.length).toBeGreaterThan(80)
    const storage =
      /\b(localStorage|sessionStorage|indexedDB|document\.cookie|cookieStore|caches\s*\.|serviceWorker|window\.name)\b/
    const written = ['src/ui/**/*.ts', 'src/ui/**/*.svelte'].flatMap((files) => globSync(files, { cwd: root }))
    const keeping = [...sources, ...written].filter((file) => storage.test(readFileSync(join(root, file), 'utf8')))
    const choice = 'src/ui/shortcuts.ts'
    expect(keeping.sort()).toEqual(['src/ui/drafts.ts', choice, 'src/web/static/enhance.js'])
    // Of nobody in particular: whether single keys act at this browser.
    expect(readFileSync(join(root, choice), 'utf8').match(/\w+Storage\.setItem\(.*/g)).toEqual([
      "localStorage.setItem(STORED, 'off')",
    ])
    for (const file of keeping.filter((each) => each !== choice))
      expect(readFileSync(join(root, file), 'utf8')).toMatch(/draft:.*dataset\.owner|PREFIX.*dataset\.owner/)
    // SvelteKit stores the scroll position. It would store page content for an exported `snapshot` only.
    expect(sources.filter((file) => /export const snapshot\b/.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
    const scripts = globSync('client/**/*.js', { cwd: build })
      .map((file) => readFileSync(join(build, file), 'utf8'))
      .filter((text) => storage.test(text))
    expect(scripts.length).toBeLessThanOrEqual(3)
    for (const text of scripts) {
      expect(
        text.match(/\b(indexedDB|cookieStore|document\.cookie|localStorage\.(?!getItem|removeItem)\w+\([^)]*)/g) ?? [],
      ).toEqual(text.match(/localStorage\.setItem\(\w+,[`"']off[`"']/g) ?? [])
      expect(text).toMatch(/sveltekit:snapshot|draft:/)
    }
    expect(existsSync(join(build, 'client/service-worker.js'))).toBe(false)
  })

  it('PS-61 no page may be cached, including errors and redirects', async () => {
    const shop = await server.business()
    const [customer, template] = [await shop.customer(), await shop.template()]
    const user = await shop.portalUser({ customers: [customer] })
    const job = await bookJob(user, template)
    const ids: Record<string, string> = {
      account: shop.slug,
      portal: shop.slug,
      job,
      customer,
      template,
      user: user.id,
      token: 'A'.repeat(43),
      contact: newId(),
      site: newId(),
      message: newId(),
    }
    const routes = globSync('**/+page.svelte', { cwd: join(root, 'src/web/routes') }).map((file) =>
      `/${file.replace(/\/?\+page\.svelte$/, '')}`
        .replaceAll(/\/\([^)]+\)/g, '')
        .replaceAll(/\[(\w+)\]/g, (_, name: string) => ids[name] ?? 'x'),
    )
    expect(routes.length).toBeGreaterThan(45)
    const cacheable: string[] = []
    const statuses = new Set<number>()
    for (const path of [
      ...routes,
      '/nowhere',
      `/p/${shop.slug}/nowhere`,
      `/office/${shop.slug}/nowhere`,
      '/office/nobody',
      '/p/nobody/jobs',
      '/%ff',
    ]) {
      for (const person of [shop.visitor(), shop.owner, user]) {
        const page = await getPage(person, path)
        statuses.add(page.status)
        if (page.status >= 500) cacheable.push(`${path} as ${person.kind}: ${page.status}`)
        if (
          !/no-store/.test(page.headers['cache-control'] ?? '') &&
          /html/.test(page.headers['content-type'] ?? 'text/html')
        )
          cacheable.push(`${path} as ${person.kind}: ${page.status} ${page.headers['cache-control']}`)
      }
    }
    expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 404]))
    expect(cacheable).toEqual([])
  }, 120_000)

  it('PS-61 after signing out, going back shows no page of the portal', async () => {
    const shop = await server.business()
    const [customer, template] = [await shop.customer('Eleanor of Pelican Quay'), await shop.template()]
    const user = await shop.portalUser({ customers: [customer], name: 'Eleanor Finch' })
    const job = await bookJob(user, template)
    const host = `${shop.slug}.localhost:${server.port}`
    const paths = [
      '/jobs',
      `/jobs/${job}`,
      `/jobs/${job}/edit`,
      '/account',
      '/jobs/__data.json',
      `/api/v1/portal/${shop.slug}/jobs/${job}`,
    ]
    for (const path of paths.slice(0, 2)) expect((await getPage(user, path, host)).text).toContain('Pelican Quay')
    const cookies = new Map(user.cookies)
    await user.ok('signOutOfPortal')
    // The session ended, so the cookies from before signing out do not work either.
    for (const jar of [user.cookies, cookies]) {
      for (const path of paths) {
        const page = await send({
          port: server.port,
          host,
          method: 'GET',
          path,
          headers: { accept: 'text/html' },
          cookies: new Map(jar),
        })
        expect([path, [303, 401].includes(page.status) || /sign-in/.test(page.text)], page.text.slice(0, 200)).toEqual([
          path,
          true,
        ])
        expect(page.text).not.toMatch(/Pelican|Eleanor/)
        expect(page.headers['cache-control']).toMatch(/no-store/)
      }
    }
  })
})
