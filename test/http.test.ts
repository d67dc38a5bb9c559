/** HTTP behavior of every operation: hosts, origins, sizes, headers and sessions. */
import http from 'node:http'
import { beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, PASSWORD, send, type Business, type TestServer, type Reply } from './test-server.ts'

let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startTestServer()
  shop = await server.business()
})

const sendRequest = (
  method: string,
  path: string,
  {
    host = `localhost:${server.port}`,
    body,
    headers = {},
  }: { host?: string; body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Reply> => send({ port: server.port, host, method, path, body, headers })
const signIn = (body: string | Buffer, headers: Record<string, string> = {}) =>
  sendRequest('POST', '/api/v1/people/sign-in', { body, headers })
const codeOf = (reply: Reply) => (reply.body as { code?: string }).code

describe('hosts', () => {
  it("PS-10 a portal's own host serves only that portal", async () => {
    const host = `${shop.slug}.localhost:${server.port}`
    const other = await server.business()
    for (const path of [
      '/api/v1/people/me',
      `/api/v1/office/${shop.slug}/staff`,
      `/api/v1/portal/${other.slug}`,
      '/office',
      '/mailbox',
      `/p/${shop.slug}`,
    ]) {
      expect([path, (await sendRequest('GET', path, { host })).status]).toEqual([path, 404])
    }
  })

  it('an unknown host returns 404', async () => {
    expect((await sendRequest('GET', '/api/v1/portal/nobody', { host: 'nobody.example' })).status).toBe(404)
  })

  it("PS-10 a staff cookie is ignored on a portal's host", async () => {
    const reply = await send({
      port: server.port,
      host: `${shop.slug}.localhost:${server.port}`,
      method: 'GET',
      path: '/api/v1/people/me',
      cookies: shop.owner.cookies,
    })
    expect(reply.status).toBe(404)
  })
})

describe('origins', () => {
  const body = JSON.stringify({ email: 'a@b.example', password: 'x' })
  it('PS-41 requests from another origin are refused, including sibling subdomains', async () => {
    for (const origin of ['https://evil.example', `http://${shop.slug}.localhost:${server.port}`, 'null']) {
      const reply = await signIn(body, { origin })
      expect([origin, reply.status, codeOf(reply)]).toEqual([origin, 403, 'crossOrigin'])
    }
  })
  it('PS-41 a request with a cookie and no origin is refused, one without cookies is not', async () => {
    const sendWithoutOrigin = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        http
          .request(
            {
              host: '127.0.0.1',
              port: server.port,
              method: 'POST',
              path: '/api/v1/people/sign-in',
              headers: { host: `localhost:${server.port}`, 'content-type': 'application/json', ...headers },
            },
            (response) => {
              response.resume()
              resolve(response.statusCode!)
            },
          )
          .on('error', reject)
          .end(body)
      })
    expect(await sendWithoutOrigin({ cookie: 'portico_people=x' })).toBe(403)
    expect(await sendWithoutOrigin({})).toBe(401)
  })
})

describe('headers', () => {
  it('B7 every response has the security headers, including errors and missing pages', async () => {
    const answers = [
      await sendRequest('GET', '/api/v1/health'),
      await sendRequest('GET', '/api/v1/people/me'),
      await sendRequest('GET', '/nothing/here'),
      await signIn('{'),
      await sendRequest('DELETE', '/api/v1/health'),
    ]
    for (const { headers } of answers) {
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
      })
      expect(headers['x-request-id']).toMatch(/^\w{10}$/)
      expect(headers['x-powered-by']).toBeUndefined()
    }
  })
  it('B7 API responses are not cached and cannot run scripts', async () => {
    const { headers } = await sendRequest('GET', '/api/v1/people/me')
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
  })
  it('the session cookie is HttpOnly and SameSite', async () => {
    const visitor = server.anyone()
    const { headers } = await visitor.call('signIn', { email: shop.owner.email, password: PASSWORD })
    expect(headers['set-cookie']?.[0]).toMatch(
      /^portico_people=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    )
  })
  it('C7 the log hides search texts', async () => {
    await shop.owner.call('listCustomers', { search: 'Eleanor Finch' })
    const line = server.log.filter((each) => each.includes('/customers?')).at(-1)!
    expect(line).toContain('search=…')
    expect(line).not.toContain('Finch')
  })
  it('errors reveal no internals', async () => {
    const replies = [
      await sendRequest('GET', '/api/v1/people/me'),
      await signIn('{'),
      await sendRequest('GET', '/api/v1/office/nowhere/jobs'),
    ]
    for (const { text } of replies) expect(text).not.toMatch(/at \w+ \(|node_modules|select |\.ts:/)
  })
})

describe('sessions', () => {
  it('C4 a staff session ends after an hour without requests, and after a day in any case', async () => {
    const idle = await shop.staff('dispatcher')
    expect((await idle.call('getCurrentUser')).status).toBe(200)
    server.clock.advance(59 * 60_000)
    expect((await idle.call('getCurrentUser')).status).toBe(200)
    server.clock.advance(61 * 60_000)
    expect((await idle.call('getCurrentUser')).status).toBe(401)
    const busy = await shop.staff('dispatcher')
    for (let hour = 0; hour < 24; hour += 0.5) {
      expect((await busy.call('getCurrentUser')).status).toBe(200)
      server.clock.advance(30 * 60_000)
    }
    server.clock.advance(1_000)
    expect((await busy.call('getCurrentUser')).status).toBe(401)
  })

  it('PS-43 PS-45 only the exact token opens a session', async () => {
    const [name, token] = [...shop.owner.cookies][0]!
    const fresh = await server.business()
    void token
    const real = fresh.owner.cookies.get(name)!
    for (const forged of [
      '',
      '0',
      'true',
      real.slice(1),
      `${real}A`,
      real.toLowerCase(),
      real.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      `${real}%00`,
      'é'.repeat(43),
    ]) {
      const reply = await sendRequest('GET', '/api/v1/people/me', {
        headers: { cookie: `${name}=${encodeURIComponent(forged)}` },
      })
      expect([forged, reply.status]).toEqual([forged, 401])
    }
    expect((await fresh.owner.call('getCurrentUser')).status).toBe(200)
  })

  it('PS-47 signing in creates a new session and never adopts an existing token', async () => {
    const visitor = server.anyone()
    visitor.cookies.set('portico_people', 'A'.repeat(43))
    const fresh = await server.business()
    await visitor.ok('signIn', { email: fresh.owner.email, password: PASSWORD })
    expect(visitor.cookies.get('portico_people')).not.toBe('A'.repeat(43))
    expect(
      (await sendRequest('GET', '/api/v1/people/me', { headers: { cookie: `portico_people=${'A'.repeat(43)}` } }))
        .status,
    ).toBe(401)
  })
})
