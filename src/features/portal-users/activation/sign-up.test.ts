import { describe, expect, it } from 'vitest'
import { linkIn, PASSWORD } from '../../../../test/test-server.ts'
import { newId } from '../../../platform/ids.ts'
import {
  address,
  server,
  countOf,
  isIn,
  MARTHA,
  settings,
  shop,
  tokenFor,
  userOf,
  setUpActivationTests,
} from './activation.fixtures.ts'

setUpActivationTests()

describe('signUp', () => {
  it('CP-10 CP-11 CP-13 submitting the form signs no one in and creates a profile that waits for the emailed link', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    expect(await visitor.ok('signUp', { ...MARTHA, email: ` ${email.toUpperCase()} ` })).toEqual({
      email: email.toUpperCase(),
    })
    expect(await isIn(visitor)).toBe(false)
    expect(await userOf(business, email)).toMatchObject({
      status: 'signed_up',
      name: MARTHA.name,
      phone: MARTHA.phone,
      activated_at: null,
    })
    expect((await userOf(business, email))!.password_hash).toMatch(/^\$argon2id\$/)
    expect(await countOf(business, 'portal_sessions')).toBe(0)
  })

  it("CP-07 V-13 the activation mail goes out by itself, in the business's name, with the link to its own portal", async () => {
    const business = await shop({ name: 'Kestrel Boilers' }),
      email = address()
    await business.visitor().ok('signUp', { ...MARTHA, email })
    const [mail, ...more] = await server.mailTo(email)
    expect(more).toEqual([])
    expect(mail!.from?.name).toBe('Kestrel Boilers')
    expect(mail!.subject).toBe('Confirm your email for Kestrel Boilers')
    expect(mail!.html).toContain('Hello Martha Okonkwo, confirm your email')
    expect(linkIn(mail)).toMatch(new RegExp(`^http://${business.slug}\\.localhost:\\d+/activate/[\\w-]{43}$`))
    expect(mail!.text).toContain('expires on')
  })

  it("PS-56 PS-57 a name that is a message to somebody else's mailbox is not said in the mail", async () => {
    const business = await shop()
    for (const name of [
      'Your prize waits at evil.example',
      'Call 0900 12345',
      'https://evil.example',
      '[click](x)',
      'A'.repeat(61),
    ]) {
      const email = address()
      await business.visitor().ok('signUp', { ...MARTHA, name, email })
      const [mail] = await server.mailTo(email)
      expect(mail!.html).toContain('Confirm your email')
      expect(mail!.text).not.toContain(name)
    }
    const email = address()
    await business.visitor().ok('signUp', { ...MARTHA, name: "Dr. Siân O'Hara-Łuczak, jr.", email })
    expect((await server.mailTo(email))[0]!.text).toContain("Hello Dr. Siân O'Hara-Łuczak, jr., confirm your email")
  })

  it('CP-05 V-06 a private portal refuses the sign-up itself, and nothing is stored or sent', async () => {
    const business = await shop({ public: false }),
      email = address()
    const reply = await business.visitor().call('signUp', { ...MARTHA, email })
    expect([reply.status, reply.body.code]).toEqual([403, 'signUpClosed'])
    expect([await countOf(business, 'portal_users'), await countOf(business, 'outbox')]).toEqual([0, 0])
  })

  it('E-08 who signed up before the portal went private may still activate; the form opened before is refused', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    await settings(business, { public: false })
    expect((await visitor.call('signUp', { ...MARTHA, email: address() })).body.code).toBe('signUpClosed')
    await visitor.ok('activateAccount', { token: await tokenFor(email) })
    expect(await isIn(visitor)).toBe(true)
  })

  it('E-01 PS-46 an address that has an account gets the same answer, and only its mailbox learns of the account', async () => {
    const business = await shop(),
      known = await business.portalUser({ signedIn: false }),
      email = address()
    const fresh = await business.visitor().call('signUp', { ...MARTHA, email })
    const taken = await business.visitor().call('signUp', { ...MARTHA, email: known.email.toUpperCase() })
    const shapeOf = ({ status, body, headers }: typeof fresh) => [
      status,
      Object.keys(body),
      String(headers['set-cookie']).replace(/=[\w-]{43};/, '=…;'),
    ]
    expect(shapeOf(taken)).toEqual(shapeOf(fresh))
    expect((await server.mailTo(known.email)).map((mail) => mail.subject)).toEqual([
      'You already have an account with Harbour Appliance Repair',
    ])
    expect(await userOf(business, known.email)).toMatchObject({ status: 'active', name: 'Eleanor Finch' })
    await known.ok('signInToPortal', { email: known.email, password: PASSWORD })
  })

  it('E-01 signing up twice with the same password mails a fresh link, but not within the same minute', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const first = await tokenFor(email)
    await visitor.ok('signUp', { ...MARTHA, email })
    expect(await server.mailTo(email)).toHaveLength(1)
    server.clock.advance(2 * 60_000)
    await visitor.ok('signUp', { ...MARTHA, email })
    const second = await tokenFor(email)
    expect(await server.mailTo(email)).toHaveLength(2)
    expect(await business.visitor().ok('getActivation', { token: first })).toMatchObject({ status: 'replaced' })
    expect(await visitor.ok('getActivation', { token: second })).toMatchObject({
      status: 'open',
      kind: 'activation',
    })
  })

  it('V-08 E-69 asks what the business asks: all that is missing is named at once, and what it does not ask is not kept', async () => {
    const business = await shop(),
      email = address()
    await settings(business, {
      sign_up_fields: JSON.stringify({ name: 'required', phone: 'required', company: 'off', address: 'optional' }),
    })
    const reply = await business.visitor().call('signUp', { email, password: MARTHA.password })
    expect([reply.status, Object.keys(reply.body.fields!).sort()]).toEqual([422, ['name', 'phone']])
    expect(await userOf(business, email)).toBeUndefined()
    await business.visitor().ok('signUp', { ...MARTHA, email, company: 'Not asked Ltd', address: '14 Pelican Quay' })
    expect(await userOf(business, email)).toMatchObject({ company: null, postal_address: '14 Pelican Quay' })
  })

  it('V-08 only addresses of the allowed domains sign up; a domain is not what ends like it', async () => {
    const business = await shop()
    await settings(business, { sign_up_domains: ['quay.example'] })
    for (const email of ['a@post.example', 'a@evilquay.example', 'a@sub.quay.example', 'a@quay.example.evil.example']) {
      expect((await business.visitor().call('signUp', { ...MARTHA, email })).body.fields).toMatchObject({
        email: { code: 'domainNotAllowed' },
      })
    }
    await business.visitor().ok('signUp', { ...MARTHA, email: 'martha@Quay.example' })
    expect(await countOf(business, 'portal_users')).toBe(1)
  })

  it("C8 refuses passwords that are short, long, common or made of the person's own words", async () => {
    const business = await shop({ name: 'Kestrel Boilers' })
    const codes = await Promise.all(
      ['short', 'x'.repeat(129), 'qwertyuiop', 'kestrel2026', 'Okonkwo12'.padEnd(10, '!')].map(
        async (password) =>
          (await business.visitor().call('signUp', { ...MARTHA, email: address(), password })).body.fields?.password
            ?.code,
      ),
    )
    expect(codes).toEqual([
      'passwordTooShort',
      'passwordTooLong',
      'passwordCommon',
      'passwordContext',
      'passwordContext',
    ])
    expect(await countOf(business, 'portal_users')).toBe(0)
  })

  it('C6 twenty sign-ups at once make one profile with one open link and one mail', { repeats: 9 }, async () => {
    const business = await shop(),
      email = address()
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => business.visitor().call('signUp', { ...MARTHA, email })),
    )
    expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([200]))
    expect([
      await countOf(business, 'portal_users'),
      await countOf(business, 'tokens'),
      (await server.mailTo(email)).length,
    ]).toEqual([1, 1, 1])
  })

  it('E-67 PS-36 takes nothing that it does not ask: status, permissions and links cannot be sent along', async () => {
    const business = await shop()
    for (const extra of [
      { status: 'active' },
      { permissions: {} },
      { templates: [] },
      { portal: 'other' },
      { account_id: newId() },
    ]) {
      const reply = await business.visitor().call('signUp', { ...MARTHA, email: address(), ...extra })
      expect([reply.status, Object.values(reply.body.fields ?? {}).map((field) => field.code)]).toEqual([
        422,
        ['unknown'],
      ])
    }
  })
})
