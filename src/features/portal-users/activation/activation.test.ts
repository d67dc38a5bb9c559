import { beforeAll, describe, expect, it } from 'vitest'
import {
  startTestServer,
  linkIn,
  PASSWORD,
  type Business,
  type BusinessOptions,
  type TestServer,
  type Person,
} from '../../../../test/test-server.ts'
import { newToken } from '../../../platform/secrets.ts'
import { sendActivation, sendEmailChange, type Recipient, type Sending } from '../messages.ts'
import { emitMessages } from '../../../platform/delivery/outbox.ts'
import { newId } from '../../../platform/ids.ts'

let at: TestServer
beforeAll(async () => {
  at = await startTestServer()
})

const MARTHA = { name: 'Martha Okonkwo', phone: '07700 900 318', password: 'a kettle in the harbour' }
let people = 0
const address = () => `martha.${++people}@post.example`
const shop = (options?: BusinessOptions) => at.business(options)
const hour = 3600_000,
  day = 24 * hour

const tokenFor = async (email: string) =>
  (/\/activate\/([\w-]+)/.exec(linkIn((await at.mailTo(email)).at(-1))) ?? [])[1]!
const userOf = (business: Business, email: string) =>
  at.stored((db) =>
    db
      .selectFrom('portal_users')
      .selectAll()
      .where('account_id', '=', business.id)
      .where('email_norm', '=', email.toLowerCase())
      .executeTakeFirst(),
  )
const countOf = (business: Business, table: 'portal_users' | 'portal_sessions' | 'tokens' | 'outbox') =>
  at.stored(async (db) =>
    Number(
      (
        await db
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<string>().as('n'))
          .where('account_id', '=', business.id)
          .executeTakeFirstOrThrow()
      ).n,
    ),
  )
const settings = (business: Business, set: object) =>
  at.stored((db) => db.updateTable('portal_settings').set(set).where('account_id', '=', business.id).execute())
const setUser = (business: Business, email: string, set: object) =>
  at.stored((db) =>
    db
      .updateTable('portal_users')
      .set(set)
      .where('account_id', '=', business.id)
      .where('email_norm', '=', email)
      .execute(),
  )
const isIn = async (person: Person) => (await person.call('getCurrentPortalUser')).status === 200

/** What a handler of the office does: the sending in one transaction of its own. */
const office = (business: Business, work: (ctx: Sending) => Promise<void>) =>
  at.stored((db) =>
    work({
      db,
      account: business,
      now: at.clock.now(),
      newId,
      emit: async (emission) => {
        await emitMessages(db, business.id, [emission], { now: at.clock.now(), host: 'portico.example' })
      },
    }),
  )
async function invite(business: Business, email = address()): Promise<string> {
  const user = { id: newId(), email, name: null, locale: 'en', password_hash: null } satisfies Recipient
  await at.stored((db) =>
    db
      .insertInto('portal_users')
      .values({
        ...user,
        account_id: business.id,
        email_norm: email,
        status: 'invited',
        search_text: email,
        created_at: at.clock.now(),
        updated_at: at.clock.now(),
      })
      .execute(),
  )
  await office(business, (ctx) => sendActivation(ctx, user))
  return email
}

