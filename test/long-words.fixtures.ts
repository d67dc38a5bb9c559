/** A business whose every text is one word without a break, as long as its field takes. */
import { addHeldMail } from './held-mails.fixtures.ts'
import type { TestServer } from './test-server.ts'

const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
/** One word of that many characters. */
export const longWord = (length = 300): string => LONG.repeat(Math.ceil(length / LONG.length)).slice(0, length)
/** The longest that RFC 5321 allows in parts: 64 characters before the @, 63 in a label. */
const longEmail = (domain: string) => `${'m'.repeat(60)}@${'d'.repeat(60)}.${'e'.repeat(60)}.${domain}`

const field = (id: string, type: string, more: object = {}) => ({
  id,
  name: longWord(120),
  type,
  hint: longWord(),
  portal: 'optional',
  worker: 'optional',
  ...more,
})
const [FIRST, SECOND] = [longWord(120), `B${longWord(119)}`]
const FIELDS = [
  field('text', 'text'),
  field('number', 'number', { unit: longWord(20) }),
  field('date', 'date'),
  field('checkbox', 'checkbox'),
  field('choice', 'pickList', { options: [FIRST, SECOND] }),
  field('choices', 'multiPickList', { options: [FIRST, SECOND] }),
  field('readOnly', 'text', { portal: 'readOnly', worker: 'readOnly', value: longWord() }),
  field('link', 'link', { portal: 'readOnly', worker: 'readOnly', value: `https://${longWord(200)}.example/` }),
  field('section', 'section', { portal: 'readOnly', worker: 'readOnly', value: longWord() }),
  field('photos', 'file'),
]
const ANSWERS = { text: longWord(), number: '123456789', checkbox: true, choice: FIRST, choices: [FIRST, SECOND] }

/** As `createRecords`, with long words. */
export async function createLongRecords(server: TestServer) {
  const business = await server.business({ public: true, name: longWord(120) })
  const { owner, slug } = business
  await enterSettings(owner, slug)
  const customer = await enterCustomer(owner, slug)
  const site = await business.site(customer, longWord())
  await business.site(customer, longWord(500))
  const worker = await business.staff('worker', longWord(120))
  const template = await business.template({ name: longWord(120), fields: FIELDS })
  const { version: seen, fields, icon, durationMinutes } = await owner.ok('getTemplate', { template })
  const content = { name: longWord(120), description: longWord(), fields, icon, durationMinutes }
  await owner.ok('updateTemplate', { template, version: seen, ...content })
  const email = longEmail(`${slug}.example`)
  const user = await business.portalUser({ customers: [customer], name: longWord(120), email })
  const profile = { name: longWord(120), company: longWord(120), address: longWord() }
  await user.ok('updatePortalProfile', { version: 1, ...profile })
  const job = await enterJob({ owner, worker, user, slug, template, site })
  await owner.ok('addPortalUser', { email: longEmail(`i.${slug}.example`) })
  await owner.ok('inviteStaff', { email: longEmail(`s.${slug}.example`), role: 'worker' })
  const contact = (await owner.ok('getCustomer', { customer })).contacts[0]!.id
  const group = (await owner.ok('createPermissionGroup', { name: longWord(60), permissions: {} })).id
  const ticket = await enterTicket({ owner, user, customer, contact })
  const message = (await owner.ok('listMessages')).rows[0]!.id
  const reply = await enterCannedReply(owner)
  const mail = await addHeldMail(server, business.id, { subject: longWord(200), body: longWord() })
  const records = { job, message, group, ticket, kind: 'ticket', record: ticket, reply, mail }
  const own = { account: slug, customer, site, contact, template, user: user.id, ...records }
  return {
    business,
    user,
    records: own,
  }
}

type Owner = Awaited<ReturnType<TestServer['business']>>['owner']

async function enterCannedReply(owner: Owner): Promise<string> {
  const { version } = await owner.ok('getTicketSettings')
  const cannedReplies = [{ name: longWord(80), text: longWord() }]
  return (await owner.ok('updateTicketSettings', { version, cannedReplies })).cannedReplies[0]!.id
}

