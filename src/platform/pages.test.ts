import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import compress from '@fastify/compress'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTranslations } from './i18n.ts'
import { pageBodyLimit, registerPages } from './pages.ts'

const root = join(import.meta.dirname, '../..')
const buildFolder = join(root, 'build')
const translations = createTranslations(join(root, 'locales'))

let app: FastifyInstance
let port: number

beforeAll(async () => {
  if (!existsSync(join(buildFolder, 'adapter-node.js')))
    execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], {
      cwd: root,
      stdio: 'ignore',
    })
  app = fastify()
  await app.register(compress)
  app.get('/api/v1/health', () => ({ ok: true }))
  await registerPages(app, {
    buildFolder,
    receiveForm: () => Promise.reject(new Error('No page here has files')),
    context: (request) => {
      const own = request.host.match(/^(\w+)\.localhost/)?.[1] ?? null
      return {
        api: {
          getPortal: () => Promise.resolve({ enabled: true, name: 'Harbour', locale: 'en-GB', currentUser: null }),
        },
        surface: own ? 'portal' : 'main',
        portal: own,
        base: '',
        locale: 'en',
        requestId: request.id,
        formOwner: () => Promise.resolve('nobody'),
        setFormOwner: () => {},
        words: (branches: string[]) => translations.branch('en', branches),
        t: (key: string, vars?: Record<string, unknown>) => translations.t('en', key, vars),
      }
    },
    after: (_request, reply) => {
      reply.header('set-cookie', 'one=1; HttpOnly')
      reply.header('set-cookie', 'two=2; HttpOnly')
    },
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as net.AddressInfo).port
})
afterAll(() => app.close())

const get = (path: string, headers: Record<string, string> = {}) =>
  app.inject({ url: path, headers: { host: 'localhost', ...headers } })

describe('pages in the one server', () => {
  test('a page comes with its words, cookies, a strict policy, and is kept by nobody', async () => {
    const page = await get('/')
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain(translations.t('en', 'ui.landing.title'))
    expect(page.headers['cache-control']).toBe('no-store')
    expect(page.headers['set-cookie']).toEqual(['one=1; HttpOnly', 'two=2; HttpOnly'])
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(page.headers['content-security-policy']).not.toContain('unsafe-inline')
    expect(page.body).not.toContain('%portico')
    expect(page.body).not.toMatch(/ style="(?!position: absolute)/)
  })

  test('the landing page ships no script', async () => {
    expect((await get('/')).body).not.toContain('<script')
  })

  test('API routes win over pages, and an unknown path is a calm 404 with the request’s code', async () => {
    expect((await get('/api/v1/health')).json()).toEqual({ ok: true })
    const page = await get('/nowhere')
    expect(page.statusCode).toBe(404)
    expect(page.body).toContain(translations.t('en', 'ui.errors.s404.title'))
  })

  test('on a portal’s own host the main host’s pages do not exist', async () => {
    expect((await get('/office', { host: 'harbour.localhost' })).statusCode).toBe(404)
    const page = await get('/nothing-here', { host: 'harbour.localhost' })
    expect(page.statusCode).toBe(404)
    expect(page.body).toContain('data-portal="harbour"')
  })

  test('named files are kept for a year and come compressed', async () => {
    const sheet = (await get('/')).body.match(/\/_app\/immutable\/[^"]+\.css/)![0]
    const file = await get(sheet, { 'accept-encoding': 'br' })
    expect(file.statusCode).toBe(200)
    expect(file.headers['content-encoding']).toBe('br')
    expect(file.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect((await get('/.vite/manifest.json')).statusCode).toBe(404)
    expect((await get('/_app/immutable/../../../server/server.js')).statusCode).toBe(404)
    for (const path of ['..%2f..%2f..%2fserver/server.js', '..%2fversion.json', 'nothing.js', ''])
      expect([path, (await get(`/_app/immutable/${path}`)).statusCode]).toEqual([path, expect.toBeOneOf([403, 404])])
  })

  test('a form that is too large is refused before anything reads it', async () => {
    const headers = {
      host: 'localhost',
      origin: 'http://localhost',
      'content-type': 'application/x-www-form-urlencoded',
    }
    const refused = await app.inject({ method: 'POST', url: '/', headers, payload: 'a'.repeat(pageBodyLimit + 1) })
    expect(refused.statusCode).toBe(413)
    const chunked = await raw(
      `POST / HTTP/1.1\r\nHost: localhost:${port}\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n`,
    )
    expect(chunked).toContain('HTTP/1.1 411')
  })

  test('a form from another site, or from nowhere, is refused', async () => {
    const post = (headers: Record<string, string>) =>
      app.inject({
        method: 'POST',
        url: '/',
        payload: 'a=1',
        headers: { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded', ...headers },
      })
    expect((await post({ origin: 'http://evil.example' })).statusCode).toBe(403)
    expect((await post({ origin: 'http://harbour.localhost' })).statusCode).toBe(403)
    expect((await post({})).statusCode).toBe(403)
    expect((await post({ origin: 'http://localhost' })).statusCode).toBe(405)
  })

  test('a POST whose body nobody reads does not hold up the next request on its connection', async () => {
    const body = 'x'.repeat(200_000)
    const post = `POST / HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: http://localhost:${port}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const answers = await raw(`${post}GET / HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`)
    expect([...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((found) => found[1])).toEqual(['405', '200'])
  })

  test('a host that is none is a bad request, not a fault of ours', async () => {
    const answer = await raw(`GET / HTTP/1.1\r\nHost: a b[\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400/)
  })
})

/** What comes back on one connection until it closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text))
    socket.setTimeout(5000, () => reject(new Error(`No answer within 5 s; so far: ${answer.slice(0, 300)}`)))
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
