/** Cookies of an https installation, whatever its proxy says. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { PASSWORD, send, startSeparateServer, type Business, type Reply, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string
beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { env: { PUBLIC_URL: 'https://portal.example' } })
  shop = await server.business()
  customer = (await shop.portalUser({ signedIn: false })).email
})
afterAll(() => server.close())

const signIn = (host: string, path: string, email: string, headers: Record<string, string> = {}): Promise<Reply> =>
  send({
    port: server.port,
    host,
    method: 'POST',
    path: `/api/v1${path}/sign-in`,
    body: { email, password: PASSWORD },
    headers: { origin: `https://${host}`, ...headers },
  })
const cookiesOf = ({ headers }: Reply) => headers['set-cookie'] ?? []

it.each([
  ['without a word from the proxy', {}],
  ['when a proxy that TRUST_PROXY does not name says http', { 'x-forwarded-proto': 'http' }],
])('are for https and this host alone, %s', async (_when, headers) => {
  const replies = [
    await signIn('portal.example', '/people', shop.owner.email, headers),
    await signIn('portal.example', `/portal/${shop.slug}`, customer, headers),
    await signIn(`${shop.slug}.portal.example`, `/portal/${shop.slug}`, customer, headers),
  ]
  for (const reply of replies) {
    expect(reply.status).toBe(200)
    expect(cookiesOf(reply)).toHaveLength(2)
    for (const cookie of cookiesOf(reply)) expect(cookie).toMatch(/^__Host-portico_\w+=[^;]+;.*; HttpOnly; Secure; /)
  }
  const cookie = cookiesOf(replies[0]!)[0]!.split(';')[0]!
  const me = (name: string) =>
    send({
      ...{ port: server.port, host: 'portal.example', method: 'GET', path: '/api/v1/people/me' },
      headers: { ...headers, cookie: name },
    })
  expect((await me(cookie)).status).toBe(200)
  // A portal beside it, or a page over plain http, could plant one without the prefix.
  expect((await me(cookie.replace('__Host-', ''))).status).toBe(401)
})

it('have no such name on a host that is reached over plain http, as through a tunnel', async () => {
  const reply = await signIn(`localhost:${server.port}`, '/people', shop.owner.email, {
    origin: `http://localhost:${server.port}`,
  })
  expect(reply.status).toBe(200)
  for (const cookie of cookiesOf(reply)) expect(cookie).not.toMatch(/__Host-|Secure/)
})
