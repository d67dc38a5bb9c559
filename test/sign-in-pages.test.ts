/** From the sign-in pages to the forgotten password, and back to a form that waits in another tab. */
import { beforeAll, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import { PASSWORD, type Business, type TestServer } from './test-server.ts'

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