describe('signUp', () => {
  it('CP-10 CP-11 CP-13 sending the form signs nobody in, and leaves a profile that waits for the mailed link', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    expect(await visitor.ok('signUp', { ...MARTHA, email: ` ${email.toUpperCase()} ` })).toEqual({
      email: email.toUpperCase(),
    })
    expect(visitor.cookies.size).toBe(0)
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
    const [mail, ...more] = await at.mailTo(email)
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
      const [mail] = await at.mailTo(email)
      expect(mail!.html).toContain('Confirm your email')
      expect(mail!.text).not.toContain(name)
    }
    const email = address()
    await business.visitor().ok('signUp', { ...MARTHA, name: "Dr. Siân O'Hara-Łuczak, jr.", email })
    expect((await at.mailTo(email))[0]!.text).toContain("Hello Dr. Siân O'Hara-Łuczak, jr., confirm your email")
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
    expect([taken.status, Object.keys(taken.body), taken.headers['set-cookie']]).toEqual([
      fresh.status,
      Object.keys(fresh.body),
      undefined,
    ])
    expect((await at.mailTo(known.email)).map((mail) => mail.subject)).toEqual([
      'You already have an account at Harbour Appliance Repair',
    ])
    expect(await userOf(business, known.email)).toMatchObject({ status: 'active', name: 'Eleanor Finch' })
    await known.ok('signInToPortal', { email: known.email, password: PASSWORD })
  })

  it('E-01 signing up twice with the same password mails a fresh link, but not within the same minute', async () => {
    const business = await shop(),
      email = address()
    await business.visitor().ok('signUp', { ...MARTHA, email })
    const first = await tokenFor(email)
    await business.visitor().ok('signUp', { ...MARTHA, email })
    expect(await at.mailTo(email)).toHaveLength(1)
    at.clock.advance(2 * 60_000)
    await business.visitor().ok('signUp', { ...MARTHA, email })
    const second = await tokenFor(email)
    expect(await at.mailTo(email)).toHaveLength(2)
    expect(await business.visitor().ok('getActivation', { token: first })).toMatchObject({ status: 'replaced' })
    expect(await business.visitor().ok('getActivation', { token: second })).toMatchObject({
      status: 'open',
      way: 'activation',
    })
  })

  it('nobody prepares an account for somebody else: a second sign-up with another password drops both, and the link asks for a new one', async () => {
    const business = await shop(),
      attacker = business.visitor(),
      owner = business.visitor(),
      email = address()
    await attacker.ok('signUp', { ...MARTHA, email, password: 'the one that I know' })
    at.clock.advance(2 * 60_000)
    await owner.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    expect(await owner.ok('getActivation', { token })).toMatchObject({ status: 'open', way: 'invitation', name: null })
    await owner.ok('acceptInvitation', { token, name: 'Martha Okonkwo', password: 'only mine this time' })
    expect((await attacker.call('signInToPortal', { email, password: 'the one that I know' })).status).toBe(401)
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
      (await at.mailTo(email)).length,
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

  it('E-05 C5 opening the link changes nothing and signs nobody in, however often a scanner does', async () => {
    const business = await shop(),
      scanner = business.visitor(),
      email = address()
    await business.visitor().ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email),
      before = await userOf(business, email)
    for (let n = 0; n < 3; n++)
      expect(await scanner.ok('getActivation', { token })).toEqual({
        status: 'open',
        way: 'activation',
        email,
        name: 'Martha Okonkwo',
      })
    await scanner.request('HEAD', `/api/v1/portal/${business.slug}/activations/${token}`)
    expect(scanner.cookies.size).toBe(0)
    expect(await userOf(business, email)).toEqual(before)
  })

  it('CP-17 E-04 the same link later signs nobody in: it only knows whose sign-in page to open', async () => {
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

  it('E-06 C4 a link works for 7 days to the second, then offers a new one to the same address', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    at.clock.advance(7 * day - 1000)
    expect(await visitor.ok('getActivation', { token })).toMatchObject({ status: 'open' })
    at.clock.advance(1000)
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
        email = address()
      await business.visitor().ok('signUp', { ...MARTHA, email })
      const token = await tokenFor(email)
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => business.visitor().call('activateAccount', { token })),
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
      email = address()
    await business.visitor().ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2
          ? business.visitor().call('activateAccount', { token })
          : business.visitor().call('resendActivation', { email }),
      ),
    )
    expect(replies.filter((reply) => reply.status >= 500)).toEqual([])
    const open = await at.stored((db) =>
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
    const rows = await at.stored((db) =>
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

describe('acceptInvitation', () => {
  it('CP-18 CP-19 the invitation needs an address alone, and its mail asks nothing else of the business', async () => {
    const business = await shop({ public: false }),
      email = await invite(business)
    const [mail] = await at.mailTo(email)
    expect(mail!.subject).toBe('You’ve been invited to Harbour Appliance Repair’s customer portal')
    expect(await business.visitor().ok('getActivation', { token: await tokenFor(email) })).toEqual({
      status: 'open',
      way: 'invitation',
      email,
      name: null,
    })
    expect(await userOf(business, email)).toMatchObject({ status: 'invited', name: null, password_hash: null })
  })

  it('CP-20 CP-22 CP-23 one form with details and password signs in, activates and names', async () => {
    const business = await shop({ public: false }),
      email = await invite(business),
      visitor = business.visitor()
    await visitor.ok('acceptInvitation', { ...MARTHA, token: await tokenFor(email) })
    expect((await visitor.ok('getCurrentPortalUser')).name).toBe('Martha Okonkwo')
    expect(await userOf(business, email)).toMatchObject({
      status: 'active',
      name: 'Martha Okonkwo',
      phone: MARTHA.phone,
    })
    await business.visitor().ok('signInToPortal', { email, password: MARTHA.password })
  })

  it('CP-21 E-07 half-way is not in: a refused or abandoned form leaves the user not activated and the link good', async () => {
    const business = await shop({ public: false }),
      email = await invite(business),
      visitor = business.visitor()
    const token = await tokenFor(email)
    await visitor.ok('getActivation', { token })
    expect((await visitor.call('acceptInvitation', { token, password: MARTHA.password })).body.fields).toMatchObject({
      name: { code: 'required' },
    })
    expect((await visitor.call('acceptInvitation', { ...MARTHA, token, password: 'short' })).status).toBe(422)
    expect((await visitor.call('activateAccount', { token })).body.code).toBe('detailsMissing')
    expect([await isIn(visitor), (await userOf(business, email))!.status]).toEqual([false, 'invited'])
    await visitor.ok('acceptInvitation', { ...MARTHA, token })
    expect(await isIn(visitor)).toBe(true)
  })

  it('CP-08 C6 twenty forms at once: one is taken, with its own answers', { repeats: 9 }, async () => {
    const business = await shop({ public: false }),
      email = await invite(business)
    const token = await tokenFor(email)
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        business.visitor().call('acceptInvitation', { ...MARTHA, token, name: `Martha ${n}` }),
      ),
    )
    const won = replies.flatMap((reply, n) => (reply.status === 200 ? [n] : []))
    expect(won).toHaveLength(1)
    expect((await userOf(business, email))!.name).toBe(`Martha ${won[0]}`)
    expect(await countOf(business, 'portal_sessions')).toBe(1)
  })

  it('E-11 removing the user while the form is open stores nothing', async () => {
    const business = await shop({ public: false }),
      email = await invite(business),
      visitor = business.visitor()
    const token = await tokenFor(email)
    await setUser(business, email, { status: 'removed' })
    expect((await visitor.call('acceptInvitation', { ...MARTHA, token })).status).toBe(404)
    expect([await userOf(business, email), await countOf(business, 'portal_sessions')]).toMatchObject([
      { name: null, password_hash: null },
      0,
    ])
  })
})

describe('resendActivation', () => {
  it('E-03 PS-44 a resend ends the older link; more clicks in the same minute send nothing more', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const first = await tokenFor(email)
    for (let n = 0; n < 4; n++) await visitor.ok('resendActivation', { email })
    expect(await at.mailTo(email)).toHaveLength(2)
    expect((await visitor.call('activateAccount', { token: first })).body.code).toBe('linkReplaced')
    await visitor.ok('activateAccount', { token: await tokenFor(email) })
  })

  it('E-06 sends to the address itself only, and answers alike for everybody', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      known = await business.portalUser(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    await tokenFor(email)
    at.clock.advance(hour)
    const replies = await Promise.all(
      [email, known.email, 'nobody@nowhere.example'].map((each) => visitor.call('resendActivation', { email: each })),
    )
    expect(new Set(replies.map((reply) => `${reply.status} ${reply.text}`)).size).toBe(1)
    expect([
      (await at.mailTo(email)).length,
      (await at.mailTo(known.email)).length,
      (await at.mailTo('nobody@nowhere.example')).length,
    ]).toEqual([2, 0, 0])
  })

  it('C2 a stranger causes at most five mails to one address in an hour, through all doors together', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      known = await business.portalUser({ signedIn: false })
    for (let n = 0; n < 4; n++) {
      await visitor.ok('signUp', { ...MARTHA, email: known.email })
      await visitor.ok('requestPortalPasswordReset', { email: known.email })
      await visitor.ok('resendActivation', { email: known.email })
      at.clock.advance(5 * 60_000)
    }
    expect((await at.mailTo(known.email)).length).toBeLessThanOrEqual(5)
  })

  it('E-10 a link mailed to an address that was changed since opens nothing and renews nothing', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address(),
      changed = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    await setUser(business, email, { email: changed, email_norm: changed })
    const user = (await userOf(business, changed))!
    await office(business, (ctx) => sendActivation(ctx, user))
    expect(await visitor.ok('getActivation', { token })).toEqual({
      status: 'replaced',
      way: 'activation',
      email: null,
      name: null,
    })
    expect((await visitor.call('activateAccount', { token })).body.code).toBe('linkReplaced')
    expect((await visitor.call('renewActivation', { token })).body.code).toBe('linkReplaced')
    expect(await at.mailTo(changed)).toHaveLength(1)
    await visitor.ok('activateAccount', { token: await tokenFor(changed) })
  })
})

