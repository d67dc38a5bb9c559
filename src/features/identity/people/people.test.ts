import { describe, expect, it } from 'vitest'
import { startTestServer, linkIn, PASSWORD } from '../../../../test/test-server.ts'

const NEW_PASSWORD = 'seven quiet lanterns'
const resetToken = async (email: string) =>
  linkIn((await (await startTestServer()).mailTo(email)).at(-1), /http\S+\/office\/reset-password\/\S+/)
    .split('/')
    .at(-1)!

describe('a forgotten password', () => {
  it('E-63 a request changes nothing and is answered alike for an unknown address', async () => {
    const { business, anyone, mailTo } = await startTestServer()
    const { owner } = await business()
    const [known, unknown] = [
      await anyone().call('requestPasswordReset', { email: owner.email }),
      await anyone().call('requestPasswordReset', { email: 'nobody@post.example' }),
    ]
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text])
    expect((await anyone().call('signIn', { email: owner.email, password: PASSWORD })).status).toBe(200)
    expect(await mailTo(owner.email)).toHaveLength(1)
    expect(await mailTo('nobody@post.example')).toHaveLength(0)
  })

  it('PS-53 the link is on the main host and works once, within an hour; it ends every session', async () => {
    const { business, anyone, url, clock, mailTo } = await startTestServer()
    const { owner } = await business()
    await anyone().ok('requestPasswordReset', { email: owner.email.toUpperCase() })
    const link = linkIn((await mailTo(owner.email)).at(-1), /http\S+reset-password\S+/)
    expect(new URL(link).origin).toBe(url.origin)
    const token = link.split('/').at(-1)!
    clock.advance(3600_000 - 1_000)
    const here = anyone()
    await here.ok('signIn', { email: owner.email, password: PASSWORD })
    expect((await anyone().ok('getPasswordReset', { token })).status).toBe('open')
    await anyone().ok('resetPassword', { token, password: NEW_PASSWORD })
    expect((await here.call('getCurrentUser')).status).toBe(401)
    expect((await anyone().call('signIn', { email: owner.email, password: PASSWORD })).status).toBe(401)
    expect((await anyone().call('signIn', { email: owner.email, password: NEW_PASSWORD })).status).toBe(200)
    expect((await anyone().ok('getPasswordReset', { token })).status).toBe('used')
    expect((await anyone().call('resetPassword', { token, password: 'eleven loud kettles' })).body.code).toBe(
      'resetClosed',
    )
  })

  it('C4 the link expires after an hour', async () => {
    const { business, anyone, clock } = await startTestServer()
    const { owner } = await business()
    await anyone().ok('requestPasswordReset', { email: owner.email })
    const token = await resetToken(owner.email)
    clock.advance(3600_000)
    expect((await anyone().ok('getPasswordReset', { token })).status).toBe('expired')
    expect((await anyone().call('resetPassword', { token, password: NEW_PASSWORD })).body.code).toBe('resetClosed')
  })

  it('C5 opening the link, twice and by HEAD, changes nothing and signs nobody in', async () => {
    const { business, anyone } = await startTestServer()
    const { owner } = await business()
    await anyone().ok('requestPasswordReset', { email: owner.email })
    const token = await resetToken(owner.email)
    const scanner = anyone()
    for (const method of ['GET', 'HEAD', 'GET'])
      await scanner.request(method, `/api/v1/people/password-resets/${token}`)
    expect(scanner.cookies.size).toBe(0)
    expect((await scanner.ok('getPasswordReset', { token })).status).toBe('open')
  })

  it('C6 of twenty simultaneous resets exactly one sets the password', async () => {
    const { business, anyone } = await startTestServer()
    const { owner } = await business()
    await anyone().ok('requestPasswordReset', { email: owner.email })
    const token = await resetToken(owner.email)
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) => anyone().call('resetPassword', { token, password: `${NEW_PASSWORD} ${n}` })),
    )
    expect(all.filter((each) => each.status === 200)).toHaveLength(1)
  })

  it('PS-45 E-70 tokens and passwords are stored hashed, and are deleted from the outbox once the mail is sent', async () => {
    const { business, anyone, stored } = await startTestServer()
    const { owner, id } = await business()
    await anyone().ok('requestPasswordReset', { email: owner.email })
    const token = await resetToken(owner.email)
    const everything = JSON.stringify(
      await stored(async (db) => [
        await db.selectFrom('people_tokens').selectAll().execute(),
        await db.selectFrom('outbox').selectAll().where('account_id', '=', id).execute(),
        await db.selectFrom('people').selectAll().execute(),
      ]),
    )
    expect(everything).not.toContain(token)
    expect(everything).not.toContain(PASSWORD)
  })

  it('PS-51 a portal user with the same address keeps password and session', async () => {
    const { business, anyone } = await startTestServer()
    const b = await business()
    const twin = await b.portalUser({ email: b.owner.email })
    await anyone().ok('requestPasswordReset', { email: b.owner.email })
    await anyone().ok('resetPassword', { token: await resetToken(b.owner.email), password: NEW_PASSWORD })
    const kept = await (
      await startTestServer()
    ).stored((db) =>
      db
        .selectFrom('portal_sessions')
        .select('id')
        .where('account_id', '=', b.id)
        .where('subject_id', '=', twin.id)
        .execute(),
    )
    expect(kept).toHaveLength(1)
  })
})

