/** From the sign-in pages to the forgotten password, and back to a form that waits in another tab. */
import { beforeAll, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import { linkIn, PASSWORD, type Business, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business

beforeAll(async () => {
  server = await startPagesServer()
  shop = await server.business()
})

describe.each([
  ['the portal', () => `/p/${shop.slug}`],
  ['the office', () => '/office'],
])('the sign-in page of %s', (_, base) => {
  it('takes the email that was typed to "Forgot password?", and sends nothing before it is asked to', async () => {
    const page = await openScreen(shop.visitor(), `${base()}/sign-in`)
    const forgot = await page.press('Forgot password?', { email: 'typed@post.example', password: 'half a pass' })
    expect(forgot.path).toBe(`${base()}/forgot-password`)
    expect(forgot.$('input[name=email]').attr('value')).toBe('typed@post.example')
    expect(forgot.text).not.toContain('Check your email')
    expect(forgot.$.html()).not.toContain('half a pass')
    expect((await forgot.press('Send reset link')).text).toContain('Check your email')
  })
})

describe('who is at the portal’s pages on the main host', () => {
  const linkTo = async (email: string) => new URL(linkIn((await server.mailTo(email)).at(-1)))

  it('stays there after the link that activates the account, and is signed in', async () => {
    await shop.owner.ok('updatePortalSettings', {
      version: (await shop.owner.ok('getPortalSettings')).version,
      public: true,
    })
    const email = 'martha@post.example'
    const visitor = shop.visitor()
    const form = await openScreen(visitor, `/p/${shop.slug}/signup`)
    await form.press('Sign up', { name: 'Martha Okonkwo', email, password: 'a kettle in the harbour' })
    const { host, pathname } = await linkTo(email)
    expect([host, pathname]).toEqual([server.url.host, expect.stringMatching(`^/p/${shop.slug}/activate/`)])
    const jobs = await (await openScreen(visitor, pathname)).press('Activate account')
    expect([jobs.status, jobs.path]).toEqual([200, `/p/${shop.slug}/jobs`])
  })

  it('gets the link to a new password there, and an invitation leads to the portal’s own host', async () => {
    const user = await shop.portalUser()
    const forgot = await openScreen(shop.visitor(), `/p/${shop.slug}/forgot-password`)
    await forgot.press('Send reset link', { email: user.email })
    expect((await linkTo(user.email)).host).toBe(server.url.host)
    await shop.owner.ok('addPortalUser', { email: 'guest@post.example' })
    expect((await linkTo('guest@post.example')).host).toBe(`${shop.slug}.${server.url.host}`)
    await shop.visitor('host').ok('requestPortalPasswordReset', { email: user.email })
    expect((await linkTo(user.email)).host).toBe(`${shop.slug}.${server.url.host}`)
  })
})

describe('after signing in because a form in another tab had lost its session', () => {
  it('a customer and staff are led back to that tab', async () => {
    const user = await shop.portalUser()
    const emails = { [`/p/${shop.slug}`]: user.email, '/office': (await shop.owner.ok('listStaff')).members[0]!.email }
    for (const [base, email] of Object.entries(emails)) {
      const page = await openScreen(shop.visitor(), `${base}/sign-in?again=1`)
      expect((await page.press('Sign in', { email, password: PASSWORD })).text).toContain(
        'Return to the tab with your form',
      )
    }
  })
})