describe('confirmEmailChange', () => {
  const changing = async (business: Business) => {
    const known = await business.portalUser(),
      newEmail = address(),
      user = (await userOf(business, known.email))!
    await office(business, (ctx) => sendEmailChange(ctx, user, newEmail))
    const token = /\/confirm-email\/([\w-]+)/.exec(linkIn((await at.mailTo(newEmail)).at(-1)))![1]!
    return { known, newEmail, token }
  }

  it('E-10 the new address is confirmed at itself before anybody signs in with it; the old one is told', async () => {
    const business = await shop(),
      visitor = business.visitor()
    const { known, newEmail, token } = await changing(business)
    expect((await visitor.call('signInToPortal', { email: newEmail, password: PASSWORD })).status).toBe(401)
    await business.visitor().ok('signInToPortal', { email: known.email, password: PASSWORD })
    expect(await visitor.ok('getEmailChange', { token })).toEqual({ status: 'open', email: known.email, newEmail })
    expect((await userOf(business, known.email))?.pending_email).toBe(newEmail)
    expect(await visitor.ok('confirmEmailChange', { token })).toEqual({ email: newEmail })
    expect(await isIn(known)).toBe(false)
    expect((await visitor.call('signInToPortal', { email: known.email, password: PASSWORD })).status).toBe(401)
    await visitor.ok('signInToPortal', { email: newEmail, password: PASSWORD })
    expect((await at.mailTo(known.email)).at(-1)!.subject).toMatch(/email .* was changed/)
    expect((await visitor.call('confirmEmailChange', { token })).body.code).toBe('linkUsed')
  })

  it('E-01 an address that somebody else took meanwhile is not taken over, and the link says so', async () => {
    const business = await shop(),
      visitor = business.visitor()
    const { known, newEmail, token } = await changing(business)
    await business.portalUser({ email: newEmail, signedIn: false })
    const reply = await visitor.call('confirmEmailChange', { token })
    expect([reply.status, reply.body.code]).toEqual([409, 'addressTaken'])
    expect((await userOf(business, known.email))?.status).toBe('active')
    expect(await isIn(known)).toBe(true)
  })

  it('C4 the link to confirm an address works for 24 hours and is replaced by a newer change', async () => {
    const business = await shop(),
      visitor = business.visitor()
    const { known, token } = await changing(business)
    at.clock.advance(day)
    expect((await visitor.call('confirmEmailChange', { token })).body.code).toBe('linkExpired')
    const user = (await userOf(business, known.email))!,
      later = address()
    await office(business, (ctx) => sendEmailChange(ctx, user, address()))
    await office(business, (ctx) => sendEmailChange(ctx, user, later))
    expect(await at.mailTo(later)).toHaveLength(1)
  })

  it('who tries links without end is told to wait, not whether one was right', async () => {
    const shop = await at.business()
    const visitor = shop.visitor()
    const replies = []
    for (let index = 0; index < 63; index++)
      replies.push((await visitor.call('renewActivation', { token: 'A'.repeat(43) })).status)
    expect(new Set(replies.slice(0, 60))).toEqual(new Set([404]))
    expect(replies.slice(60)).toEqual([429, 429, 429])
  })
})
