/** The portal's sign-in pages as plain HTML, without script. Journeys in a real browser have their own files. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Business, TestServer, Person, Reply } from '../test-server.ts'
import { openPages } from './browser.ts'

let server: TestServer
beforeAll(async () => {
  server = await openPages()
}, 120_000)

const getPage = (who: Person, business: Business, path = '') =>
  who.request('GET', `/p/${business.slug}${path}`) as Promise<Reply<string>>
/** Opens a mailed link, whose address gives its token to a cookie. */
const openLink = async (who: Person, business: Business, path: string) => {
  const { location } = (await getPage(who, business, path)).headers
  return getPage(who, business, location!.replace(`/p/${business.slug}`, ''))
}
const isSignedIn = (who: Person) => [...who.cookies.keys()].some((name) => name.startsWith('portico_portal_'))
const postForm = (
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
/** Where an answer leads in the end: signing in goes by way of the sign-in page, which knows who came. */
async function lastLocation(who: Person, reply: Reply<unknown>): Promise<string | undefined> {
  const { location } = reply.headers
  if (!location) return undefined
  expect(location).toMatch(/^\/p\//)
  return (await lastLocation(who, (await who.request('GET', location)) as Reply<unknown>)) ?? location
}
const readMailToken = (business: Business, email: string) =>
  server.stored(
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
let peopleCount = 0
const nextEmail = () => `martha.${++peopleCount}@post.example`

describe('sign-in pages', () => {
  it('CP-05 CP-09 V-06 a public portal links to sign-up; a private one has no link and refuses the sign-up page', async () => {
    const open = await server.business(),
      closed = await server.business({ public: false }),
      who = server.anyone()
    expect((await getPage(who, open, '/sign-in')).text).toContain(`/p/${open.slug}/signup`)
    expect((await getPage(who, open, '/signup')).status).toBe(200)
    expect((await getPage(who, closed, '/sign-in')).text).not.toContain('/signup')
    const refused = await getPage(who, closed, '/signup')
    expect([refused.status, refused.text.includes('<form')]).toEqual([403, false])
  })

  it("V-11 V-14 alternative paths redirect to the pages, and the portal's root to its sign-in page", async () => {
    const business = await server.business(),
      who = server.anyone(),
      base = `/p/${business.slug}`
    for (const [from, to] of [
      ['/login', '/sign-in'],
      ['/sign-up', '/signup'],
      ['', '/sign-in'],
    ] as const) {
      const reply = await getPage(who, business, from)
      expect([reply.status >= 300 && reply.status < 400, reply.headers.location]).toEqual([true, base + to])
    }
  })

  it('CP-02 a disabled portal is unavailable on every page, says whose it is and has no form', async () => {
    const business = await server.business({ enabled: false, name: 'Kestrel Boilers' }),
      who = server.anyone()
    for (const path of ['/sign-in', '/signup', '/forgot-password', '/activate/x']) {
      const reply = await getPage(who, business, path)
      expect(reply.status).toBe(404)
      expect(reply.text).toContain('This portal is currently unavailable')
      expect(reply.text).toContain('Kestrel Boilers')
      expect(reply.text).not.toContain('<form')
    }
  })

  it('CP-11 CP-12 CP-15 E-05 sign-up, refused sign-in with resend, and activation work without script', async () => {
    const business = await server.business(),
      who = server.anyone(),
      email = nextEmail()
    const sent = await postForm(who, business, '/signup', { ...MARTHA, email })
    expect(sent.headers.location).toBe(`/p/${business.slug}/sign-in`)
    const signInPage = (await getPage(who, business, sent.headers.location!.replace(`/p/${business.slug}`, ''))).text
    expect(signInPage.indexOf('Check your email to finish signing up.')).toBeGreaterThan(0)
    expect(signInPage.indexOf('Check your email to finish signing up.')).toBeLessThan(
      signInPage.indexOf('name="password"'),
    )
    expect(isSignedIn(who)).toBe(false)
    const refused = await postForm(who, business, '/sign-in?/signIn', { email, password: MARTHA.password })
    expect([
      refused.status,
      refused.text.includes('Your account isn’t activated yet.'),
      refused.text.includes('?/resend'),
    ]).toEqual([403, true, true])
    const { token } = await readMailToken(business, email)
    const opened = await openLink(who, business, `/activate/${token}`)
    expect([
      opened.status,
      opened.text.match(/<form/g)?.length,
      opened.text.includes('<script'),
      isSignedIn(who),
    ]).toEqual([200, 1, false, false])
    const activated = await postForm(who, business, `/activate/${token}?/activate`, {})
    expect(await lastLocation(who, activated)).toBe(`/p/${business.slug}/jobs`)
    expect(isSignedIn(who)).toBe(true)
    expect(await lastLocation(who, await openLink(who, business, `/activate/${token}`))).toBe(
      `/p/${business.slug}/jobs`,
    )
  })

  it('CP-17 E-04 a used link opens the sign-in page with the email filled in', async () => {
    const business = await server.business(),
      who = server.anyone(),
      other = server.anyone(),
      email = nextEmail()
    await postForm(who, business, '/signup', { ...MARTHA, email })
    const { token } = await readMailToken(business, email)
    await postForm(who, business, `/activate/${token}?/activate`, {})
    const redirect = (await openLink(other, business, `/activate/${token}`)).headers.location!
    expect((await getPage(other, business, redirect.replace(`/p/${business.slug}`, ''))).text).toContain(
      `value="${email}"`,
    )
    expect(isSignedIn(other)).toBe(false)
  })

  it('PS-58 signing in redirects only to pages of this portal', async () => {
    const business = await server.business(),
      user = await business.portalUser({ signedIn: false }),
      base = `/p/${business.slug}`
    for (const [next, to] of [
      [`${base}/account`, `${base}/account`],
      ['//evil.example', `${base}/jobs`],
      ['/\\evil.example', `${base}/jobs`],
      ['https://evil.example', `${base}/jobs`],
      ['/office', `${base}/jobs`],
    ]) {
      const who = server.anyone()
      const reply = await postForm(who, business, `/sign-in?/signIn&next=${encodeURIComponent(next!)}`, {
        email: user.email,
        password: 'correct horse battery',
      })
      expect([next, await lastLocation(who, reply)]).toEqual([next, to])
    }
  })

  it('PS-41 a form from another site is refused and changes nothing', async () => {
    const business = await server.business(),
      email = nextEmail()
    const reply = await postForm(
      server.anyone(),
      business,
      '/signup',
      { ...MARTHA, email },
      { origin: 'http://evil.example' },
    )
    expect(reply.status).toBe(403)
    expect(
      await server.stored((db) =>
        db.selectFrom('portal_users').select('id').where('account_id', '=', business.id).execute(),
      ),
    ).toEqual([])
  })

  it('a refused form keeps all input except the password, and no sign-in page has a script', async () => {
    const business = await server.business(),
      who = server.anyone(),
      email = nextEmail()
    const again = await postForm(who, business, '/signup', { ...MARTHA, email, password: 'short' })
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
      expect((await getPage(who, business, path)).text, path).not.toMatch(/<script|modulepreload/)
    }
  })
})
