import { describe, expect, it } from 'vitest'
import { startTestServer, linkIn, PASSWORD } from '../../../test/test-server.ts'

const tokenOf = (link: string) => link.split('/').at(-1)!
const invited = async (email: string) =>
  tokenOf(linkIn((await (await startTestServer()).mailTo(email)).at(-1), /http\S+\/office\/join\/\S+/))
const fresh = () => `new.${Math.random().toString(36).slice(2)}@post.example`
const NEW_PASSWORD = 'nine green buckets'

describe('inviting staff', () => {
  it('C3 C4 a new person joins with the link in the mail, once, and chooses a name and password', async () => {
    const { business, anyone } = await startTestServer()
    const { owner, slug } = await business({ name: 'Harbour Appliance Repair' })
    const email = fresh()
    await owner.ok('inviteStaff', { email, role: 'dispatcher' })
    const token = await invited(email)
    const dan = anyone()
    const { status, invitation } = await dan.ok('getStaffInvitation', { token })
    expect({ status, next: invitation?.next, business: invitation?.business, role: invitation?.role }).toEqual({
      status: 'open',
      next: 'new',
      business: 'Harbour Appliance Repair',
      role: 'dispatcher',
    })
    const weak = await dan.call('acceptStaffInvitation', { token, name: 'Dan Price', password: 'short' })
    expect(weak.body.fields?.password?.code).toBe('passwordTooShort')
    expect((await dan.ok('acceptStaffInvitation', { token, name: 'Dan Price', password: NEW_PASSWORD })).slug).toBe(
      slug,
    )
    expect((await dan.ok('getOffice', {}, { slug })).me).toMatchObject({ name: 'Dan Price', role: 'dispatcher' })
    expect((await anyone().ok('getStaffInvitation', { token })).status).toBe('accepted')
    expect(
      (await anyone().call('acceptStaffInvitation', { token, name: 'Eve', password: NEW_PASSWORD })).body.code,
    ).toBe('invitationClosed')
  })

  it('PS-44 the link expires after exactly seven days, and stops working when a newer one is sent', async () => {
    const { business, anyone, clock, mailTo } = await startTestServer()
    const { owner } = await business()
    const email = fresh()
    const { id: member } = await owner.ok('inviteStaff', { email, role: 'worker' })
    const first = await invited(email)
    clock.advance(2_000)
    await owner.ok('resendStaffInvitation', { member })
    const second = tokenOf(linkIn((await mailTo(email)).at(-1), /http\S+\/office\/join\/\S+/))
    expect(second).not.toBe(first)
    expect((await anyone().ok('getStaffInvitation', { token: first })).status).toBe('replaced')
    expect(
      (await anyone().call('acceptStaffInvitation', { token: first, name: 'A', password: NEW_PASSWORD })).body.code,
    ).toBe('invitationClosed')
    clock.advance(7 * 24 * 3600_000 - 1_000)
    expect((await anyone().ok('getStaffInvitation', { token: second })).status).toBe('open')
    clock.advance(1_000)
    expect((await anyone().ok('getStaffInvitation', { token: second })).status).toBe('expired')
    expect(
      (await anyone().call('acceptStaffInvitation', { token: second, name: 'A', password: NEW_PASSWORD })).body.code,
    ).toBe('invitationClosed')
  })

  it('PS-43 a token that is empty, truncated, upper-cased or of another kind is refused', async () => {
    const { business, anyone } = await startTestServer()
    const { owner } = await business()
    const email = fresh()
    await owner.ok('inviteStaff', { email, role: 'worker' })
    const token = await invited(email)
    for (const wrong of [token.slice(0, -1), `${token}a`, token.toUpperCase(), 'é', '0', 'null']) {
      expect((await anyone().ok('getStaffInvitation', { token: wrong })).status).toBe('unknown')
      expect((await anyone().ok('getPasswordReset', { token })).status).toBe('unknown')
      expect((await anyone().ok('getSetUp', { token })).status).toBe('unknown')
    }
  })

  it('C6 twenty simultaneous acceptances create one member with one password', async () => {
    const { business, anyone, stored } = await startTestServer()
    const { owner, id } = await business()
    const email = fresh()
    await owner.ok('inviteStaff', { email, role: 'worker' })
    const token = await invited(email)
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        anyone().call('acceptStaffInvitation', { token, name: `Try ${n}`, password: `${NEW_PASSWORD} ${n}` }),
      ),
    )
    expect(all.filter((each) => each.status === 200)).toHaveLength(1)
    const sessions = await stored((db) =>
      db
        .selectFrom('people_sessions')
        .innerJoin('people', 'people.id', 'people_sessions.person_id')
        .select('people_sessions.id')
        .where('people.email', '=', email)
        .execute(),
    )
    expect(sessions).toHaveLength(1)
    const joined = await stored((db) =>
      db.selectFrom('audit').select('id').where('account_id', '=', id).where('event', '=', 'staffJoined').execute(),
    )
    expect(joined).toHaveLength(1)
  })

  it('PS-47 PS-54 a person with a login joins with it; the invitation never sets their password', async () => {
    const { business, anyone } = await startTestServer()
    const one = await business(),
      two = await business({ name: 'Northside Heating' })
    await two.owner.ok('inviteStaff', { email: one.owner.email, role: 'admin' })
    const token = await invited(one.owner.email)
    expect((await anyone().ok('getStaffInvitation', { token })).invitation?.next).toBe('signIn')
    const stranger = await anyone().call('acceptStaffInvitation', { token, name: 'Eve', password: NEW_PASSWORD })
    expect(stranger.body.code).toBe('passwordExists')
    expect((await anyone().call('acceptStaffInvitation', { token })).status).toBe(401)
    const other = await business()
    expect((await other.owner.ok('getStaffInvitation', { token })).invitation?.next).toBe('other')
    expect((await other.owner.call('acceptStaffInvitation', { token })).body.code).toBe('wrongPerson')
    const typed = await one.owner.call('acceptStaffInvitation', { token, password: NEW_PASSWORD })
    expect(typed.body.code).toBe('passwordExists')
    await one.owner.ok('acceptStaffInvitation', { token })
    expect((await one.owner.ok('getCurrentUser')).accounts.map((each) => each.slug).sort()).toEqual(
      [one.slug, two.slug].sort(),
    )
    expect((await anyone().call('signIn', { email: one.owner.email, password: PASSWORD })).status).toBe(200)
    expect((await anyone().call('signIn', { email: one.owner.email, password: NEW_PASSWORD })).status).toBe(401)
  })

  it('C6 two invitations of a new person accepted at once set one password, and the other is refused with words', async () => {
    const { business, anyone } = await startTestServer()
    for (let round = 0; round < 4; round++) {
      const email = fresh()
      const slugs: string[] = []
      const tokens: string[] = []
      for (const { owner, slug } of [await business(), await business()]) {
        await owner.ok('inviteStaff', { email, role: 'worker' })
        slugs.push(slug)
        tokens.push(await invited(email))
      }
      const passwords = ['brass kettle on a shelf', 'copper lantern at the gate'] as const
      const accept = (at: 0 | 1) =>
        anyone().call('acceptStaffInvitation', { token: tokens[at]!, name: 'Dan Price', password: passwords[at] })
      const replies = await Promise.all([accept(0), accept(1)])
      expect(replies.map((each) => each.status).sort()).toEqual([200, 409])
      const [won, lost] = replies[0].status === 200 ? ([0, 1] as const) : ([1, 0] as const)
      expect(replies[lost].body).toMatchObject({
        code: 'passwordExists',
        title: 'You already have a password. The password you entered here wasn’t saved.',
      })
      const dan = anyone()
      expect((await dan.call('signIn', { email, password: passwords[lost] })).status).toBe(401)
      await dan.ok('signIn', { email, password: passwords[won] })
      // The same in a form that was opened before: what is typed is refused, and joining needs no password.
      const typed = await dan.call('acceptStaffInvitation', { token: tokens[lost]!, password: passwords[lost] })
      expect(typed.body.code).toBe('passwordExists')
      await dan.ok('acceptStaffInvitation', { token: tokens[lost]! })
      expect((await dan.ok('getCurrentUser')).accounts.map((each) => each.slug).sort()).toEqual(slugs.sort())
    }
  })

  it('PS-40 an admin cannot invite, change or deactivate an owner; dispatchers and workers cannot invite anyone', async () => {
    const { business } = await startTestServer()
    const b = await business()
    const admin = await b.staff('admin'),
      dispatcher = await b.staff('dispatcher'),
      worker = await b.staff('worker')
    expect((await admin.call('inviteStaff', { email: fresh(), role: 'owner' })).body.code).toBe('ownersOnly')
    expect((await admin.call('changeStaffRole', { member: dispatcher.id, role: 'owner' })).body.code).toBe('ownersOnly')
    expect((await admin.call('deactivateStaff', { member: b.owner.id })).body.code).toBe('ownersOnly')
    expect((await admin.call('changeStaffRole', { member: b.owner.id, role: 'worker' })).body.code).toBe('ownersOnly')
    expect((await admin.ok('listStaff')).mayInvite).toEqual(['admin', 'dispatcher', 'worker'])
    for (const low of [dispatcher, worker]) {
      expect((await low.call('inviteStaff', { email: fresh(), role: 'worker' })).status).toBe(403)
      expect((await low.call('listStaff')).status).toBe(403)
    }
    await admin.ok('inviteStaff', { email: fresh(), role: 'admin' })
  })

  it('a person who is invited or a member already cannot be invited again', async () => {
    const { business } = await startTestServer()
    const b = await business()
    const worker = await b.staff('worker')
    const email = fresh()
    await b.owner.ok('inviteStaff', { email, role: 'worker' })
    expect((await b.owner.call('inviteStaff', { email: email.toUpperCase(), role: 'admin' })).body.code).toBe(
      'alreadyInvited',
    )
    expect((await b.owner.call('inviteStaff', { email: worker.email, role: 'admin' })).body.code).toBe('alreadyStaff')
  })
})

