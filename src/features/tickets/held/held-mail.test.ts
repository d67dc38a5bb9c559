/** Emails to the address of a business: they open tickets, or are held for the office. */
import { describe, expect, it } from 'vitest'
import { createInboundScene, home, MAIL_IN_DOMAIN, sendMail, type Sending } from '../inbound/inbound.fixtures.ts'

type Scene = Awaited<ReturnType<typeof createScene>>

async function createScene({ emailTickets = true } = {}) {
  const scene = await createInboundScene()
  const { shop, customer } = scene
  await shop.owner.ok('updateTicketSettings', { version: 1, emailTickets })
  const email = `mia@${shop.slug}.example`
  const contact = (await shop.owner.ok('addContact', { customer, name: 'Mia Lund', email })).id
  const inbox = `${shop.slug}@${MAIL_IN_DOMAIN}`
  const send = (more: Partial<Sending> = {}) =>
    sendMail({ from: email, to: inbox, text: 'The oven is cold.', headers: { Subject: 'No  heat' }, ...more })
  return { ...scene, email, contact, inbox, send }
}
const heldBy = async ({ dispatcher }: Scene) =>
  (await dispatcher.ok('listHeldMails')).rows.map(({ from, reason, subject }) => ({ from, reason, subject }))
const fromEmail = async ({ dispatcher }: Scene) =>
  (await dispatcher.ok('listTickets')).rows.filter(({ source }) => source === 'email')
const pdf = Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(200, 0x20), Buffer.from('\n%%EOF')])

describe('an email to the address of the business', () => {
  it('issue 10, 2 is refused until a setting says that emails open tickets, also where tickets are off', async () => {
    const scene = await createScene({ emailTickets: false })
    const { shop, inbox, send } = scene
    expect(await shop.owner.ok('getTicketSettings')).toMatchObject({ emailTickets: false, inbox })
    expect(await send()).toBe(550)
    await shop.owner.ok('updateTicketSettings', { version: 2, emailTickets: true })
    expect(await send({ to: `nobody-${inbox}` })).toBe(550)
    expect(await send()).toBe(250)
    const { version, switches } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, switches: { ...switches, viewTickets: false } })
    expect(await send()).toBe(550)
    expect(await fromEmail(scene)).toHaveLength(1)
  })

  it('issue 10, 2 opens a ticket of the contact on file, with its files, once, and the office hears of it', async () => {
    const scene = await createScene()
    const { dispatcher, customer, contact, email, shop } = scene
    home.mails.length = 0
    const mail = { id: 'first', from: email.toUpperCase(), files: [{ name: 'oven.pdf', content: pdf }] }
    expect(await Promise.all([scene.send(mail), scene.send(mail)])).toEqual([250, 250])
    expect(await scene.send(mail)).toBe(250)
    const [row, ...others] = await fromEmail(scene)
    expect(others).toEqual([])
    const { id: ticket } = row!
    expect(await dispatcher.ok('getTicket', { ticket })).toMatchObject({
      ...{ subject: 'No heat', description: 'The oven is cold.', source: 'email', status: 'new' },
      ...{ customer: { id: customer }, contact: { id: contact }, createdBy: { kind: 'sender' } },
      files: [{ name: 'oven.pdf', audience: 'customer' }],
    })
    expect(await heldBy(scene)).toEqual([])
    const naveed = await shop.portalUser({ customers: [customer] })
    expect((await naveed.ok('getPortalTicket', { ticket })).history[0]!.by.kind).toBe('colleague')
    expect((await scene.ana.call('getPortalTicket', { ticket })).status).toBe(404)
    home.clock.advance(5 * 60_000)
    expect((await home.mailTo(dispatcher.email)).map(({ subject }) => subject)).toContain(
      `New ticket: No heat #${row!.number}`,
    )
    // Nobody is answered, so that two programs cannot write to each other.
    expect(await home.mailTo(email)).toEqual([])
  })

  it.each<[string, string, (scene: Scene) => Promise<Partial<Sending>>]>([
    ['nobody has its sender on file', 'unknownSender', async () => ({ from: 'tom@elsewhere.example' })],
    [
      'its contact was archived',
      'unknownSender',
      async ({ shop, customer, contact }) => {
        await shop.owner.ok('archiveContact', { customer, contact })
        return {}
      },
    ],
    [
      'several customers have its sender on file',
      'severalCustomers',
      async ({ shop, email }) => {
        const other = await shop.customer('Somebody else')
        await shop.owner.ok('addContact', { customer: other, name: 'Mia Lund', email })
        return {}
      },
    ],
    [
      'a program wrote it',
      'automatic',
      async () => ({ headers: { 'Auto-Submitted': 'auto-replied', Subject: 'Away' } }),
    ],
    ['it bounced', 'automatic', async () => ({ envelopeFrom: '' })],
  ])('issue 10, 2 is held when %s', async (_name, reason, change) => {
    const scene = await createScene()
    const more = await change(scene)
    expect(await scene.send(more)).toBe(250)
    const subject = more.headers?.Subject ?? 'No heat'
    expect(await heldBy(scene)).toEqual([{ from: more.from ?? scene.email, reason, subject }])
    expect(await fromEmail(scene)).toEqual([])
  })

  it('is held after ten tickets of its sender in an hour', async () => {
    const scene = await createScene()
    for (let sent = 0; sent < 12; sent++) expect(await scene.send({ text: `Mail ${sent}` })).toBe(250)
    expect(await fromEmail(scene)).toHaveLength(10)
    expect((await heldBy(scene)).map(({ reason }) => reason)).toEqual(['tooMany', 'tooMany'])
    home.clock.advance(61 * 60_000)
    await scene.send()
    const outcomes = await home.stored((db) =>
      db.selectFrom('held_mails').select('outcome').where('account_id', '=', scene.shop.id).execute(),
    )
    expect(outcomes.filter(({ outcome }) => outcome === 'ticket')).toHaveLength(11)
  })
})

