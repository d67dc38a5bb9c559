/** Addresses as browsers and proxies send them: where forms may come from, unknown hosts, plain http and unnamed proxies. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { linkIn, send, startSeparateServer, type Business, type Reply, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business, direct: TestServer
beforeAll(async () => {
  const world = inject('world')
  const env = { PUBLIC_URL: 'https://portal.example', TRUST_PROXY: '127.0.0.1' }
  server = await startSeparateServer(world, { env })
  shop = await server.business()
  direct = await startSeparateServer(world, { env: { PUBLIC_URL: 'https://portal.example:8443' } })
})
afterAll(async () => {
  await server?.close()
  await direct?.close()
})

type Headers = Record<string, string>
const THROUGH_PROXY = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' }
const BROWSER = { accept: 'text/html,application/xhtml+xml', 'sec-fetch-mode': 'navigate' }
const warnings = (at: TestServer, text: string) =>
  at.log.filter((line) => line.includes(text)).map((line) => JSON.parse(line) as Record<string, string>)

/** Sends a form to nowhere: 404 when the origin is taken for ours, 403 when not. */
const statusOfForm = async (host: string, headers: Headers, at = server): Promise<number> =>
  (
    await send({
      port: at.port,
      host,
      method: 'POST',
      path: '/api/v1/nowhere',
      headers: { ...THROUGH_PROXY, ...headers },
    })
  ).status
const get = (host: string, path: string, headers: Headers = {}, at = server): Promise<Reply> =>
  send({ port: at.port, host, method: 'GET', path, headers: { ...THROUGH_PROXY, ...BROWSER, ...headers } })
const postPage = (host: string, path: string, headers: Headers, at = server): Promise<Reply> =>
  send({ port: at.port, host, method: 'POST', path, headers: { ...THROUGH_PROXY, ...BROWSER, ...headers } })

describe('the origin of a form', () => {
  it.each([
    ['as configured', 'portal.example', { origin: 'https://portal.example' }],
    ['with the default port', 'portal.example:443', { origin: 'https://portal.example' }],
    ['in upper case', 'PORTAL.example', { origin: 'HTTPS://Portal.Example' }],
    [
      'through a chain of proxies',
      'portal.example',
      { origin: 'https://portal.example', 'x-forwarded-proto': 'https, http' },
    ],
    [
      'with the protocol in upper case',
      'portal.example',
      { origin: 'https://portal.example', 'x-forwarded-proto': 'HTTPS' },
    ],
    ['behind a proxy that sends its own name', 'localhost:4000', { origin: 'https://portal.example' }],
    ['hidden by the browser', 'portal.example', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
  ])('is ours %s', async (_name, host, headers) => {
    expect(await statusOfForm(host, headers as Headers)).toBe(404)
  })

  it('is ours on any port, when the proxy passes a Host without it', async () => {
    expect(await statusOfForm('portal.example', { origin: 'https://portal.example:8443' }, direct)).toBe(404)
    expect(await statusOfForm('portal.example', { origin: 'https://portal.example:9000' }, direct)).toBe(403)
    expect(await statusOfForm('portal.example', { origin: 'http://portal.example:8443' }, direct)).toBe(403)
  })

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a portal beside it', { origin: 'https://other.portal.example' }],
    ['plain http', { origin: 'http://portal.example' }],
    ['another port', { origin: 'https://portal.example:444' }],
    ['nowhere', { origin: 'null' }],
    ['nowhere, from another site', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['nowhere, from a portal beside it', { origin: 'null', 'sec-fetch-site': 'same-site' }],
    ['what is no origin', { origin: 'portal.example' }],
    ['a name that begins alike', { origin: 'https://portal.example.evil.example' }],
  ])('is refused from %s', async (_name, headers) => {
    expect(await statusOfForm('portal.example', headers as Headers)).toBe(403)
  })

  it("of a portal is that portal's alone", async () => {
    const sign = (origin: string) =>
      send({
        port: server.port,
        host: `${shop.slug}.portal.example`,
        method: 'POST',
        path: `/api/v1/portal/${shop.slug}/sign-in`,
        body: { email: 'nobody@post.example', password: 'not this one' },
        headers: { ...THROUGH_PROXY, origin },
      })
    expect((await sign(`https://${shop.slug}.portal.example`)).status).toBe(401)
    expect((await sign('https://portal.example')).status).toBe(403)
  })
})

