/** The portal's sign-in pages as plain HTML, without script. Journeys in a real browser have their own files. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Business, TestServer, Person, Reply } from '../test-server.ts'
import { openPages } from './browser.ts'

let at: TestServer
beforeAll(async () => {
  at = await openPages()
}, 120_000)

const page = (who: Person, business: Business, path = '') =>
  who.request('GET', `/p/${business.slug}${path}`) as Promise<Reply<string>>
const post = (
  who: Person,
  business: Business,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) =>
  who.request('POST', `/p/${business.slug}${path}`, {
    body: new URLSearchParams(fields).toString(),
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', ...headers },
  }) as Promise<Reply<string>>
const tokenFor = (business: Business, email: string) =>
  at.stored(
    async (db) =>
      (
        await db
          .selectFrom('outbox')
          .select('payload')
          .where('account_id', '=', business.id)
          .where('to_address', '=', email)
          .orderBy('created_at', 'desc')
          .executeTakeFirstOrThrow()
      ).payload as { token: string },
  )
const MARTHA = { name: 'Martha Okonkwo', password: 'a kettle in the harbour' }
let people = 0
const address = () => `martha.${++people}@post.example`

describe('sign-in pages', () => {
  it('CP-05 CP-09 V-06 a public portal shows the sign-up beside the sign-in; a private one has no link, and refuses the address', async () => {
    const open = await at.business(),
      closed = await at.business({ public: false }),
      who = at.anyone()
    expect((await page(who, open, '/sign-in')).text).toContain(`/p/${open.slug}/signup`)
    expect((await page(who, open, '/signup')).status).toBe(200)
    expect((await page(who, closed, '/sign-in')).text).not.toContain('/signup')
    const refused = await page(who, closed, '/signup')
    expect([refused.status, refused.text.includes('<form')]).toEqual([403, false])
  })

  it("V-11 V-14 the other names of the pages lead to them, and the portal's address to its sign-in page", async () => {
    const business = await at.business(),
      who = at.anyone(),
      base = `/p/${business.slug}`
    for (const [from, to] of [
      ['/login', '/sign-in'],
      ['/sign-up', '/signup'],
      ['', '/sign-in'],
    ] as const) {
      const reply = await page(who, business, from)
      expect([reply.status >= 300 && reply.status < 400, reply.headers.location]).toEqual([true, base + to])
    }
  })

  it('CP-02 off means "unavailable" at every address, and nothing of the business', async () => {
    const business = await at.business({ enabled: false, name: 'Kestrel Boilers' }),
      who = at.anyone()
    for (const path of ['/sign-in', '/signup', '/forgot-password', '/activate/x']) {
      const reply = await page(who, business, path)
      expect(reply.status).toBe(404)
      expect(reply.text).toContain('This portal is currently unavailable.')
      expect(reply.text).not.toMatch(/Kestrel|--brand/)
    }
  })

  it('CP-11 CP-12 CP-15 E-05 form, message above the sign-in, refusal with resend, one button, in: all without script', async () => {
    const business = await at.business(),
      who = at.anyone(),
      email = address()
    const sent = await post(who, business, '/signup', { ...MARTHA, email })
    expect(sent.headers.location).toContain(`/p/${business.slug}/sign-in?sent=`)
    const told = (await page(who, business, sent.headers.location!.replace(`/p/${business.slug}`, ''))).text
    expect(told.indexOf('Check your email to finish signing up.')).toBeGreaterThan(0)
    expect(told.indexOf('Check your email to finish signing up.')).toBeLessThan(told.indexOf('name="password"'))
    expect(who.cookies.size).toBe(0)
    const refused = await post(who, business, '/sign-in?/signIn', { email, password: MARTHA.password })
    expect([
      refused.status,
      refused.text.includes('Your account isn’t activated yet.'),
      refused.text.includes('?/resend'),
    ]).toEqual([403, true, true])
    const { token } = await tokenFor(business, email)
    const opened = await page(who, business, `/activate/${token}`)
    expect([
      opened.status,
      opened.text.match(/<form/g)?.length,
      opened.text.includes('<script'),
      who.cookies.size,
    ]).toEqual([200, 1, false, 0])
    expect((await post(who, business, `/activate/${token}?/activate`, {})).headers.location).toBe(
      `/p/${business.slug}/jobs`,
    )
    expect(who.cookies.size).toBe(1)
    expect((await page(who, business, `/activate/${token}`)).headers.location).toBe(`/p/${business.slug}/jobs`)
  })

  it('CP-17 E-04 the used link opens the sign-in page with the address filled in', async () => {
    const business = await at.business(),
      who = at.anyone(),
      other = at.anyone(),
      email = address()
    await post(who, business, '/signup', { ...MARTHA, email })
    const { token } = await tokenFor(business, email)
    await post(who, business, `/activate/${token}?/activate`, {})
    const led = (await page(other, business, `/activate/${token}`)).headers.location!
    expect((await page(other, business, led.replace(`/p/${business.slug}`, ''))).text).toContain(`value="${email}"`)
    expect(other.cookies.size).toBe(0)
  })

  it('PS-58 after signing in a page of this portal opens, and never another place', async () => {
    const business = await at.business(),
      user = await business.portalUser({ signedIn: false }),
      base = `/p/${business.slug}`
    for (const [next, to] of [
      [`${base}/account`, `${base}/account`],
      ['//evil.example', `${base}/jobs`],
      ['/\\evil.example', `${base}/jobs`],
      ['https://evil.example', `${base}/jobs`],
      ['/office', `${base}/jobs`],
    ]) {
      const reply = await post(at.anyone(), business, `/sign-in?/signIn&next=${encodeURIComponent(next!)}`, {
        email: user.email,
        password: 'correct horse battery',
      })
      expect([next, reply.headers.location]).toEqual([next, to])
    }
  })

  it('PS-41 a form sent from another site is refused before anything happens', async () => {
    const business = await at.business(),
      email = address()
    const reply = await post(at.anyone(), business, '/signup', { ...MARTHA, email }, { origin: 'http://evil.example' })
    expect(reply.status).toBe(403)
    expect(
      await at.stored((db) =>
        db.selectFrom('portal_users').select('id').where('account_id', '=', business.id).execute(),
      ),
    ).toEqual([])
  })

  it('nothing typed is lost but the password, and no sign-in page ships a script', async () => {
    const business = await at.business(),
      who = at.anyone(),
      email = address()
    const again = await post(who, business, '/signup', { ...MARTHA, email, password: 'short' })
    expect([again.status, again.text.includes(`value="${email}"`), again.text.includes('value="short"')]).toEqual([
      422,
      true,
      false,
    ])
    for (const path of [
      '/sign-in',
      '/signup',
      '/forgot-password',
      '/resend-activation',
      '/activate/x',
      '/reset-password/x',
      '/confirm-email/x',
    ]) {
      expect((await page(who, business, path)).text, path).not.toMatch(/<script|modulepreload/)
    }
  })
})