describe('password, name and sessions of a person', () => {
  it('PS-47 a new password needs the current one, and ends the other sessions', async () => {
    const { business, anyone } = await startTestServer()
    const { owner } = await business()
    const elsewhere = anyone()
    await elsewhere.ok('signIn', { email: owner.email, password: PASSWORD })
    const wrong = await owner.call('changePassword', { currentPassword: 'not this one', password: NEW_PASSWORD })
    expect(wrong.body.fields?.currentPassword?.code).toBe('wrongPassword')
    await elsewhere.ok('getCurrentUser')
    await owner.ok('changePassword', { currentPassword: PASSWORD, password: NEW_PASSWORD })
    expect((await elsewhere.call('getCurrentUser')).status).toBe(401)
    await owner.ok('getCurrentUser')
  })

  it('a changed and a reset password are reported by email, which offers to reset it', async () => {
    const { business, anyone, mailTo } = await startTestServer()
    const { owner } = await business()
    await owner.ok('changePassword', { currentPassword: PASSWORD, password: NEW_PASSWORD })
    const changed = (await mailTo(owner.email)).at(-1)!
    expect(changed.subject).toMatch(/^Your .+ password was changed$/)
    expect(changed.text).toContain('/office/forgot-password')
    await anyone().ok('requestPasswordReset', { email: owner.email })
    await anyone().ok('resetPassword', { token: await resetToken(owner.email), password: 'eleven loud kettles' })
    const subjects = (await mailTo(owner.email)).map(({ subject }) => subject)
    expect(subjects).toHaveLength(3)
    expect(subjects[2]).toBe(changed.subject)
  })

  it("PS-47 signing in ends the browser's previous session", async () => {
    const { business, anyone } = await startTestServer()
    const { owner } = await business()
    const browser = anyone(),
      planted = anyone()
    await browser.ok('signIn', { email: owner.email, password: PASSWORD })
    for (const [name, value] of browser.cookies) planted.cookies.set(name, value)
    await browser.ok('signIn', { email: owner.email, password: PASSWORD })
    expect((await planted.call('getCurrentUser')).status).toBe(401)
    await browser.ok('getCurrentUser')
  })

  it('a person lists and ends their sessions; the session of another person is not found', async () => {
    const { business, anyone } = await startTestServer()
    const one = await business(),
      two = await business()
    const elsewhere = anyone()
    await elsewhere.ok('signIn', { email: one.owner.email, password: PASSWORD })
    const { sessions } = await one.owner.ok('listSessions')
    expect(sessions.filter((each) => each.current)).toHaveLength(1)
    const other = sessions.find((each) => !each.current)!
    expect((await two.owner.call('endSession', { session: other.id })).status).toBe(404)
    await elsewhere.ok('getCurrentUser')
    await one.owner.ok('endSession', { session: other.id })
    expect((await elsewhere.call('getCurrentUser')).status).toBe(401)
  })

  it('C4 a session ends after an hour without a request, and after 24 hours in any case', async () => {
    const { business, anyone, clock } = await startTestServer()
    const { owner } = await business()
    const idle = anyone()
    await idle.ok('signIn', { email: owner.email, password: PASSWORD })
    clock.advance(3600_000)
    expect((await idle.call('getCurrentUser')).status).toBe(401)
    const busy = anyone()
    await busy.ok('signIn', { email: owner.email, password: PASSWORD })
    for (let half = 0; half < 47; half++) {
      clock.advance(1800_000)
      await busy.ok('getCurrentUser')
    }
    clock.advance(1800_000)
    expect((await busy.call('getCurrentUser')).status).toBe(401)
  })

  it('E-64 wrong, unknown, invited and deactivated are answered alike', async () => {
    const { business, anyone } = await startTestServer()
    const { owner } = await business()
    const email = `w.${Math.random().toString(36).slice(2)}@post.example`
    await owner.ok('inviteStaff', { email, role: 'worker' })
    const answers = await Promise.all(
      [owner.email, 'nobody@post.example', email].map((each) =>
        anyone().call('signIn', { email: each, password: 'wrong password' }),
      ),
    )
    expect(new Set(answers.map(({ status, body }) => JSON.stringify({ status, ...body, requestId: '' }))).size).toBe(1)
  })

  it('colleagues see a changed name', async () => {
    const { business } = await startTestServer()
    const { owner } = await business()
    await owner.ok('updateCurrentUser', { name: 'Ruth Calloway-Finch' })
    expect((await owner.ok('getOffice')).me.name).toBe('Ruth Calloway-Finch')
  })
})
