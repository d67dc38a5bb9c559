/** Pages of refusals: whose they are, what they say happened, and where they lead. */
import { join, resolve } from 'node:path'
import { load } from 'cheerio'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { newId } from '../src/platform/ids.ts'
import { bookJob } from './portal.fixtures.ts'
import { startSilentProxy, type SilentProxy } from './silent-proxy.ts'
import { send, startSeparateServer, type Business, type Person, type TestServer } from './test-server.ts'

const pages = process.env.PORTICO_PAGES ?? join(resolve(import.meta.dirname, '..'), 'build')
let server: TestServer, shop: Business, proxy: SilentProxy

beforeAll(async () => {
  const world = inject('world')
  proxy = await startSilentProxy(world.admin)
  server = await startSeparateServer(world, { pages, databaseAddress: proxy, singleNode: true })
  shop = await server.business({ name: 'Kestrel Boilers' })
})
afterAll(async () => {
  await server?.close()
  await proxy?.close()
})

const open = (path: string, { host = `${shop.slug}.localhost`, person }: { host?: string; person?: Person } = {}) =>
  send({
    port: server.port,
    host: `${host}:${server.port}`,
    method: 'GET',
    path,
    headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' },
    ...(person && { cookies: person.cookies }),
  })
const post = (path: string, headers: Record<string, string> = {}) =>
  send({
    port: server.port,
    host: `${shop.slug}.localhost:${server.port}`,
    method: 'POST',
    path,
    body: 'email=ana%40post.example&password=x',
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
/** Without the data of scripts, which holds every text of the design system. */
const shownIn = ({ text }: { text: string }) => text.replaceAll(/<script[^]*?<\/script>/g, '')
const countOf = (html: string, tag: string) => html.match(new RegExp(`<${tag}[ >]`, 'g'))?.length ?? 0

describe('an address that does not exist', () => {
  it("in a portal shows the business, how to reach it and the way to the portal, on the portal's host and path", async () => {
    for (const [path, host, home] of [
      ['/nowhere/at/all', `${shop.slug}.localhost`, '/'],
      [`/p/${shop.slug}/nowhere`, 'localhost', `/p/${shop.slug}`],
    ] as const) {
      const reply = await open(path, { host })
      const [status, text] = [reply.status, shownIn(reply)]
      expect([status, countOf(text, 'main'), countOf(text, 'h1')]).toEqual([404, 1, 1])
      expect(text).toContain('Kestrel Boilers')
      expect(text).toContain(`mailto:help@${shop.slug}.example`)
      expect(text).toContain(`<a class="btn btn-second" href="${home}"`)
      expect(text).not.toContain('Portico')
    }
  })

  it('of a signed-in customer or of staff stands in their layout, with one main part', async () => {
    const user = await shop.portalUser()
    const inPortal = await open('/jobs/01a22a5d-f307-76ea-9206-f7abb2741034', { person: user })
    expect([inPortal.status, countOf(inPortal.text, 'main')]).toEqual([404, 1])
    expect(inPortal.text).toContain('class="p-nav"')
    for (const path of ['/nowhere', '/jobs/01a22a5d-f307-76ea-9206-f7abb2741034']) {
      const inOffice = await open(`/office/${shop.slug}${path}`, { host: 'localhost', person: shop.owner })
      expect([inOffice.status, countOf(inOffice.text, 'main')]).toEqual([404, 1])
      expect(inOffice.text).toContain(`href="/office/${shop.slug}/customers"`)
    }
  })

  it('in no portal names nobody', async () => {
    const reply = await open('/nowhere', { host: 'nobody.localhost' })
    expect([reply.status, /Portico|--brand/.test(shownIn(reply))]).toEqual([404, false])
    expect(shownIn(await open('/nowhere', { host: 'localhost' }))).toContain('Portico')
  })

  it('under which there is no portal says what to do, and leads to where the installation begins', async () => {
    for (const [path, host, start] of [
      ['/sign-in', 'nobody.localhost', `${server.url.origin}/`],
      ['/p/nobody/sign-in', 'localhost', '/'],
    ] as const) {
      const reply = await open(path, { host })
      expect(reply.status).toBe(404)
      const $ = load(reply.text)
      expect($('h1').text()).toBe('There’s no portal at this address')
      expect($('main').text()).toContain('ask the business for the link')
      const links = $('main a').toArray()
      expect(links.map((link) => [$(link).attr('href'), $(link).text()])).toEqual([[start, 'Go to start page']])
    }
  })
})

describe('a form that was refused', () => {
  it('for its origin says so in a heading, what happened below it, and leads on, from an upload as well', async () => {
    const page = await post('/sign-in?/signIn', { origin: 'https://evil.example' })
    expect(page.text).toContain('<h1>This form was sent from another site</h1>')
    expect(page.text).toContain('<p class="muted">Nothing was changed. ')
    // Sent again, it would be refused again.
    expect(page.text).not.toContain('reload this page')
    const upload = await post(`/api/v1/portal/${shop.slug}/files`, {
      origin: 'https://evil.example',
      'sec-fetch-mode': 'navigate',
    })
    expect([upload.status, upload.text.includes('<a href="/">Go to the portal</a>')]).toEqual([403, true])
  })
})

describe('a form that uploads one file', () => {
  let user: Person
  beforeAll(async () => {
    user = await shop.portalUser({ customers: [await shop.customer()] })
  })
  const submit = (returnTo: string, content: string, owner = user.id) => {
    const parts = Object.entries({ formOwner: owner, return: returnTo, 'file"; filename="a.txt': content })
    const body = parts.map(
      ([name, value]) => `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const headers = {
      'content-type': 'multipart/form-data; boundary=x',
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
    }
    return user.request('POST', `/api/v1/portal/${shop.slug}/files`, { body: `${body.join('')}--x--\r\n`, headers })
  }

  it('leads back to its page, which tells either the success or the refusal, never both', async () => {
    const job = await bookJob(user, await shop.template())
    const page = `/p/${shop.slug}/jobs/${job}`
    const read = async () => shownIn(await user.request('GET', page, { headers: { accept: 'text/html' } }))
    const says = (text: string) => ['File added.', 'This file is empty.'].filter((words) => text.includes(words))
    const good = await submit(`${page}?done=attached`, 'text')
    expect([good.status, good.headers.location]).toEqual([303, page])
    expect(says(await read())).toEqual(['File added.'])
    const bad = await submit(`${page}?tab=files&done=attached&problem=busy#end`, '')
    // Without a fragment: it would keep the focus from the refusal.
    expect([bad.status, bad.headers.location]).toEqual([303, `${page}?tab=files`])
    expect(says(await read())).toEqual(['This file is empty.'])
    // Reloading says neither again.
    expect(says(await read())).toEqual([])
  })

  it('whose session has ended leads to signing in beside it, and says that reloading sends its file', async () => {
    for (const [path, signIn] of [
      [`/api/v1/portal/${shop.slug}/files`, `/p/${shop.slug}/sign-in`],
      [`/api/v1/office/${shop.slug}/jobs/${newId()}/files`, '/office/sign-in'],
    ] as const) {
      const reply = await server.anyone().request('POST', path, {
        body: '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntext\r\n--x--\r\n',
        headers: {
          'content-type': 'multipart/form-data; boundary=x',
          accept: 'text/html',
          'sec-fetch-mode': 'navigate',
        },
      })
      expect([path, reply.status]).toEqual([path, 401])
      expect(reply.text).toContain('<h1>Your session has ended</h1>')
      expect(reply.text).toContain('Then return to this page and reload it. This sends the form again with its files.')
      expect(reply.text).toContain(`<a href="${signIn}" target="_blank">Sign in</a>`)
    }
  })

  it('that was made for somebody else says so, and does not lead to their page', async () => {
    const reply = await submit(`/p/${shop.slug}/jobs`, 'text', newId())
    expect(reply.status).toBe(409)
    expect(reply.text).toContain('<h1>You’re signed in as Eleanor Finch</h1>')
    expect(reply.text).toContain('Nothing was saved. Someone else was signed in when this form was opened.')
  })
})

describe('without a database', () => {
  beforeAll(async () => {
    await proxy.close()
  })

  it('a page says to try again, and a form that reloading sends it again', async () => {
    const page = await open('/jobs')
    const text = shownIn(page)
    expect([page.status, countOf(text, 'main')]).toEqual([503, 1])
    expect(text).toContain('Temporarily unavailable')
    expect(text).not.toMatch(/reload this page|Portico/)
    expect(text).toContain('href="/" data-sveltekit-reload="">Go to the portal')
    const form = await post('/sign-in?/signIn')
    expect(form.status).toBe(503)
    expect(shownIn(form)).toContain('To send the form again, reload this page.')
    expect(shownIn(form)).toContain('href="/sign-in"')
  })

  it('/ready answers a browser as it answers monitoring: with the code', async () => {
    const { status, body } = await open('/api/v1/ready', { host: 'localhost' })
    expect([status, body]).toMatchObject([503, { code: 'databaseUnavailable' }])
  })
})
