/** The token of a mailed link leaves the address with the first request, and no later address has it. */
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { linkIn, send, startSeparateServer, type Business, type Person, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business
beforeAll(async () => {
  const pages = process.env.PORTICO_PAGES ?? join(resolve(import.meta.dirname, '..'), 'build')
  server = await startSeparateServer(inject('world'), { pages })
  shop = await server.business()
})
afterAll(() => server.close())

const PASSWORD = 'seven quiet lanterns'

function request(person: Person, method: string, address: URL, fields?: Record<string, string>) {
  const body = fields && String(new URLSearchParams(fields))
  const headers = { accept: 'text/html', ...(body && { 'content-type': 'application/x-www-form-urlencoded' }) }
  const path = address.pathname + address.search
  return send({ port: server.port, host: address.host, method, path, body, headers, cookies: person.cookies })
}

/** Opens a mailed link as a browser does: the address of its page, and the page. */
async function openLink(person: Person, link: string) {
  const address = new URL(link)
  const token = /[\w-]{43}/.exec(address.pathname)![0]
  const redirect = await request(person, 'GET', address)
  expect(redirect.status).toBe(303)
  const page = new URL(redirect.headers.location!, address)
  expect(page.href).not.toContain(token)
  // The cookie goes to this page alone.
  const [cookie] = redirect.headers['set-cookie']!.filter((each) => each.includes(token))
  expect(cookie).toContain(`Path=${page.pathname}`)
  expect(cookie).toMatch(/HttpOnly/i)
  const opened = await request(person, 'GET', page)
  expect(opened.text).not.toContain(token)
  return { token, page, opened }
}

const newest = async (address: string) => linkIn((await server.mailTo(address)).at(-1))

it('a portal user resets the password, and no address on the way has the token', async () => {
  const user = await shop.portalUser({ signedIn: false })
  const visitor = shop.visitor()
  await visitor.ok('requestPortalPasswordReset', { email: user.email })
  const { token, page, opened } = await openLink(visitor, await newest(user.email))
  expect(opened.text).toContain('name="password"')
  const done = await request(visitor, 'POST', page, { password: PASSWORD })
  expect([done.status, done.headers.location?.includes(token)]).toEqual([303, false])
  const signIn = await request(visitor, 'GET', new URL(done.headers.location!, page))
  expect(signIn.text).toContain('Your password was changed.')
  expect(signIn.text).toContain(user.email)
  await visitor.ok('signInToPortal', { email: user.email, password: PASSWORD })
})

it('without its cookie, the page of a link is as unknown as any other', async () => {
  const user = await shop.portalUser({ signedIn: false })
  const visitor = shop.visitor()
  await visitor.ok('requestPortalPasswordReset', { email: user.email })
  const { page } = await openLink(visitor, await newest(user.email))
  const stranger = await request(shop.visitor(), 'GET', page)
  expect(stranger.text).not.toContain('name="password"')
  expect(stranger.text).not.toContain(user.email)
})

it('every kind of link that is mailed opens that way', async () => {
  const invited = 'invited@post.example'
  const staff = 'new.staff@post.example'
  await shop.owner.ok('addPortalUser', { email: invited })
  await shop.owner.ok('inviteStaff', { email: staff, role: 'worker' })
  await server.anyone().ok('requestPasswordReset', { email: shop.owner.email })
  for (const [address, part] of [
    [invited, 'Set up your account'],
    [staff, 'name="password"'],
    [shop.owner.email, 'name="password"'],
  ] as const) {
    const { opened } = await openLink(server.anyone(), await newest(address))
    expect(opened.text, address).toContain(part)
  }
})