describe('a form of a page', () => {
  it('arrives whatever the proxy and the browser make of its origin', async () => {
    const pages = await startSeparateServer(inject('world'), {
      pages: join(import.meta.dirname, '../build'),
      env: { PUBLIC_URL: 'https://portal.example:8443' },
    })
    const submit = (headers: Headers) =>
      postPage(
        'portal.example',
        '/office/sign-in',
        { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        pages,
      )
    for (const headers of [
      { origin: 'https://portal.example:8443' },
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
    ] as Headers[]) {
      const reply = await submit(headers)
      expect([reply.status < 500, reply.text.includes('<form'), reply.text.includes('Cross-site')]).toEqual([
        true,
        true,
        false,
      ])
    }
    expect((await submit({ origin: 'null' })).status).toBe(403)
    await pages.close()
  })
})

describe('an installation without a name', () => {
  it.each(['[::1]:4000', '192.168.1.20:4000'])(
    '1.13 at %s: links in emails and settings open its portals',
    async (host) => {
      const nameless = await startSeparateServer(inject('world'), {
        pages: join(import.meta.dirname, '../build'),
        env: { PUBLIC_URL: `http://${host}` },
      })
      const { owner, slug } = await nameless.business()
      await owner.ok('addPortalUser', { email: 'ana@post.example' })
      const invitation = linkIn((await nameless.mailTo('ana@post.example')).at(-1))
      const { addresses } = await owner.ok('getPortalSettings')
      for (const link of [invitation, ...Object.values(addresses)]) {
        expect(link.startsWith(`http://${host}/p/${slug}`), link).toBe(true)
        const reply = await send({
          port: nameless.port,
          host,
          method: 'GET',
          path: new URL(link).pathname,
          headers: BROWSER,
        })
        expect(reply.status, link).toBeLessThan(400)
        expect(reply.headers.location ?? link).toContain(`/p/${slug}`)
      }
      await nameless.close()
    },
  )
})

describe('a refused form', () => {
  it("is a page in the business's brand with a way on", async () => {
    const host = `${shop.slug}.portal.example`
    const reply = await postPage(host, '/sign-in?/signIn&next=%2Fjobs', { origin: 'https://evil.example' })
    const portal = await send({ port: server.port, host, method: 'GET', path: `/api/v1/portal/${shop.slug}` })
    const { name, accent } = portal.body as { name: string; accent: string | null }
    expect([reply.status, reply.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8'])
    expect(reply.text).toContain(`<span>${name}</span>`)
    if (accent) expect(reply.text).toContain(`--brand:${accent}`)
    expect(reply.text).toContain('<h1>This form was sent from another site</h1>')
    expect(reply.text).toContain('Nothing was changed. Open the page again at its usual address')
    expect(reply.text).toContain(
      '<a href="/sign-in?next=%2Fjobs">Open page again</a>\n<a href="/">Go to the portal</a>',
    )
    expect(reply.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-.*frame-ancestors 'none'$/,
    )
  })

  it('is JSON for a program', async () => {
    const reply = await send({
      port: server.port,
      host: 'portal.example',
      method: 'POST',
      path: '/office/sign-in',
      headers: { ...THROUGH_PROXY, origin: 'https://evil.example', accept: '*/*' },
    })
    expect([reply.status, reply.headers['content-type'], (reply.body as { code: string }).code]).toEqual([
      403,
      'application/problem+json; charset=utf-8',
      'crossOrigin',
    ])
  })

  it('is one warning a minute that names both origins and the likely setting', async () => {
    const said = () => warnings(server, 'A form was refused')
    server.clock.advance(60_000)
    const before = said().length
    await postPage('portal.example', '/office/sign-in', { origin: 'http://portal.example' })
    await postPage('portal.example', '/office/sign-in', { origin: 'https://evil.example' })
    expect(said().slice(before)).toEqual([
      expect.objectContaining({
        level: 'warn',
        origin: 'http://portal.example',
        expected: 'https://portal.example',
        msg: expect.stringMatching(/PUBLIC_URL is https:\/\/portal\.example: set it to the address that people use/),
      }),
    ])
    server.clock.advance(60_000)
    await postPage('portal.example', '/office/sign-in', { origin: 'https://portal.example:444' })
    server.clock.advance(60_000)
    await postPage('portal.example', '/office/sign-in', { origin: 'https://evil.example' })
    expect(
      said()
        .slice(before + 1)
        .map(({ msg }) => msg),
    ).toEqual([
      expect.stringContaining('with its port'),
      expect.stringContaining('another site tried to send it, and nothing is wrong here'),
    ])
    await postPage('portal.example', '/office/sign-in', { origin: 'http://portal.example:8443' }, direct)
    expect(warnings(direct, 'A form was refused').at(-1)!.msg).toContain('set TRUST_PROXY to its address')
  })
})

describe('a proxy that TRUST_PROXY does not name', () => {
  it('is named in the log once, at its first request', async () => {
    const separate = await startSeparateServer(inject('world'))
    const said = () => warnings(separate, 'that TRUST_PROXY does not name')
    await send({ port: separate.port, host: `localhost:${separate.port}`, method: 'GET', path: '/api/v1/health' })
    expect(said()).toEqual([])
    for (const header of ['x-forwarded-proto', 'x-forwarded-for'])
      await send({
        port: separate.port,
        host: `localhost:${separate.port}`,
        method: 'GET',
        path: '/api/v1/health',
        headers: { [header]: 'https' },
      })
    expect(said()).toEqual([expect.objectContaining({ level: 'warn', peer: '127.0.0.1' })])
    await separate.close()
    expect(warnings(server, 'that TRUST_PROXY does not name')).toEqual([])
  })
})

describe('an address that is not ours', () => {
  it('is a page that names ours and the setting, and one line a minute in the log', async () => {
    const said = () => warnings(server, 'Somebody opened')
    for (const host of ['192.168.1.20:4000', 'portico.lan', '[2001:db8::1]:4000']) {
      const reply = await get(host, '/office/sign-in')
      expect([host, reply.status]).toEqual([host, 404])
      expect(reply.text).toContain(`You opened ${host}. Portico is set up for https://portal.example.`)
      expect(reply.text).toContain('set PUBLIC_URL to it and restart Portico')
      expect(reply.text).toContain('<a href="https://portal.example/">Go to https://portal.example</a>')
    }
    expect(said().map(({ host, configured }) => [host, configured])).toEqual([
      ['192.168.1.20:4000', 'https://portal.example'],
    ])
    server.clock.advance(60_000)
    await get('portico.lan', '/')
    expect(said()).toHaveLength(2)
  })

  it('answers monitoring, and programs with JSON', async () => {
    expect((await get('10.1.2.3', '/api/v1/health')).status).toBe(200)
    const reply = await get('10.1.2.3', '/office', { accept: '*/*', 'sec-fetch-mode': 'cors' })
    expect([reply.status, (reply.body as { code: string }).code]).toEqual([404, 'wrongAddress'])
  })
})

describe('plain http, where the address is https', () => {
  const PLAIN = { 'x-forwarded-proto': 'http' }
  it('leads pages to https', async () => {
    const reply = await get(`${shop.slug}.portal.example`, '/jobs?status=open', PLAIN)
    expect([reply.status, reply.headers.location]).toEqual([
      308,
      `https://${shop.slug}.portal.example/jobs?status=open`,
    ])
    expect((await get('portal.example:80', '/office', PLAIN)).headers.location).toBe('https://portal.example/office')
  })

  it('leads nobody to another host, whatever stands before our name', async () => {
    for (const name of ['evil.example/', 'evil.example#', 'evil.example?', 'evil.example\\', 'evil.example:1', 'x@'])
      for (const path of ['/', '/office/sign-in', '/sign-in']) {
        const { location } = (await get(`${name}.portal.example`, path, PLAIN)).headers
        expect([name, location]).toEqual([name, `https://portal.example${path}`])
      }
  })

  it('refuses forms and the API, with words', async () => {
    const form = await postPage('portal.example', '/office/sign-in', { ...PLAIN, origin: 'http://portal.example' })
    expect([form.status, form.text]).toEqual([403, expect.stringContaining('sent over an unencrypted connection')])
    const api = await get('portal.example', '/api/v1/people/me', { ...PLAIN, accept: '*/*', 'sec-fetch-mode': 'cors' })
    expect([api.status, (api.body as { code: string }).code]).toEqual([403, 'httpsRequired'])
  })

  it('answers monitoring, and what no trusted proxy calls plain', async () => {
    expect((await get('portal.example', '/api/v1/health', PLAIN)).status).toBe(200)
    expect((await get('portal.example', '/api/v1/people/me', PLAIN, direct)).status).toBe(401)
    const local = { port: server.port, host: 'localhost:4000', method: 'GET', path: '/api/v1/people/me' }
    expect((await send(local)).status).toBe(401)
  })
})