async function enterSettings(owner: Owner, slug: string): Promise<void> {
  const { version, name, timeZone, locale, currency, accent } = await owner.ok('getAccount')
  const supportEmail = longEmail(`help.${slug}.example`)
  const contact = { supportEmail, supportPhone: '0117 496 0001 ext. 123456', postalAddress: longWord() }
  await owner.ok('updateAccount', { version, name, timeZone, locale, currency, accent, ...contact })
  const settings = await owner.ok('getPortalSettings')
  await owner.ok('updatePortalSettings', {
    version: settings.version,
    name: longWord(80),
    introduction: longWord(),
    signUpFields: { ...settings.signUpFields, company: 'optional', address: 'optional' },
    severalJobs: true,
  })
}

async function enterCustomer(owner: Owner, slug: string): Promise<string> {
  const { id: customer } = await owner.ok('createCustomer', {
    name: longWord(200),
    reference: longWord(60),
    notes: longWord(),
    billing: { name: longWord(120), email: longEmail(`b.${slug}.example`), address: longWord() },
  })
  const person = { name: longWord(120), role: longWord(120), email: longEmail(`c.${slug}.example`) }
  await owner.ok('addContact', { customer, ...person, phone: '0117 496 0001 ext. 123456' })
  await owner.ok('addSite', { customer, name: longWord(120), address: longWord(), notes: longWord() })
  return customer
}

interface JobParts {
  owner: Owner
  worker: Owner
  user: Owner
  slug: string
  template: string
  site: string
}

async function enterJob({ owner, worker, user, slug, template, site }: JobParts): Promise<string> {
  const jobs = await user.ok('createPortalJob', { template, site, fields: ANSWERS })
  const job = jobs.jobs[0]!.id
  const version = async () => (await owner.ok('getJob', { job })).version
  const edited = { title: longWord(200), tags: [longWord(40), `B${longWord(39)}`] }
  await owner.ok('updateJob', { job, version: await version(), ...edited })
  await owner.ok('assignJob', { job, version: await version(), worker: worker.id, outright: false })
  await worker.ok('changeJobStatus', { job, version: await version(), to: 'declined', reason: longWord() })
  await owner.ok('assignJob', { job, version: await version(), worker: worker.id, outright: true })
  const scheduled = { day: '2031-03-03', time: '09:30' }
  await owner.ok('scheduleJob', { job, version: await version(), scheduled, durationMinutes: 60 })
  for (const audience of ['internal', 'customer'] as const)
    await owner.ok('addJobComment', { job, audience, body: longWord() })
  await user.ok('addPortalComment', { job, body: longWord() })
  await upload(user, `/portal/${slug}/jobs/${job}/files`)
  await upload(owner, `/office/${slug}/jobs/${job}/files`)
  return job
}

type TicketParts = Pick<JobParts, 'owner' | 'user'> & { customer: string; contact: string }

async function enterTicket({ owner, user, customer, contact }: TicketParts): Promise<string> {
  const texts = { subject: longWord(200), description: longWord(), tags: [longWord(40), `B${longWord(39)}`] }
  const { id: ticket } = await owner.ok('createTicket', { customer, contact, ...texts })
  for (const audience of ['internal', 'customer'] as const)
    await owner.ok('addTicketComment', { ticket, audience, body: longWord() })
  await user.ok('addPortalTicketComment', { ticket, body: longWord() })
  return ticket
}

async function upload(who: Owner, path: string): Promise<void> {
  const form = new FormData()
  form.append('file', new File(['Water stays in the bottom.'], `${longWord(240)}.txt`, { type: 'text/plain' }))
  const encoded = new Response(form)
  const headers = { 'content-type': encoded.headers.get('content-type')! }
  const body = Buffer.from(await encoded.arrayBuffer())
  const { status } = await who.request('POST', `/api/v1${path}`, { body, headers })
  if (status !== 201) throw new Error(`The upload answered ${status}`)
}
