/** Replies by email to tickets, through real SMTP in both directions. */
import { describe, expect, it } from 'vitest'
import { updatePortalSettings } from '../../../../test/portal.fixtures.ts'
import {
  addressFor,
  converse,
  createInboundScene,
  deliver,
  home,
  HOOK_SECRET,
  MAIL_IN_DOMAIN,
  newestMailTo,
  replyAddressOf,
  sendMail,
  storedOutcomes,
  writeMail,
  type InboundScene,
} from './inbound.fixtures.ts'

const QUOTE = '\n\nOn Tue, 12 Jan 2027 at 09:02, Harbour <x@y.example> wrote:\n> We are on our way.\n'
const conversation = async ({ dispatcher, ticket }: InboundScene) =>
  (await dispatcher.ok('getTicket', { ticket })).comments.slice(1).map(({ body, audience, by }) => ({
    body,
    audience,
    by: by.kind,
    name: by.name,
  }))
const inPortal = async ({ ana, ticket }: InboundScene) =>
  (await ana.ok('getPortalTicket', { ticket })).comments.slice(1).map(({ body }) => body)
const pdf = (size: number) =>
  Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(size, 0x20), Buffer.from('\n%%EOF')])

describe('an email about a ticket', () => {
  it('5C-2 has a reply address of its own for each recipient, says so, and belongs to one conversation', async () => {
    const scene = await createInboundScene()
    const { shop, customer, dispatcher, ticket, ana } = scene
    const naveed = await shop.portalUser({ customers: [customer] })
    await dispatcher.ok('addTicketComment', { ticket, audience: 'customer', body: 'We are on our way.' })
    const mail = await newestMailTo(ana)
    const other = (await home.mailTo(naveed.email)).at(-1)!
    expect(replyAddressOf(mail)).toMatch(new RegExp(`^reply\\+[\\da-f]{32}@${MAIL_IN_DOMAIN}$`))
    expect(replyAddressOf(other)).not.toBe(replyAddressOf(mail))
    expect(mail.text).toContain('You can reply to this email.')
    expect(mail.inReplyTo).toBe(other.inReplyTo)
    expect(mail.messageId).not.toBe(mail.inReplyTo)
    await dispatcher.ok('addTicketComment', { ticket, audience: 'customer', body: 'Almost there.' })
    const next = await newestMailTo(ana)
    expect([replyAddressOf(next), next.inReplyTo]).toEqual([replyAddressOf(mail), mail.inReplyTo])
  })

  it('has none for who may not reply, nor for a closed ticket', async () => {
    const scene = await createInboundScene()
    const { shop, dispatcher, ticket, ana } = scene
    const { version } = await dispatcher.ok('getTicket', { ticket })
    await dispatcher.ok('changeTicketStatus', { ticket, version, to: 'closed' })
    const closed = await newestMailTo(ana)
    expect(replyAddressOf(closed)).not.toContain(MAIL_IN_DOMAIN)
    expect(closed.text).not.toContain('You can reply to this email.')
    const { switches } = await shop.owner.ok('getPortalSettings')
    await updatePortalSettings(shop, { switches: { ...switches, replyTickets: false } })
    await dispatcher.ok('addTicketComment', { ticket, audience: 'customer', body: 'Anything else?' })
    expect(replyAddressOf(await newestMailTo(ana))).not.toContain(MAIL_IN_DOMAIN)
  })
})

