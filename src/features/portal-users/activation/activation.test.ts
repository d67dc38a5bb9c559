import { describe, expect, it } from 'vitest'
import { newToken } from '../../../platform/secrets.ts'
import {
  address,
  anotherTab,
  server,
  countOf,
  day,
  isIn,
  MARTHA,
  setUser,
  shop,
  tokenFor,
  userOf,
  setUpActivationTests,
} from './activation.fixtures.ts'

setUpActivationTests()

describe('signUp', () => {
  it('repeated with its key it answers the same and sends nothing more', async () => {
    const business = await shop()
    const visitor = business.visitor()
    const email = address()
    const key = { headers: { 'idempotency-key': 'sign-up' } }
    const wanted = { ...MARTHA, email }
    expect(await visitor.ok('signUp', wanted, key)).toEqual({ email })
    expect(await visitor.ok('signUp', wanted, key)).toEqual({ email })
    expect((await visitor.call('signUp', { ...wanted, email: address() }, key)).body.code).toBe('keyReused')
    expect(await server.mailTo(email)).toHaveLength(1)
  })
})

describe('activateAccount', () => {
  it('CP-15 CP-16 pressing the button activates and signs in; from then on the password does', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    expect(await visitor.ok('activateAccount', { token: await tokenFor(email) })).toEqual({ email })
    expect((await visitor.ok('getCurrentPortalUser')).name).toBe('Martha Okonkwo')
    expect(await userOf(business, email)).toMatchObject({ status: 'active' })
    const elsewhere = business.visitor()
    await elsewhere.ok('signInToPortal', { email, password: MARTHA.password })
    expect(await isIn(elsewhere)).toBe(true)
  })

  it('E-05 C5 opening the link changes nothing and signs no one in, however often a scanner opens it', async () => {
    const business = await shop(),
      scanner = business.visitor(),
      email = address()
    await business.visitor().ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email),
      before = await userOf(business, email)
    for (let n = 0; n < 3; n++)
      expect(await scanner.ok('getActivation', { token })).toEqual({
        status: 'open',
        kind: 'signUp',
        email,
        name: null,
      })
    await scanner.request('HEAD', `/api/v1/portal/${business.slug}/activations/${token}`)
    expect(scanner.cookies.size).toBe(0)
    expect(await userOf(business, email)).toEqual(before)
  })

  it('CP-17 E-04 a used link signs no one in and only opens the sign-in page', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    await visitor.ok('activateAccount', { token })
    const later = business.visitor()
    expect(await later.ok('getActivation', { token })).toMatchObject({ status: 'accepted', email })
    const again = await later.call('activateAccount', { token })
    expect([again.status, again.body.code, later.cookies.size]).toEqual([409, 'linkUsed', 0])
    expect(
      (await later.call('acceptInvitation', { token, name: 'Eve', password: 'taking it over now' })).body.code,
    ).toBe('linkUsed')
  })

  it('CP-08 a sign-up from before names were required asks for the name, and activates nobody without one', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    await setUser(business, email, { name: null })
    const token = await tokenFor(email)
    expect(await visitor.ok('getActivation', { token })).toMatchObject({ status: 'open', kind: 'signUp' })
    expect((await visitor.call('activateAccount', { token })).body.code).toBe('detailsMissing')
    const nameless = await visitor.call('acceptInvitation', { token, password: MARTHA.password })
    expect(nameless.body.fields).toMatchObject({ name: { code: 'required' } })
    await visitor.ok('acceptInvitation', { token, password: MARTHA.password, name: 'Martha Okonkwo' })
    expect(await userOf(business, email)).toMatchObject({ status: 'active', name: 'Martha Okonkwo' })
  })

  it('E-06 C4 a link works for 7 days to the second, then offers a new one to the same address', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    server.clock.advance(7 * day - 1000)
    expect(await visitor.ok('getActivation', { token })).toMatchObject({ status: 'open' })
    server.clock.advance(1000)
    expect(await visitor.ok('getActivation', { token })).toMatchObject({ status: 'expired', email })
    expect((await visitor.call('activateAccount', { token })).body.code).toBe('linkExpired')
    expect(await visitor.ok('renewActivation', { token })).toEqual({ email })
    await visitor.ok('activateAccount', { token: await tokenFor(email) })
    expect(await isIn(visitor)).toBe(true)
  })

  it(
    'C6 twenty presses at once: one activates and gets a session, the others hear that the link was used',
    { repeats: 9 },
    async () => {
      const business = await shop(),
        visitor = business.visitor(),
        email = address()
      await visitor.ok('signUp', { ...MARTHA, email })
      const token = await tokenFor(email)
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => anotherTab(business, visitor).call('activateAccount', { token })),
      )
      expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1)
      expect(new Set(replies.filter((reply) => reply.status !== 200).map((reply) => reply.body.code))).toEqual(
        new Set(['linkUsed']),
      )
      expect(await countOf(business, 'portal_sessions')).toBe(1)
    },
  )

  it('C6 pressing the button while the link is sent again breaks nothing: either the press or the newest link gets in', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2
          ? anotherTab(business, visitor).call('activateAccount', { token })
          : business.visitor().call('resendActivation', { email }),
      ),
    )
    expect(replies.filter((reply) => reply.status >= 500)).toEqual([])
    const open = await server.stored((db) =>
      db
        .selectFrom('tokens')
        .select('id')
        .where('account_id', '=', business.id)
        .where('used_at', 'is', null)
        .where('replaced_at', 'is', null)
        .execute(),
    )
    const active = (await userOf(business, email))!.status === 'active'
    expect([open.length, await countOf(business, 'portal_sessions')]).toEqual(active ? [0, 1] : [1, 0])
  })

  it('C3 PS-43 a link opens nothing in another portal, as another kind, or in any other spelling', async () => {
    const business = await shop(),
      other = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    expect(await other.visitor().ok('getActivation', { token })).toMatchObject({ status: 'unknown', email: null })
    expect((await other.visitor().call('activateAccount', { token })).status).toBe(404)
    expect(await visitor.ok('getPortalPasswordReset', { token })).toEqual({ status: 'unknown', email: null })
    expect((await visitor.call('resetPortalPassword', { token, password: 'taking it over now' })).status).toBe(404)
    expect((await visitor.call('confirmEmailChange', { token })).status).toBe(404)
    for (const wrong of [
      token.toUpperCase(),
      token.slice(0, -1),
      `${token}=`,
      ` ${token}`,
      `${token.slice(0, 42)}${token[42] === 'A' ? 'B' : 'A'}`,
      '0',
      'null',
      '[object Object]',
      '%00',
      newToken().token,
    ]) {
      expect((await visitor.call('activateAccount', { token: wrong })).status, wrong).toBe(404)
    }
    const rows = await server.stored((db) =>
      db.selectFrom('tokens').selectAll().where('account_id', '=', business.id).execute(),
    )
    expect(JSON.stringify(rows)).not.toContain(token)
  })

  it('PS-48 the link of a removed or suspended user is as unknown as one that never was', async () => {
    const business = await shop(),
      visitor = business.visitor()
    const never = await visitor.call('activateAccount', { token: newToken().token })
    for (const status of ['removed', 'suspended']) {
      const email = address()
      await visitor.ok('signUp', { ...MARTHA, email })
      const token = await tokenFor(email)
      await setUser(business, email, { status })
      const reply = await visitor.call('activateAccount', { token })
      expect({ ...reply.body, requestId: '' }).toEqual({ ...never.body, requestId: '' })
      expect(await visitor.ok('getActivation', { token })).toMatchObject({ status: 'unknown', email: null })
    }
  })
})
