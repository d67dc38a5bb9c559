/** What costs the sender little must not cost the server much: it is refused before it is taken apart. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { root } from './source.ts'
import { startSeparateServer, send, type Business, type Person, type Reply, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business, user: Person, template: string
beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { pages: join(root, 'build') })
  shop = await server.business()
  template = await shop.template()
  user = await shop.portalUser({ customers: [await shop.customer()] })
})
afterAll(() => server.close())

const FORM = 'application/x-www-form-urlencoded'
const postForm = (path: string, body: string, headers: Record<string, string> = {}, cookies?: Map<string, string>) =>
  send({
    port: server.port,
    host: `${shop.slug}.localhost:${server.port}`,
    method: 'POST',
    path,
    body,
    headers: { accept: 'text/html', 'content-type': FORM, ...headers },
    ...(cookies && { cookies }),
  })
const fieldsOf = (reply: Reply) => Object.keys((reply.body as { fields: object }).fields)
const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`)

describe('a form', () => {
  it('has at most 2,000 fields, also without files', async () => {
    const oneName = 'a&'.repeat(2001)
    const manyNames = keys(2001).join('&')
    const asParts = keys(2001).map((key) => `--x\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n1\r\n`)
    const multipart = { 'content-type': 'multipart/form-data; boundary=x' }
    expect((await postForm('/sign-in?/signIn', oneName)).status).toBe(413)
    expect((await postForm('/sign-in?/signIn', manyNames)).status).toBe(413)
    expect((await postForm('/sign-in?/signIn', `${asParts.join('')}--x--\r\n`, multipart)).status).toBe(413)
    // As many as any page may have are read, and refused for what is in them.
    expect((await postForm('/sign-in?/signIn', keys(2000).join('&'))).status).toBe(422)
  })

  it('may be large only with files, whose bytes go to disk', async () => {
    const page = `/jobs/new/${template}`
    const large = `title=${'x'.repeat(600_000)}`
    expect((await postForm(page, large, {}, user.cookies)).status).toBe(413)
    const multipart = { 'content-type': 'multipart/form-data; boundary=x' }
    const file = `--x\r\nContent-Disposition: form-data; name="upload.files"; filename="a.txt"\r\n\r\n${large}\r\n--x--\r\n`
    // Read to its end: the form lacks an address.
    expect((await postForm(page, file, multipart, user.cookies)).status).toBe(422)
  })

  it('of another type is refused with a page, not with an error of ours', async () => {
    for (const type of ['text/plain', 'application/json'])
      for (const path of ['/sign-in?/signIn', '/signup', '/forgot-password']) {
        const reply = await postForm(path, 'email=a@b.example', { 'content-type': type })
        expect([type, path, reply.status]).toEqual([type, path, 415])
        expect(reply.text).toContain('<html')
      }
    expect(server.log.filter((line) => /"level":"error"/.test(line))).toEqual([])
  })
})

it('readiness is asked of the database once for all who ask at the same time', async () => {
  const { system } = server.app.pools
  const query = system.query.bind(system) as (...values: unknown[]) => Promise<unknown>
  let running = 0
  let most = 0
  system.query = (async (...values: unknown[]) => {
    most = Math.max(most, ++running)
    return query(...values).finally(() => running--)
  }) as never
  const ask = () => send({ port: server.port, host: `localhost:${server.port}`, method: 'GET', path: '/api/v1/ready' })
  await Promise.all(Array.from({ length: 50 }, ask))
  system.query = query as never
  expect(most).toBe(1)
})

describe('a refusal', () => {
  it('lists at most 100 faults, whatever was sent', async () => {
    const unknown = Object.fromEntries(keys(20_000).map((key) => [key, 1]))
    expect(fieldsOf(await server.anyone().call('signIn', unknown))).toHaveLength(100)
    const answers = { template, address: '14 Pelican Quay', fields: unknown }
    expect(fieldsOf(await user.call('createPortalJob', answers))).toHaveLength(100)
    const query = await shop.owner.request('GET', `/api/v1/people/me?${keys(1000).join('&')}`)
    expect(fieldsOf(query)).toHaveLength(100)
  })

  it('shown as a page leads to this host only', async () => {
    for (const path of ['//evil.example/x', '//evil.example', '/\\evil.example/'])
      for (const host of [`localhost:${server.port}`, `${shop.slug}.localhost:${server.port}`]) {
        const headers = { accept: 'text/html', origin: 'http://evil.example', 'content-type': FORM }
        const reply = await send({ port: server.port, host, method: 'POST', path, body: 'a=b', headers })
        const links = [...reply.text.matchAll(/href="([^"]*)"/g)].map(
          ([, link]) => new URL(link!, `http://${host}`).host,
        )
        expect([path, host, reply.status, links]).toEqual([path, host, 403, [host]])
      }
  })
})