describe('deactivating staff', () => {
  it('PS-48 a deactivated member loses access to this account at the next request, but not to others', async () => {
    const { business } = await startTestServer()
    const one = await business(),
      two = await business()
    const ann = await one.staff('admin', 'Ann Hale')
    await two.owner.ok('inviteStaff', { email: ann.email, role: 'worker' })
    await ann.ok('acceptStaffInvitation', { token: await invited(ann.email) })
    await ann.ok('getOffice')
    await one.owner.ok('deactivateStaff', { member: ann.id })
    expect((await ann.call('getOffice')).status).toBe(404)
    expect((await ann.ok('getOffice', {}, { slug: two.slug })).me.role).toBe('worker')
    expect((await ann.ok('getCurrentUser')).accounts.map((each) => each.slug)).toEqual([two.slug])
    await one.owner.ok('reactivateStaff', { member: ann.id })
    await ann.ok('getOffice')
  })

  it('the last owner cannot be deactivated, and nobody can deactivate themselves', async () => {
    const { business } = await startTestServer()
    const b = await business()
    const second = await b.staff('owner')
    expect((await b.owner.call('deactivateStaff', { member: b.owner.id })).body.code).toBe('notYourself')
    await second.ok('changeStaffRole', { member: b.owner.id, role: 'admin' })
    expect((await b.owner.call('deactivateStaff', { member: second.id })).body.code).toBe('ownersOnly')
    expect((await second.ok('listStaff')).members.find((each) => each.id === second.id)?.lastOwner).toBe(true)
  })

  it('two owners who deactivate each other at once leave one owner', async () => {
    const { business, stored } = await startTestServer()
    for (let round = 0; round < 10; round++) {
      const b = await business()
      const second = await b.staff('owner')
      await Promise.all([
        b.owner.call('deactivateStaff', { member: second.id }),
        second.call('changeStaffRole', { member: b.owner.id, role: 'worker' }),
      ])
      const owners = await stored((db) =>
        db
          .selectFrom('staff_members')
          .select('id')
          .where('account_id', '=', b.id)
          .where('role', '=', 'owner')
          .where('status', '=', 'active')
          .execute(),
      )
      expect(owners.length).toBeGreaterThan(0)
    }
  })

  it('a member of another account is refused like one that does not exist', async () => {
    const { business } = await startTestServer()
    const one = await business(),
      two = await business()
    const worker = await two.staff('worker')
    const [foreign, absent] = await Promise.all([
      one.owner.call('deactivateStaff', { member: worker.id }),
      one.owner.call('deactivateStaff', { member: '01900000-0000-7000-8000-000000000000' }),
    ])
    expect(foreign.status).toBe(404)
    expect({ ...foreign.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' })
  })
})