describe('a reply by email', () => {
  it('T-34 by the recipient is their comment, without the quote, and opens the ticket again; the office hears of it', async () => {
    const scene = await createInboundScene()
    const { ana, dispatcher, ticket } = scene
    const to = await addressFor(scene, ana)
    const { version } = await dispatcher.ok('getTicket', { ticket })
    await dispatcher.ok('changeTicketStatus', { ticket, version, to: 'waiting' })
    expect(await sendMail({ from: ana.email, to, text: `The code is 4711.${QUOTE}` })).toBe(250)
    expect(await conversation(scene)).toEqual([
      { body: 'The code is 4711.', audience: 'customer', by: 'portalUser', name: 'Ana Ruiz' },
    ])
    expect(await inPortal(scene)).toEqual(['The code is 4711.'])
    expect((await dispatcher.ok('getTicket', { ticket })).status).toBe('open')
    expect((await newestMailTo(dispatcher)).text).toContain('“The code is 4711.”')
    expect(await storedOutcomes(ticket)).toEqual([{ outcome: 'comment', detail: null }])
  })

  it('by staff to their own notification is a public reply of theirs', async () => {
    const scene = await createInboundScene()
    const { ana, dispatcher, ticket } = scene
    await ana.ok('addPortalTicketComment', { ticket, body: 'Any news?' })
    const to = replyAddressOf(await newestMailTo(dispatcher))
    expect(await sendMail({ from: dispatcher.email, to, text: 'On Thursday.' })).toBe(250)
    expect(await conversation(scene)).toEqual([
      { body: 'On Thursday.', audience: 'customer', by: 'staff', name: 'Dana Reyes' },
    ])
    expect((await newestMailTo(ana)).text).toContain('“On Thursday.”')
  })

  it('keeps its files for the comment, and names those that were not kept', async () => {
    const scene = await createInboundScene()
    const { ana, dispatcher, ticket } = scene
    const to = await addressFor(scene, ana)
    const files = [
      { name: 'invoice.pdf', content: pdf(200) },
      { name: 'tool.exe', content: Buffer.from('MZ\u0090\u0000 not for us', 'latin1') },
    ]
    expect(await sendMail({ from: ana.email, to, text: 'See the invoice.', files })).toBe(250)
    const read = await dispatcher.ok('getTicket', { ticket })
    expect(read.files.map(({ name, comment, audience }) => [name, comment, audience])).toEqual([
      ['invoice.pdf', read.comments.at(-1)!.id, 'customer'],
    ])
    expect(read.history.find(({ event }) => event === 'refusedFiles')!.details).toEqual({ names: ['tool.exe'] })
    expect((await ana.ok('getPortalTicket', { ticket })).files.map(({ name }) => name)).toEqual(['invoice.pdf'])
  })

  it('from another address is an internal note that the office is told of, and the customer sees nothing of it', async () => {
    const scene = await createInboundScene()
    const { ana, dispatcher, ticket } = scene
    const to = await addressFor(scene, ana)
    const from = 'mallory@elsewhere.example'
    const files = [{ name: 'invoice.pdf', content: pdf(200) }]
    expect(await sendMail({ from, to, text: 'Send the key to me.', files })).toBe(250)
    expect(await conversation(scene)).toEqual([
      { body: 'Send the key to me.', audience: 'internal', by: 'sender', name: from },
    ])
    expect(await inPortal(scene)).toEqual([])
    const read = await dispatcher.ok('getTicket', { ticket })
    expect(read.files).toEqual([])
    expect(read.history.find(({ event }) => event === 'heldMail')!.details).toEqual({
      address: from,
      reason: 'otherSender',
    })
    expect((await newestMailTo(dispatcher)).text).toContain(`“Send the key to me.”`)
    home.mails.length = 0
    expect(await home.mailTo(ana.email)).toEqual([])
  })

  it.each<[string, string, (scene: InboundScene) => Promise<unknown>]>([
    [
      'the ticket is closed',
      'ticketClosed',
      async ({ dispatcher, ticket }) => {
        const { version } = await dispatcher.ok('getTicket', { ticket })
        await dispatcher.ok('changeTicketStatus', { ticket, version, to: 'closed' })
      },
    ],
    ['its writer was suspended', 'notAllowed', ({ shop, ana }) => shop.owner.ok('suspendPortalUser', { user: ana.id })],
    [
      'replies are switched off',
      'notAllowed',
      async ({ shop }) => {
        const { switches } = await shop.owner.ok('getPortalSettings')
        await updatePortalSettings(shop, { switches: { ...switches, replyTickets: false } })
      },
    ],
    [
      'the ticket is of another contact now',
      'notAllowed',
      async ({ dispatcher, ticket }) => {
        const { version } = await dispatcher.ok('getTicket', { ticket })
        await dispatcher.ok('updateTicket', { ticket, version, contact: null })
      },
    ],
  ])('PS-31 is an internal note when %s', async (_name, detail, change) => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    await change(scene)
    expect(await sendMail({ from: scene.ana.email, to, text: 'Hello?' })).toBe(250)
    expect((await conversation(scene)).map(({ audience }) => audience)).toEqual(['internal'])
    expect(await storedOutcomes(scene.ticket)).toEqual([{ outcome: 'held', detail }])
  })

  it('that is delivered twice, also at the same moment, is there once', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    const mail = { from: scene.ana.email, to, text: 'Once.', id: 'same' }
    expect(await Promise.all([sendMail(mail), sendMail(mail), sendMail(mail)])).toEqual([250, 250, 250])
    expect(await sendMail(mail)).toBe(250)
    expect((await conversation(scene)).map(({ body }) => body)).toEqual(['Once.'])
  })

  it('of a program is recorded, shown nowhere and answered by nobody', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    home.mails.length = 0
    const from = scene.ana.email
    await sendMail({ from, to, text: 'I am away.', headers: { 'Auto-Submitted': 'auto-replied' } })
    await sendMail({ from, to, text: 'Not delivered.', envelopeFrom: '' })
    await sendMail({ from, to, text: 'News.', headers: { 'List-Id': '<a.b.example>' } })
    expect((await storedOutcomes(scene.ticket)).map(({ outcome, detail }) => [outcome, detail]).sort()).toEqual([
      ['automatic', 'autoReply'],
      ['automatic', 'bounce'],
      ['automatic', 'list'],
    ])
    expect(await conversation(scene)).toEqual([])
    home.clock.advance(5 * 60_000)
    expect(await home.mailTo()).toEqual([])
  })

  it('without text and files is only noted', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    expect(await sendMail({ from: scene.ana.email, to, text: QUOTE })).toBe(250)
    expect(await conversation(scene)).toEqual([])
    const { history } = await scene.dispatcher.ok('getTicket', { ticket: scene.ticket })
    expect(history.find(({ event }) => event === 'emptyMail')!.details).toEqual({ address: scene.ana.email })
  })

  it('never goes by its subject or another header', async () => {
    const scene = await createInboundScene()
    const second = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    const other = replyAddressOf(await newestMailTo(second.ana))
    const headers = {
      Subject: 'The gate does not open #1001',
      'In-Reply-To': `<ticket.${second.ticket}@localhost>`,
      To: other,
    }
    await deliver(
      { from: scene.ana.email, to },
      writeMail({ from: scene.ana.email, to: other, text: 'Mine.', headers }),
    )
    expect((await conversation(scene)).map(({ body }) => body)).toEqual(['Mine.'])
    expect((await second.dispatcher.ok('getTicket', { ticket: second.ticket })).comments).toEqual([])
  })
})

