import { describe, expect, inject, it, vi } from 'vitest'
import { startTestServer, linkIn, startSeparateServer } from '../../../test/test-server.ts'

const fresh = () => `new.${Math.random().toString(36).slice(2)}@post.example`

describe('messages', () => {
  it('messages are listed with their result and can be filtered by recipient and status', async () => {
    const { business, mailTo } = await startTestServer()
    const { owner } = await business({ name: 'Harbour Appliance Repair' })
    const sent = fresh(),
      waiting = fresh()
    await owner.ok('inviteStaff', { email: sent, role: 'worker' })
    await mailTo(sent)
    await owner.ok('inviteStaff', { email: waiting, role: 'worker' })
    const all = await owner.ok('listMessages')
    expect(all.rows.map(({ to, status }) => [to, status])).toEqual([
      [waiting, 'waiting'],
      [sent, 'sent'],
    ])
    expect(all.rows[1]!.subject).toBe('Ruth Calloway invited you to join Harbour Appliance Repair')
    expect(all.counts).toMatchObject({ waiting: 1, sent: 1, failed: 0 })
    expect((await owner.ok('listMessages', { status: 'sent' })).rows.map((each) => each.to)).toEqual([sent])
    expect((await owner.ok('listMessages', { search: waiting.slice(0, 9) })).rows.map((each) => each.to)).toEqual([
      waiting,
    ])
    const { tries, message } = await owner.ok('getMessage', { message: all.rows[1]!.id })
    expect(tries.map((each) => each.outcome)).toEqual(['sent'])
    expect(message.sentAt).not.toBeNull()
  })

  it('pages have no gap and no repeated row', async () => {
    const { business } = await startTestServer()
    const { owner } = await business()
    for (let n = 0; n < 53; n++) await owner.ok('inviteStaff', { email: fresh(), role: 'worker' })
    const first = await owner.ok('listMessages')
    const second = await owner.ok('listMessages', { cursor: first.next! })
    expect([first.rows.length, second.rows.length, second.next]).toEqual([50, 3, null])
    expect(new Set([...first.rows, ...second.rows].map((each) => each.id)).size).toBe(53)
  })

  it('PS-45 no screen shows a sign-in link, neither in the text nor in the HTML of the mail', async () => {
    const { business, stored } = await startTestServer()
    const { owner, id } = await business()
    await owner.ok('inviteStaff', { email: fresh(), role: 'worker' })
    const row = await stored((db) =>
      db.selectFrom('outbox').select(['id', 'payload']).where('account_id', '=', id).executeTakeFirstOrThrow(),
    )
    const { token } = row.payload as { token: string }
    const seen =
      (await owner.call('getMessage', { message: row.id })).text +
      (await owner.call('listMessages')).text +
      (await owner.call('getMessageHtml', { message: row.id })).text
    expect(seen).toContain('••••')
    expect(seen).not.toContain(token)
    expect(seen).not.toContain('%E2%80%A2')
  })

  it('only an owner copies the link of a waiting invitation, which is audited; reset links cannot be copied', async () => {
    const { business, anyone, stored } = await startTestServer()
    const b = await business()
    const admin = await b.staff('admin')
    await b.owner.ok('inviteStaff', { email: fresh(), role: 'worker' })
    const [invitation] = (await b.owner.ok('listMessages')).rows
    expect((await admin.call('copyInvitationLink', { message: invitation!.id })).body.code).toBe('ownerOnly')
    const { link } = await b.owner.ok('copyInvitationLink', { message: invitation!.id })
    expect((await anyone().ok('getStaffInvitation', { token: link.split('/').at(-1)! })).status).toBe('open')
    const noted = await stored((db) =>
      db
        .selectFrom('audit')
        .select(['event', 'actor_name'])
        .where('account_id', '=', b.id)
        .where('event', '=', 'invitationLinkCopied')
        .execute(),
    )
    expect(noted).toEqual([{ event: 'invitationLinkCopied', actor_name: 'Ruth Calloway' }])
    await anyone().ok('requestPasswordReset', { email: b.owner.email })
    const [reset] = (await b.owner.ok('listMessages')).rows
    expect((await b.owner.call('copyInvitationLink', { message: reset!.id })).body.code).toBe('linkNotCopied')
  })

  it('a failed message is sent again; one that is sent, or has lost its link, is not', async () => {
    const { business, mailTo, stored, clock } = await startTestServer()
    const { owner, id } = await business()
    const email = fresh()
    await owner.ok('inviteStaff', { email, role: 'worker' })
    const [row] = (await owner.ok('listMessages')).rows
    const message = row!.id
    await stored((db) =>
      db
        .updateTable('outbox')
        .set({ status: 'failed', attempts: 12, last_result: 'No such mailbox' })
        .where('account_id', '=', id)
        .where('id', '=', message)
        .execute(),
    )
    expect((await owner.ok('getOfficeHome')).failedMessages).toBe(1)
    expect((await owner.ok('getMessage', { message })).can.resend).toBe(true)
    await owner.ok('resendMessage', { message })
    // Somebody waits for it.
    expect(
      await stored((db) => db.selectFrom('outbox').select('urgent').where('id', '=', message).executeTakeFirst()),
    ).toEqual({ urgent: true })
    clock.advance(1_000)
    linkIn((await mailTo(email)).at(-1), /office\/join\/\S+/)
    expect((await owner.call('resendMessage', { message })).body.code).toBe('messageSent')
    await stored((db) =>
      db
        .updateTable('outbox')
        .set({ status: 'failed' })
        .where('account_id', '=', id)
        .where('id', '=', message)
        .execute(),
    )
    expect((await owner.ok('getMessage', { message })).stuck).toBe('wiped')
    expect((await owner.call('resendMessage', { message })).body.code).toBe('messageWiped')
  })

  it('D1 a mail is sent once its transaction commits, and again on request, without waiting for the next sweep', async () => {
    const at = await startSeparateServer(inject('world'))
    try {
      const { owner, id } = await at.business()
      const arrived = (email: string) =>
        vi.waitFor(() => expect(at.mails.filter((mail) => mail.to?.[0]?.address === email)).toHaveLength(1), 10_000)
      const [given, asked] = [fresh(), fresh()]
      await owner.ok('inviteStaff', { email: given, role: 'worker' })
      await at.stored((db) => db.updateTable('outbox').set({ status: 'failed' }).where('account_id', '=', id).execute())
      at.app.deliverer.start()
      await at.app.deliverer.sweep()
      expect(at.mails).toHaveLength(0)
      await owner.ok('inviteStaff', { email: asked, role: 'worker' })
      await arrived(asked)
      const {
        rows: [row],
      } = await owner.ok('listMessages', { status: 'failed' })
      await owner.ok('resendMessage', { message: row!.id })
      await arrived(given)
    } finally {
      await at.close()
    }
  })

  it('workers see no messages, and a message of another business is not found', async () => {
    const { business } = await startTestServer()
    const one = await business(),
      two = await business()
    await one.owner.ok('inviteStaff', { email: fresh(), role: 'worker' })
    const [row] = (await one.owner.ok('listMessages')).rows
    expect((await (await one.staff('worker')).call('listMessages')).status).toBe(403)
    for (const name of ['getMessage', 'getMessageHtml', 'resendMessage', 'copyInvitationLink'] as const) {
      expect((await two.owner.call(name, { message: row!.id })).status, name).toBe(404)
    }
  })

  it('PS-62 there is no open mailbox outside the demo', async () => {
    const { business, anyone } = await startTestServer()
    const { owner } = await business()
    await owner.ok('inviteStaff', { email: fresh(), role: 'worker' })
    const [row] = (await owner.ok('listMessages')).rows
    for (const who of [anyone(), owner]) {
      expect((await who.call('listMailbox')).status).toBe(404)
      expect((await who.call('getMailboxMessage', { message: row!.id })).status).toBe(404)
      expect((await who.call('getMailboxHtml', { message: row!.id })).status).toBe(404)
    }
  })

  it('in the demo the mailbox shows the mail with a link that works', async () => {
    const demo = await startSeparateServer(inject('world'), { demo: true })
    try {
      const { owner } = await demo.business()
      const email = fresh()
      await owner.ok('inviteStaff', { email, role: 'worker' })
      const reader = demo.anyone()
      const [row] = (await reader.ok('listMailbox', { search: email })).rows
      const { message } = await reader.ok('getMailboxMessage', { message: row!.id })
      expect((await reader.ok('getStaffInvitation', { token: message.link!.split('/').at(-1)! })).status).toBe('open')
      const html = await reader.call('getMailboxHtml', { message: row!.id })
      expect(html.headers['content-security-policy']).toMatch(/default-src 'none'.*sandbox/)
      expect(html.headers['content-security-policy']).not.toContain('allow-scripts')
    } finally {
      await demo.close()
    }
  })
})
