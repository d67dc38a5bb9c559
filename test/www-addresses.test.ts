/** Addresses that differ from the configured one by `www.` alone. */
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { send, startSeparateServer, type Reply, type TestServer } from './test-server.ts'

const pages = process.env.PORTICO_PAGES ?? join(resolve(import.meta.dirname, '..'), 'build')
let server: TestServer, direct: TestServer
beforeAll(async () => {
  const world = inject('world')
  const env = { PUBLIC_URL: 'https://portal.example', TRUST_PROXY: '127.0.0.1' }
  server = await startSeparateServer(world, { env, pages })
  direct = await startSeparateServer(world, { env: { PUBLIC_URL: 'https://portal.example:8443' } })
})
afterAll(async () => {
  await server?.close()
  await direct?.close()
})

type Headers = Record<string, string>
const AS_BROWSER = {
  'x-forwarded-proto': 'https',
  'x-forwarded-for': '203.0.113.7',
  accept: 'text/html,application/xhtml+xml',
  'sec-fetch-mode': 'navigate',
}
const unknownAddresses = () => server.log.filter((line) => line.includes('Somebody opened'))
const request =
  (method: string) =>
  (host: string, path: string, headers: Headers = {}, at = server): Promise<Reply> =>
    send({ port: at.port, host, method, path, headers: { ...AS_BROWSER, ...headers } })
const get = request('GET')
const postPage = request('POST')

describe('an address that differs from ours by www. alone', () => {
  it.each([
    ['www.portal.example', '/office?a=1', 'https://portal.example/office?a=1'],
    ['WWW.portal.example:443', '/', 'https://portal.example/'],
    ['www.shop.portal.example', '/jobs', 'https://shop.portal.example/jobs'],
    ['www.portal.example', '/enhance.js', 'https://portal.example/enhance.js'],
  ])('leads pages to ours: %s', async (host, path, location) => {
    const before = unknownAddresses().length
    const reply = await get(host, path)
    expect([reply.status, reply.headers.location]).toEqual([302, location])
    expect((await get(host, path, { 'x-forwarded-proto': 'http' })).headers.location).toBe(location)
    expect(unknownAddresses()).toHaveLength(before)
  })

  it('keeps the port that the proxy cut off, and leads to www. where that is ours', async () => {
    expect((await get('www.portal.example', '/', {}, direct)).headers.location).toBe('https://portal.example:8443/')
    const withWww = await startSeparateServer(inject('world'), { env: { PUBLIC_URL: 'https://www.portal.example' } })
    expect((await get('portal.example', '/office', {}, withWww)).headers.location).toBe(
      'https://www.portal.example/office',
    )
    expect((await get('www.portal.example', '/office', {}, withWww)).status).not.toBe(302)
    await withWww.close()
  })

  it("leads to a business's own host, and nowhere else", async () => {
    const { id, slug } = await server.business()
    const host = `book-${slug}.example`
    await server.stored((db) =>
      db.updateTable('account_slugs').set({ slug: host }).where('account_id', '=', id).execute(),
    )
    expect((await get(`www.${host}`, '/jobs')).headers.location).toBe(`https://${host}/jobs`)
    const stranger = await get('www.other.example', '/jobs')
    expect([stranger.status, stranger.text]).toEqual([404, expect.stringContaining('You opened www.other.example')])
  })

  it('names ours to a form, and answers programs as before', async () => {
    const form = await postPage('www.portal.example', '/office/sign-in', { origin: 'https://www.portal.example' })
    expect([form.status, form.text]).toEqual([404, expect.stringContaining('https://portal.example/')])
    expect((await get('www.portal.example', '/api/v1/health')).status).toBe(200)
  })
})
