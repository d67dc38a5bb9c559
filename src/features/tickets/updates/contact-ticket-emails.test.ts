/** Emails about tickets to contacts without a login: each carries a link of its own, which opens that ticket alone. */
import { describe, expect, it } from 'vitest'
import { linkToContact } from '../../../../test/access-tickets.fixtures.ts'
import { linkIn } from '../../../../test/test-server.ts'
import { home } from '../tickets.fixtures.ts'
import { clearMails, MINUTES, queueEmails } from './ticket-emails.fixtures.ts'

const LINK = /https?:\/\/\S+\/link\/[\w-]{43}/

async function createScene(more: object = {}) {
  const shop = await home.business()
  const dispatcher = await shop.staff('dispatcher', 'Dana Reyes')
  const customer = await shop.customer('Dockside Lettings')
  const addContact = async (name: string) => {
    const email = `${name}.${customer}@post.example`
    return { email, id: (await dispatcher.ok('addContact', { customer, name, email })).id }
  }
  const contacts = { ana: await addContact('Ana'), ben: await addContact('Ben'), cleo: await addContact('Cleo') }
  const input = { customer, contact: contacts.ben.id, subject: 'The gate does not open', ...more }
  const { id: ticket } = await dispatcher.ok('createTicket', input)
  return { shop, dispatcher, customer, contacts, ticket }
}
type Scene = Awaited<ReturnType<typeof createScene>>

async function mailsTo({ email }: { email: string }) {
  home.clock.advance(5 * MINUTES)
  return home.mailTo(email)
}
const reply = ({ dispatcher, ticket }: Scene, body: string) =>
  dispatcher.ok('addTicketComment', { ticket, audience: 'customer', body })
async function openLinkOf(scene: Scene, mail: Parameters<typeof linkIn>[0]) {
  const browser = scene.shop.visitor()
  await browser.ok('openSecureLink', { token: linkIn(mail, LINK).split('/').at(-1)! })
  return browser
}
async function letRecordLinksOpen({ shop }: Scene) {
  const { version } = await shop.owner.ok('getPortalSettings')
  await shop.owner.ok('updatePortalSettings', { version, recordLinksAlone: true })
}

describe('a contact without a login', () => {
  it('PS-56 hears of their ticket, by a link that opens it and nothing else', async () => {
    const scene = await createScene()
    const [mail] = await mailsTo(scene.contacts.ben)
    expect(mail!.subject).toContain('New ticket: The gate does not open')
    expect(mail!.text).toContain('The link is yours')
    const browser = await openLinkOf(scene, mail)
    expect((await browser.ok('listPortalTickets')).rows.map(({ id }) => id)).toEqual([scene.ticket])
    expect((await browser.ok('getPortal')).visitor).toMatchObject({ name: 'Ben', record: { id: scene.ticket } })
  })

  it('PS-56 has the same link in every email, and each participant has another', async () => {
    const scene = await createScene()
    const { contacts, dispatcher, ticket } = scene
    const first = linkIn((await mailsTo(contacts.ben)).at(-1), LINK)
    const { version } = await dispatcher.ok('getTicket', { ticket })
    await dispatcher.ok('updateTicket', { ticket, version, participants: [contacts.cleo.id] })
    await reply(scene, 'We are on our way.')
    const [ben, cleo] = [(await mailsTo(contacts.ben)).at(-1), (await mailsTo(contacts.cleo)).at(-1)]
    expect(ben!.text).toContain('We are on our way.')
    expect(linkIn(ben, LINK)).toBe(first)
    expect(linkIn(cleo, LINK)).not.toBe(first)
    expect(await mailsTo(contacts.ana)).toEqual([])
  })

  it('5C-2 is the main contact where a ticket has none', async () => {
    const scene = await createScene({ contact: undefined })
    expect(await mailsTo(scene.contacts.ana)).toHaveLength(1)
    expect(await mailsTo(scene.contacts.ben)).toEqual([])
  })

  it('5C-2 hears nothing of what they closed themselves', async () => {
    const scene = await createScene()
    const browser = await openLinkOf(scene, (await mailsTo(scene.contacts.ben)).at(-1))
    home.mails.length = 0
    await browser.ok('closePortalTicket', { ticket: scene.ticket })
    expect(await mailsTo(scene.contacts.ben)).toEqual([])
  })
})

describe('no link is mailed', () => {
  it('RS-06 once the customer has a portal user, unless the business lets ticket links open', async () => {
    const scene = await createScene()
    await clearMails()
    await scene.shop.portalUser({ customers: [scene.customer], status: 'invited', signedIn: false })
    await reply(scene, 'We are on our way.')
    expect(await mailsTo(scene.contacts.ben)).toEqual([])
    await letRecordLinksOpen(scene)
    await reply(scene, 'We are there.')
    expect(await mailsTo(scene.contacts.ben)).toHaveLength(1)
  })

  it('RS-05 where links are off, or visitors may not see tickets', async () => {
    const scene = await createScene()
    const { shop, dispatcher, customer, contacts } = scene
    await clearMails()
    await dispatcher.ok('updateLinkLock', { customer, lockMode: 'closed' })
    await reply(scene, 'We are on our way.')
    expect(await mailsTo(contacts.ben)).toEqual([])
    await dispatcher.ok('updateLinkLock', { customer, lockMode: null })
    await home.stored((db) =>
      db
        .updateTable('permission_groups')
        .set({ permissions: JSON.stringify({ viewTickets: false }) })
        .where('account_id', '=', shop.id)
        .where('kind', '=', 'visitor')
        .execute(),
    )
    await reply(scene, 'We are there.')
    expect(await mailsTo(contacts.ben)).toEqual([])
  })

  it('5C-2 to a contact who has a login, also while it is suspended', async () => {
    const scene = await createScene()
    const { shop, customer, contacts } = scene
    await letRecordLinksOpen(scene)
    await clearMails()
    const login = await shop.portalUser({ name: 'Ben', signedIn: false, status: 'suspended' })
    await linkToContact(home, shop.id, login.id, { customer, contact: contacts.ben.id })
    await reply(scene, 'We are on our way.')
    expect([await mailsTo(contacts.ben), await mailsTo(login)]).toEqual([[], []])
  })

  it('RS-08 of a ticket that was given to somebody else while the email waits', async () => {
    const scene = await createScene()
    const { dispatcher, ticket, contacts } = scene
    await clearMails()
    await reply(scene, 'We are on our way.')
    await queueEmails()
    const { version } = await dispatcher.ok('getTicket', { ticket })
    await dispatcher.ok('updateTicket', { ticket, version, contact: contacts.cleo.id })
    expect(await mailsTo(contacts.ben)).toEqual([])
  })
})
