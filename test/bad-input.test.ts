/** Malformed, unknown and oversized input is refused by every operation. */
import net from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { root } from './source.ts'
import { startSeparateServer, send, type Business, type TestServer, type Reply } from './test-server.ts'

let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { pages: join(root, 'build') })
  shop = await server.business()
})
afterAll(() => server.close())

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

describe('bad input', () => {
  it('reports all field errors at once, each with a text', async () => {
    const { body } = (await signIn(JSON.stringify({ email: 7, surprise: true }))) as Reply<{
      fields: Record<string, { code: string; text: string }>
    }>
    expect(Object.fromEntries(Object.entries(body.fields).map(([name, each]) => [name, each.code]))).toEqual({
      email: 'type',
      password: 'required',
      surprise: 'unknown',
    })
    expect(body.fields.password?.text).toBe('Enter a password.')
  })

  it('PS-14 unknown query keys are refused', async () => {
    const reply = await send({
      port: server.port,
      host: `localhost:${server.port}`,
      method: 'GET',
      path: '/api/v1/people/me?is_admin=1',
      cookies: shop.owner.cookies,
    })
    expect([reply.status, codeOf(reply)]).toEqual([422, 'input'])
  })

  it.each([
    ['no JSON', '{"email":', 400],
    ['an array', '[]', 422],
    ['nothing', '', 400],
    ['a number', '7', 422],
    ['a poisoned prototype', '{"__proto__":{"admin":true},"email":"a@b.example","password":"x"}', 400],
    ['a poisoned constructor', '{"constructor":{"prototype":{"admin":true}}}', 400],
  ])('a body that is %s is refused', async (_what, body, status) => {
    expect((await signIn(body)).status).toBe(status)
  })

  it('other content types are refused', async () => {
    expect((await signIn('<a/>', { 'content-type': 'application/xml' })).status).toBe(415)
    expect((await signIn('email=a', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await signIn('email=a', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415)
  })

  it('B3 a lone surrogate is refused in every field', async () => {
    const reply = await shop.owner.call('createCustomer', {
      name: 'Half \ud800',
      notes: 'and \udc00',
      contact: { name: 'Whole 😀' },
    } as never)
    expect([reply.status, Object.keys(reply.body.fields ?? {})]).toEqual([422, ['name', 'notes']])
  })

  it('B7 malformed and unknown URLs are refused with a problem document', async () => {
    for (const [path, status] of [
      ['/api/v1/nothing', 404],
      ['/api/v1/office/%E0%A4%A/jobs', 404],
      ['/api/v1/people/sign-in', 404],
    ] as const) {
      const reply = await sendRequest('GET', path)
      expect([
        path,
        reply.status,
        codeOf(reply),
        reply.headers['content-type'],
        reply.headers['x-frame-options'],
      ]).toEqual([path, status, 'notFound', 'application/problem+json; charset=utf-8', 'DENY'])
    }
    const page = await sendRequest('GET', '/office/%E0%A4%A')
    expect([page.status < 500, page.headers['x-frame-options']]).toEqual([true, 'DENY'])
  })

  it('1.12 a malformed Host is refused with a problem document or a page, never with a server error', async () => {
    const port = server.port
    const hosts = [
      '.',
      '..',
      `.:${port}`,
      ':',
      ':80',
      '-',
      '_',
      '%',
      '%00',
      'a b',
      'a/b',
      'a?b',
      'a#b',
      'a@b',
      '[',
      '[::1',
      '[]',
    ]
    hosts.push(
      '::1',
      '[::1]x',
      'localhost.',
      'localhost..',
      '.localhost',
      '..localhost',
      'localhost:99999',
      'localhost:-1',
    )
    hosts.push(
      'localhost:x',
      '0',
      '1.2.3',
      '999.1.1.1',
      'xn--',
      'xn--a',
      '\u00e9',
      'a'.repeat(64),
      'a.'.repeat(200),
      '"',
      '<>',
      '\\',
      '|',
    )
    const wrong: string[] = []
    for (const host of hosts)
      for (const path of [
        '/',
        '/office/sign-in',
        '/p/x/sign-in',
        '/api/v1/people/me',
        '/api/v1/portal/x',
        '/api/v1/nothing',
      ])
        for (const method of ['GET', 'POST']) {
          const reply = await sendRequest(method, path, { host: Buffer.from(host).toString('latin1') })
          const isAnswered = reply.status >= 200 && reply.status < 500 && reply.text.length > 0
          const isRedirect = reply.status >= 300 && reply.status < 400
          if (!isAnswered && !isRedirect) wrong.push(`${method} ${path} at ${host.slice(0, 20)}: ${reply.status}`)
        }
    expect(wrong).toEqual([])
    expect(server.log.filter((line) => /"level":50/.test(line))).toEqual([])
  })

  it('health and readiness are not rate limited', async () => {
    for (const path of ['/api/v1/health', '/api/v1/ready'])
      expect((await sendRequest('GET', path)).headers['x-ratelimit-limit']).toBeUndefined()
    expect((await sendRequest('GET', '/api/v1/people/me')).headers['x-ratelimit-limit']).toBeDefined()
  })

  it('B4 oversized input is refused and the server stays available', async () => {
    const bombs: [string, () => Promise<Reply>, number[]][] = [
      ['deep JSON', () => signIn('['.repeat(100_000) + ']'.repeat(100_000)), [400, 422]],
      [
        'wide JSON',
        () => signIn(JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, i])))),
        [413],
      ],
      [
        'a megabyte of password',
        () => signIn(JSON.stringify({ email: 'a@b.example', password: 'x'.repeat(1_000_000) })),
        [413],
      ],
      ['a long password', () => signIn(JSON.stringify({ email: 'a@b.example', password: 'x'.repeat(100_000) })), [422]],
      [
        'a compressed body',
        () => signIn(gzipSync(Buffer.alloc(5_000_000, '[')), { 'content-encoding': 'gzip' }),
        [400, 413, 415],
      ],
      ['a long address', () => sendRequest('GET', `/api/v1/${'a'.repeat(12_000)}`), [404, 414, 431]],
      [
        'long headers',
        () => sendRequest('GET', '/api/v1/health', { headers: { 'x-long': 'a'.repeat(60_000) } }),
        [431],
      ],
    ]
    const before = process.memoryUsage().rss
    for (const [what, sendBomb, statuses] of bombs) {
      // The server may close the connection while a refused body is still being sent.
      const { status } = await sendBomb().catch((error: NodeJS.ErrnoException) => ({
        status: /hang up|EPIPE|ECONNRESET/.test(`${error.message} ${error.code}`) ? statuses[0]! : 0,
      }))
      expect([what, statuses.includes(status) ? 'refused' : status]).toEqual([what, 'refused'])
    }
    expect((await sendRequest('GET', '/api/v1/health')).status).toBe(200)
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
  })

  it('an aborted request does no harm', async () => {
    await new Promise<void>((resolve) => {
      const socket = net.connect(server.port, '127.0.0.1', () => {
        socket.write(
          `POST /api/v1/people/sign-in HTTP/1.1\r\nhost: localhost:${server.port}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"em`,
        )
        socket.destroy()
        resolve()
      })
    })
    expect((await sendRequest('GET', '/api/v1/health')).status).toBe(200)
  })
})