describe('what the server does not take in', () => {
  it('addresses that nobody was given, of this domain and of others', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    const guessed = to.replace(/[\da-f](?=@)/, (digit) => (digit === '0' ? '1' : '0'))
    for (const address of [guessed, `info@${MAIL_IN_DOMAIN}`, to.replace(MAIL_IN_DOMAIN, 'elsewhere.example')])
      expect(await sendMail({ from: scene.ana.email, to: address, text: 'Hello' })).toBe(550)
    expect(await conversation(scene)).toEqual([])
  })

  it('a mail that is too large: refused when it is announced, and when it only turns out to be', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    const envelope = { from: scene.ana.email, to }
    const announced = await converse(['EHLO mx.example', `MAIL FROM:<${envelope.from}> SIZE=${43 * 1024 * 1024}`])
    expect(announced.at(-1)).toMatch(/^552 /)
    const large = writeMail({ ...envelope, text: `${'x'.repeat(70)}\n`.repeat(640_000) })
    expect(await deliver({ ...envelope, size: 1000 }, large)).toBe(552)
    expect(await storedOutcomes(scene.ticket)).toEqual([])
  })

  it('more than thirty mails to one address in an hour: the rest is to be sent again later', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    for (let sent = 0; sent < 30; sent++)
      expect(await sendMail({ from: scene.ana.email, to, text: `Reply ${sent}` })).toBe(250)
    expect(await sendMail({ from: scene.ana.email, to, text: 'One more' })).toBe(450)
    home.clock.advance(61 * 60_000)
    expect(await sendMail({ from: scene.ana.email, to, text: 'One more' })).toBe(250)
  })

  it('mail to a suspended account', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    await home.stored((db) =>
      db.updateTable('accounts').set({ status: 'suspended' }).where('id', '=', scene.shop.id).execute(),
    )
    expect(await sendMail({ from: scene.ana.email, to, text: 'Hello' })).toBe(550)
  })
})

describe('mail that arrives by HTTP', () => {
  const post = (query: string, body: string, secret = HOOK_SECRET) =>
    fetch(`http://127.0.0.1:${home.port}/api/v1/mail-in?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'message/rfc822', authorization: `Bearer ${secret}` },
      body,
    })

  it('is taken in as by SMTP, once for both ways', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    const mail = { from: scene.ana.email, to, text: 'By HTTP.', id: 'both-ways' }
    const query = new URLSearchParams({ from: mail.from, to }).toString()
    expect((await post(query, writeMail(mail))).status).toBe(204)
    expect(await sendMail(mail)).toBe(250)
    expect((await conversation(scene)).map(({ body, by }) => [body, by])).toEqual([['By HTTP.', 'portalUser']])
    // The null return path of a bounce.
    expect((await post(new URLSearchParams({ from: '', to }).toString(), writeMail({ ...mail, id: '2' }))).status).toBe(
      204,
    )
    expect(await conversation(scene)).toHaveLength(1)
  })

  it('is refused without the secret, without a recipient, and for an address that nobody was given', async () => {
    const scene = await createInboundScene()
    const to = await addressFor(scene, scene.ana)
    const query = new URLSearchParams({ from: scene.ana.email, to }).toString()
    const raw = writeMail({ from: scene.ana.email, to, text: 'Hello' })
    expect((await post(query, raw, 'wrong')).status).toBe(404)
    expect((await post('from=x', raw)).status).toBe(422)
    expect((await post('to=info%40in.portico.example', raw)).status).toBe(404)
    expect(await conversation(scene)).toEqual([])
  })
})
