/** Paths that servers read differently, and which requests count toward the limit of a client. */
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startSeparateServer, type Business, type TestServer } from './test-server.ts'

const build = process.env.PORTICO_PAGES ?? join(resolve(import.meta.dirname, '..'), 'build')
let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { pages: build, env: { REQUESTS_PER_MINUTE: '200' } })
  shop = await server.business()
})
afterAll(() => server?.close())

/** Sends the path as it is; http clients would normalize it. */
const get = (path: string, host = `localhost:${server.port}`, method = 'GET', headers: string[] = []) =>
  new Promise<{ status: number; text: string }>((done, fail) => {
    const socket = connect(server.port, '127.0.0.1')
    let text = ''
    socket.on('data', (part) => (text += part.toString('latin1')))
    socket.on('end', () => done({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }))
    socket.on('error', fail)
    const cookies = [...shop.owner.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const lines = [
      `${method} ${path} HTTP/1.1`,
      `host: ${host}`,
      `cookie: ${cookies}`,
      'connection: close',
      ...headers,
      '',
      '',
    ]
    socket.write(lines.join('\r\n'), 'latin1')
  })

/** What protects an answer that a browser may show as a document. */
const DOCUMENT_HEADERS = [
  'content-security-policy',
  'x-frame-options',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'referrer-policy',
  'x-robots-tag',
  'x-request-id',
]

async function headersOf(path: string): Promise<Record<string, string>> {
  const [head = ''] = (await get(path)).text.split('\r\n\r\n')
  const lines = head.split('\r\n').slice(1)
  return Object.fromEntries(lines.map((line) => line.split(/: (.*)/s, 2).map((part) => part.toLowerCase())))
}

describe('paths', () => {
  it('no spelling of a path reaches the office past a rule for /office', async () => {
    const office = `/office/${shop.slug}`
    expect((await get(office)).status).toBe(200)
    for (const path of [
      `/x/..${office}`,
      `/x/%2e%2e${office}`,
      `/x/.%2E${office}`,
      `/x/%252e%252e${office}`,
      `/x/..%2foffice/${shop.slug}`,
      `/x\\..\\office\\${shop.slug}`,
      `/x%5c..%5coffice/${shop.slug}`,
      `/.${office}`,
      `/%2e${office}`,
      `/${office}`,
      `//localhost:${server.port}${office}`,
      `http://localhost:${server.port}${office}`,
      `/office//${shop.slug}`,
      `/office%2f${shop.slug}`,
      `/office;x=1/${shop.slug}`,
      `/office%3b/${shop.slug}`,
      `/_app/..${office}`,
      `/_app/immutable/../..${office}`,
      `/_app/%2e%2e${office}`,
      `/p/${shop.slug}/../..${office}`,
      `/office/nobody/../${shop.slug}`,
      `${office}/.`,
      `${office}/jobs/..`,
      `/office\t/${shop.slug}`,
      `${office}#/jobs`,
    ]) {
      const { status, text } = await get(path)
      expect([path, status === 404 || status === 400, text.includes('Harbour Appliance Repair')]).toEqual([
        path,
        true,
        false,
      ])
    }
  })

  it('operations are reached by their own path alone', async () => {
    const me = '/api/v1/people/me'
    expect((await get(me)).status).toBe(200)
    for (const path of ['/x/..', '/api/v1/x/../../..', '//api/..', '/%2e', '/_app/%2e%2e'].map((start) => start + me)) {
      expect([path, (await get(path)).status]).toEqual([path, 404])
    }
    expect((await get('/api/v1//people/me')).text).toContain('application/problem+json')
  })

  it('only files of the build are exempt from the limit of requests', async () => {
    const script = /\/_app\/immutable\/[^"']+\.js/.exec((await get(`/office/${shop.slug}`)).text)![0]
    const isCounted = async (path: string) => /x-ratelimit-limit/i.test((await get(path)).text)
    for (const path of [script, `${script}?x`, '/_app/version.json', '/favicon.svg', '/api/v1/health'])
      expect([path, await isCounted(path)]).toEqual([path, false])
    for (const path of [
      '/_app/immutable/none.js',
      `${script}.br`,
      `${script}/x`,
      '/_app/',
      '/_app/../api/v1/people/me',
      `/_app/..%2foffice/${shop.slug}`,
      `/_app/immutable/../../office/${shop.slug}`,
      '/api/v1/health/',
      '/api/v1/people/me',
    ])
      expect([path, await isCounted(path)]).toEqual([path, true])
    // Answered by the pages, although the path is that of a file.
    for (const method of ['PUT', 'DELETE', 'OPTIONS'])
      expect([method, /x-ratelimit-limit/i.test((await get(script, undefined, method)).text)]).toEqual([method, true])
  })

  it('a script, style or font has the headers of a file alone; what can be opened as a document keeps all', async () => {
    const page = (await get('/office/sign-in')).text
    const officePage = (await get(`/office/${shop.slug}`)).text
    const found = (pattern: RegExp, text = page) => pattern.exec(text)![0]
    const script = found(/\/_app\/immutable\/[^"']+\.js/, officePage)
    const parts = [
      { path: script, type: 'text/javascript', cache: 'public, max-age=31536000, immutable' },
      { path: found(/\/_app\/immutable\/[^"']+\.css/), type: 'text/css; charset=utf-8' },
      { path: found(/\/_app\/immutable\/[^"']+\.woff2/), type: 'font/woff2' },
      { path: '/enhance.js', type: 'text/javascript', cache: 'public, max-age=3600' },
    ]
    for (const { path, type, cache } of parts) {
      const headers = await headersOf(path)
      expect([path, headers]).toEqual([path, expect.objectContaining({ 'content-type': type })])
      if (cache) expect([path, headers['cache-control']]).toEqual([path, cache])
      expect([path, headers['x-content-type-options']]).toEqual([path, 'nosniff'])
      const forPages = Object.keys(headers).filter((name) => DOCUMENT_HEADERS.includes(name))
      expect([path, forPages]).toEqual([path, []])
      // Status line, header names and values: a third of what a page sends.
      expect([path, JSON.stringify(headers).length < 420]).toEqual([path, true])
    }
    const documents = ['/favicon.svg', '/portico-180.png', '/portico-manifest.json', '/_app/version.json']
    const refused = ['/_app/immutable/none.js', `${script}/x`]
    for (const path of [...documents, ...refused, '/office/sign-in', '/api/v1/health'])
      expect([path, Object.keys(await headersOf(path))]).toEqual([
        path,
        expect.arrayContaining([...DOCUMENT_HEADERS, 'x-content-type-options']),
      ])
  })

  it('what is refused before its route counts too: another site, an unknown host, plain http', async () => {
    const counted = async (method: string, headers: string[], host?: string) =>
      /x-ratelimit-limit/i.test((await get('/office/sign-in', host, method, headers)).text)
    expect(await counted('POST', ['origin: https://evil.example'])).toBe(true)
    expect(await counted('GET', [], 'portico.lan')).toBe(true)
    expect(await counted('POST', [], 'portico.lan')).toBe(true)
  })

  it('requests under /_app/ that name no file are refused over the limit', async () => {
    const statuses = new Set<number>()
    for (let n = 0; n < 201; n++) statuses.add((await get('/_app/../_app/none.js')).status)
    expect(statuses).toContain(429)
    expect((await get('/_app/version.json')).status).toBe(200)
  })
})