describe('a held mail', () => {
  const hold = async () => {
    const scene = await createScene()
    const files = [{ name: 'oven.pdf', content: pdf }]
    await scene.send({ from: 'tom@elsewhere.example', headers: { From: 'Tom Reed <tom@elsewhere.example>' }, files })
    const [mail] = (await scene.dispatcher.ok('listHeldMails')).rows
    return { ...scene, heldMail: mail!.id }
  }

  it('issue 10, 2 becomes a ticket of the customer that the office chooses, by its sender, once', async () => {
    const { dispatcher, worker, shop, customer, contact, heldMail } = await hold()
    expect(await dispatcher.ok('getHeldMail', { heldMail })).toMatchObject({
      ...{ name: 'Tom Reed', text: 'The oven is cold.', files: ['oven.pdf'] },
    })
    const open = { heldMail, customer, contact }
    expect(await worker.call('openHeldMail', open)).toMatchObject({ status: 403, body: { code: 'officeOnly' } })
    const foreign = await createScene()
    expect(await dispatcher.call('openHeldMail', { ...open, customer: foreign.customer })).toMatchObject({
      status: 422,
    })
    expect((await foreign.dispatcher.call('getHeldMail', { heldMail })).status).toBe(404)
    const replies = await Promise.all([dispatcher.call('openHeldMail', open), shop.owner.call('openHeldMail', open)])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 404])
    const ticket = (replies.find(({ status }) => status === 200)!.body as { id: string }).id
    const read = await dispatcher.ok('getTicket', { ticket })
    expect(read).toMatchObject({ source: 'email', contact: { id: contact }, createdBy: { name: 'Tom Reed' } })
    expect(read.history.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['created', 'openedMail', 'refusedFiles']),
    )
    expect((await dispatcher.ok('listHeldMails')).rows).toEqual([])
  })

  it('is discarded with its text, and who did it stays known', async () => {
    const { dispatcher, shop, heldMail } = await hold()
    await dispatcher.ok('discardHeldMail', { heldMail })
    expect((await shop.owner.call('getHeldMail', { heldMail })).status).toBe(404)
    expect((await shop.owner.call('discardHeldMail', { heldMail })).status).toBe(404)
    const row = await home.stored((db) =>
      db.selectFrom('held_mails').selectAll().where('id', '=', heldMail).executeTakeFirstOrThrow(),
    )
    expect(row).toMatchObject({ outcome: 'discarded', body: '', settled_by_id: dispatcher.id })
  })

  it('and every record of a mail that arrived go after 90 days', async () => {
    const { shop } = await hold()
    const rows = () =>
      home.stored((db) => db.selectFrom('held_mails').select('id').where('account_id', '=', shop.id).execute())
    home.clock.advance(89 * 24 * 3600_000)
    await home.app.cleanUp()
    expect(await rows()).toHaveLength(1)
    home.clock.advance(25 * 3600_000)
    await home.app.cleanUp()
    expect(await rows()).toEqual([])
  })
})
