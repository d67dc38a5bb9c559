/** The first page and the sign-in pages: what they show in the demo, in a real installation and in an empty one. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { loadDemo } from '../demo/demo.ts'
import { openScreen, PAGES } from './no-script.ts'
import { send, startSeparateServer, type TestServer } from './test-server.ts'

/** As in README.md. Of each person: initials, name, what they are, email, and where signing in leads. */
const STAFF = [
  ['RC', 'Ruth Calloway', 'owner of Harbour', 'ruth@harbour-repair.example', '/office/harbour'],
  ['BO', 'Ben Okafor', 'dispatcher at Harbour', 'ben@harbour-repair.example', '/office/harbour'],
  ['MN', 'Marek Nowak', 'worker at Harbour', 'marek@harbour-repair.example', '/office/harbour'],
  ['GA', 'Grace Adeyemi', 'admin of both businesses', 'grace@backoffice.example', '/office'],
  ['AT', 'Alan Threlfall', 'owner of Northside', 'alan@northside-heating.example', '/office/northside'],
] as const
const CUSTOMERS = [
  ['EF', 'Eleanor Finch', 'customer of Harbour', 'eleanor.finch@post.example', '/p/harbour/jobs'],
  ['NA', 'Naveed Aslam', 'manages seven customers', 'naveed@docksidelettings.example', '/p/harbour/jobs'],
  ['CD', 'Colin Dunne', 'customer of Northside', 'colin.dunne@post.example', '/p/northside/jobs'],
] as const
const PASSWORD = 'Welcome to the demo'
const SIGN_IN_PAGES = ['/office/sign-in', '/p/harbour/sign-in', '/p/northside/sign-in']
const buttonOf = ([initials, name, description, email]: readonly string[]) =>
  `${initials} ${name} , ${description} ${email}`

let demo: TestServer
beforeAll(async () => {
  demo = await startSeparateServer(inject('world'), { pages: PAGES, demo: true })
  await loadDemo({ pool: demo.app.pools.system, files: demo.app.files, now: demo.clock.now(), host: 'localhost' })
})
afterAll(() => demo?.close())

describe('in the demo', () => {
  it('the first page links both portals, the office and the mailbox, and shows the password', async () => {
    const page = await openScreen(demo.anyone(), '/')
    const links = page
      .$('a')
      .toArray()
      .map((link) => new URL(page.$(link).attr('href')!, demo.url).href)
    for (const path of ['/mailbox', ...SIGN_IN_PAGES]) {
      const { href } = new URL(path, demo.url)
      expect(links).toContain(href)
      expect((await openScreen(demo.anyone(), path)).status).toBe(200)
    }
    expect(page.text).toContain(PASSWORD)
  })

  it.each([...STAFF, ...CUSTOMERS])('the first page signs in %s %s with one click', async (...person) => {
    const home = await (await openScreen(demo.anyone(), '/')).press(buttonOf(person))
    expect([home.status, home.path]).toEqual([200, person[4]])
  })

  it('the first page signs in somebody else after Ruth', async () => {
    const visitor = demo.anyone()
    await (await openScreen(visitor, '/')).press(buttonOf(STAFF[0]))
    for (const person of [CUSTOMERS[0], STAFF[4], CUSTOMERS[2], CUSTOMERS[1]]) {
      const home = await (await openScreen(visitor, '/')).press(buttonOf(person))
      expect([home.status, home.path]).toEqual([200, person[4]])
    }
  })

  it.each([
    ['/office/sign-in', STAFF],
    ['/p/harbour/sign-in', CUSTOMERS.slice(0, 2)],
    ['/p/northside/sign-in', CUSTOMERS.slice(2)],
  ] as const)('%s shows its people, signs each in, and leads to the mailbox and the others', async (path, people) => {
    const page = await openScreen(demo.anyone(), path)
    expect(page.text).toContain(PASSWORD)
    expect(page.$('form button:has(.avatar)').length).toBe(people.length)
    for (const person of people) {
      const home = await (await openScreen(demo.anyone(), path)).press(buttonOf(person))
      expect([home.status, home.path]).toEqual([200, person[4]])
    }
    for (const to of ['/', '/mailbox']) expect(page.$(`a[href="${new URL(to, demo.url).href}"]`).length).toBe(1)
  })

  it('the sign-in page of a portal on its own host links to the main host, where the mailbox is', async () => {
    const host = `harbour.localhost:${demo.port}`
    const { text } = await send({ port: demo.port, host, method: 'GET', path: '/sign-in' })
    expect(text).toContain(`href="${new URL('/mailbox', demo.url).href}"`)
    expect(text).toContain(CUSTOMERS[0][3])
    // Only people of this portal.
    expect(text).not.toContain(CUSTOMERS[2][3])
  })

  it('a sign-in with one click leads on to the page that asked for it', async () => {
    const asked = '/office/harbour/customers'
    const page = await openScreen(demo.anyone(), asked)
    expect((await page.press(buttonOf(STAFF[0]))).path).toBe(asked)
  })
})

describe('outside the demo', () => {
  it('the same database shows no sign-in, password or mailbox on any page that anybody can open', async () => {
    const real = await startSeparateServer(inject('world'), { pages: PAGES, twinOf: demo })
    try {
      for (const path of ['/', ...SIGN_IN_PAGES, '/office/forgot-password', '/p/harbour/signup', '/nowhere']) {
        const { text } = await real.anyone().request('GET', path, { headers: { accept: 'text/html' } })
        expect(text).toContain('<h1')
        for (const secret of [PASSWORD, '/mailbox', ...[...STAFF, ...CUSTOMERS].map(([, , , email]) => email)])
          expect(text, path).not.toContain(secret)
      }
      expect((await real.anyone().request('GET', '/mailbox')).status).toBe(404)
    } finally {
      await real.close()
    }
  })
})

describe('an empty installation', () => {
  it('says on its first page how to set it up, until there is a business', async () => {
    const server = await startSeparateServer(inject('world'), { pages: PAGES })
    try {
      const page = await openScreen(server.anyone(), '/')
      expect(page.text).toContain('Set up your business')
      expect(page.text).toContain(`${server.url.origin}/set-up/…`)
      const signIn = await openScreen(server.anyone(), '/office/sign-in')
      expect((await signIn.follow('How to set up your business')).text).toContain('Set up your business')

      await server.business()
      const after = await openScreen(server.anyone(), '/')
      expect(after.text).not.toContain('Set up your business')
      expect((await after.follow('Sign in as staff')).text).not.toContain('No business has been set up yet')
    } finally {
      await server.close()
    }
  })
})
