/** Customers, templates and permissions decide what a portal user sees and may do. */
import { beforeAll, describe, expect, it } from 'vitest'
import { PERMISSIONS, type Permission } from '../src/features/identity/rules.ts'
import { bookJob, getUserVersion, listJobIds, updatePortalSettings } from './portal.fixtures.ts'
import { startTestServer, type Person, type TestServer } from './test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})

const ALL_PERMISSIONS = Object.fromEntries(PERMISSIONS.map((name) => [name, true]))

type Setting = Awaited<ReturnType<typeof createSetting>>

/** One customer with two users, and two templates to choose from. */
async function createSetting(permissions: object | null = null) {
  const shop = await server.business()
  const customer = await shop.customer()
  const template = await shop.template({ name: 'Repair' })
  const otherTemplate = await shop.template({ name: 'Gas safety' })
  const userWithDefaults = await shop.portalUser({ customers: [customer] })
  const user = await shop.portalUser({ customers: [customer], permissions })
  return { shop, customer, template, otherTemplate, userWithDefaults, user }
}

/** Attempts what a permission allows. Returns the status, and whether `can` announced it before. */
const tryPermission: Record<
  Permission,
  (setting: Setting, person: Person) => Promise<{ status: number; can: boolean }>
> = {
  /** Whoever may not see jobs gets the answer of a portal without jobs. */
  async viewJobs({ shop, customer, template }, person) {
    const { id: job } = await shop.owner.ok('createJob', { customer, template, address: 'x' })
    const current = await person.ok('getCurrentPortalUser')
    return { can: current.can.viewJobs, status: (await person.call('getPortalJob', { job })).status }
  },
  async createJobs({ template }, person) {
    const can = (await person.ok('listPortalJobs')).can.create
    const options = await person.ok('getBookingOptions')
    const current = await person.ok('getCurrentPortalUser')
    expect([options.allowed, current.can.createJobs]).toEqual([can, can])
    return { can, status: (await person.call('createPortalJob', { template, address: 'x' })).status }
  },
  chooseTemplates: async ({ otherTemplate }, person) => ({
    can: (await person.ok('getBookingOptions')).templates.length > 1,
    status: (await person.call('createPortalJob', { template: otherTemplate, address: 'x' })).status,
  }),
  editJobs: (setting, person) =>
    tryOnJob(setting, person, 'edit', (job) =>
      person.call('updatePortalJob', { job, version: 1, address: '2 Other Street' }),
    ),
  cancelJobs: (setting, person) =>
    tryOnJob(setting, person, 'cancel', (job) => person.call('cancelPortalJob', { job })),
  deleteJobs: (setting, person) =>
    tryOnJob(setting, person, 'delete', (job) => person.call('deletePortalJob', { job })),
  /** Whoever may not see tickets gets the answer of a portal without tickets. */
  async viewTickets({ shop, customer }, person) {
    const { id: ticket } = await shop.owner.ok('createTicket', { customer, subject: 'x' })
    const current = await person.ok('getCurrentPortalUser')
    return { can: current.can.viewTickets, status: (await person.call('getPortalTicket', { ticket })).status }
  },
  async createTickets(_setting, person) {
    const { can } = await person.ok('listPortalTickets')
    expect((await person.ok('getCurrentPortalUser')).can.createTickets).toBe(can.create)
    return { can: can.create, status: (await person.call('createPortalTicket', { subject: 'x' })).status }
  },
  replyTickets: (setting, person) =>
    tryOnTicket(setting, person, 'reply', (ticket) => person.call('addPortalTicketComment', { ticket, body: 'x' })),
  closeTickets: (setting, person) =>
    tryOnTicket(setting, person, 'close', (ticket) => person.call('closePortalTicket', { ticket })),
  async setTicketPriority(_setting, person) {
    const reply = await person.call('createPortalTicket', { subject: 'x', priority: 'high' })
    const options = await person.ok('getPortalTicketOptions')
    return { can: options.customers.every(({ priority }) => priority), status: reply.status }
  },
}

async function tryOnTicket(
  { shop, customer }: Setting,
  person: Person,
  action: 'reply' | 'close',
  attempt: (ticket: string) => Promise<{ status: number }>,
) {
  const { id: ticket } = await shop.owner.ok('createTicket', { customer, subject: 'x' })
  const { can } = await person.ok('getPortalTicket', { ticket })
  return { can: can[action], status: (await attempt(ticket)).status }
}

async function tryOnJob(
  { shop, customer, template }: Setting,
  person: Person,
  action: 'edit' | 'cancel' | 'delete',
  attempt: (job: string) => Promise<{ status: number }>,
) {
  const { id: job } = await shop.owner.ok('createJob', { customer, template, address: 'x' })
  const { can } = await person.ok('getPortalJob', { job })
  const { status } = await attempt(job)
  return { can: can[action], status }
}

const CREATING = ['createJobs', 'chooseTemplates', 'createTickets', 'replyTickets', 'setTicketPriority']
const successStatus = (permission: Permission) => (CREATING.includes(permission) ? 201 : 200)
const refusalStatus = (permission: Permission) => {
  if (permission === 'viewJobs' || permission === 'viewTickets') return 404
  return permission === 'chooseTemplates' || permission === 'setTicketPriority' ? 422 : 403
}

/** The keys and value types of an answer, without its values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (!value || typeof value !== 'object') return typeof value
  const entries = Object.entries(value).sort(([a], [b]) => a.localeCompare(b))
  return Object.fromEntries(entries.map(([key, each]) => [key, shapeOf(each)]))
}

describe('permissions in the portal', () => {
  it("CP-34 a user's customers and templates decide what they can book and see", async () => {
    const shop = await server.business()
    const [quay, dock] = [await shop.customer('Pelican Quay'), await shop.customer('Dockside Lettings')]
    const [repair, gas] = [await shop.template({ name: 'Repair' }), await shop.template({ name: 'Gas safety' })]
    const userOfBoth = await shop.portalUser({ customers: [quay, dock] })
    const jobs: Record<string, string> = {}
    for (const [name, customer, template] of [
      ['quay repair', quay, repair],
      ['quay gas', quay, gas],
      ['dock repair', dock, repair],
      ['dock gas', dock, gas],
    ] as const)
      jobs[name] = await bookJob(userOfBoth, template, { customer })
    const user = await shop.portalUser()
    const visibleJobs = async () => {
      const ids = await listJobIds(user)
      return Object.keys(jobs).filter((name) => ids.includes(jobs[name]!))
    }
    const bookingOptions = async () => {
      const { customers, templates } = await user.ok('getBookingOptions')
      return [customers.map(({ name }) => name), templates.map(({ name }) => name)]
    }
    const bookingStatus = async (customer: string, template: string) =>
      (await user.call('createPortalJob', { customer, template, address: 'x' })).status
    expect(await visibleJobs()).toEqual([])

    const { id: link } = await shop.owner.ok('linkCustomer', { user: user.id, customer: quay })
    expect([await visibleJobs(), await bookingOptions()]).toEqual([
      ['quay repair', 'quay gas'],
      [['Pelican Quay'], ['Repair', 'Gas safety']],
    ])
    expect([
      await bookingStatus(dock, repair),
      (await user.call('getPortalJob', { job: jobs['dock repair']! })).status,
    ]).toEqual([422, 404])

    await shop.owner.ok('setTemplateAccess', {
      user: user.id,
      version: await getUserVersion(shop, user),
      mode: 'hide',
      templates: [gas],
    })
    expect([await visibleJobs(), await bookingOptions()]).toEqual([['quay repair'], [['Pelican Quay'], ['Repair']]])
    expect([
      await bookingStatus(quay, gas),
      (await user.call('getPortalJob', { job: jobs['quay gas']! })).status,
    ]).toEqual([422, 404])

    await shop.owner.ok('linkCustomer', { user: user.id, customer: dock })
    await shop.owner.ok('unlinkCustomer', { user: user.id, link })
    await shop.owner.ok('setTemplateAccess', {
      user: user.id,
      version: await getUserVersion(shop, user),
      mode: 'replace',
      templates: [gas],
    })
    expect([await visibleJobs(), await bookingOptions()]).toEqual([
      ['dock gas'],
      [['Dockside Lettings'], ['Gas safety']],
    ])
    expect([await bookingStatus(dock, gas), await bookingStatus(quay, gas), await bookingStatus(dock, repair)]).toEqual(
      [201, 422, 422],
    )
    // The view of another user stays the same.
    expect((await listJobIds(userOfBoth)).length).toBe(5)
  })

  it.each(PERMISSIONS)(
    "V-04 the default for permission %s applies to every user, and a user's own value overrides it",
    async (permission) => {
      const setting = await createSetting()
      const { shop, user } = setting
      for (const isAllowed of [true, false]) {
        await updatePortalSettings(shop, { permissions: { ...ALL_PERMISSIONS, [permission]: isAllowed } })
        expect(await tryPermission[permission](setting, user)).toEqual({
          can: isAllowed,
          status: isAllowed ? successStatus(permission) : refusalStatus(permission),
        })
        await shop.owner.ok('customizePermissions', {
          user: user.id,
          version: await getUserVersion(shop, user),
          permissions: { [permission]: !isAllowed },
        })
        expect(await tryPermission[permission](setting, user)).toEqual({
          can: !isAllowed,
          status: isAllowed ? refusalStatus(permission) : successStatus(permission),
        })
        await shop.owner.ok('resetPermissions', { user: user.id })
      }
    },
  )

  it.each(PERMISSIONS)(
    'V-05 V-03 switching off %s denies it to every user, whatever the user and the link allow',
    async (permission) => {
      const setting = await createSetting(ALL_PERMISSIONS)
      const { shop, user, userWithDefaults } = setting
      await updatePortalSettings(shop, { permissions: ALL_PERMISSIONS })
      const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
      await shop.owner.ok('updatePortalLink', { user: user.id, link: links[0]!.id, permissions: ALL_PERMISSIONS })
      for (const person of [user, userWithDefaults])
        expect(await tryPermission[permission](setting, person)).toEqual({
          can: true,
          status: successStatus(permission),
        })
      await updatePortalSettings(shop, { switches: { ...ALL_PERMISSIONS, [permission]: false } })
      for (const person of [user, userWithDefaults])
        expect(await tryPermission[permission](setting, person)).toEqual({
          can: false,
          status: refusalStatus(permission),
        })
      const { permissions } = await shop.owner.ok('getPortalUser', { user: user.id })
      expect(permissions.values.find((each) => each.permission === permission)).toMatchObject({
        allowed: false,
        source: 'switch',
      })
    },
  )

  it("PS-34 a user's own job and a colleague's job show the same fields, in the list and on the job page", async () => {
    const shop = await server.business()
    const fields = [
      { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'optional' },
      { id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' },
    ]
    const [customer, template] = [await shop.customer(), await shop.template({ fields })]
    const [user, colleague] = [
      await shop.portalUser({ customers: [customer] }),
      await shop.portalUser({ customers: [customer], name: 'Tom Finch' }),
    ]
    const ownJob = await bookJob(user, template, { fields: { wrong: 'It leaks' } }),
      colleagueJob = await bookJob(colleague, template, { fields: { wrong: 'It hums' } })
    for (const [person, job] of [
      [user, ownJob],
      [colleague, colleagueJob],
    ] as const)
      await person.ok('addPortalComment', { job, body: 'Hello' })
    const shownOwn = await user.ok('getPortalJob', { job: ownJob })
    const shownColleague = await user.ok('getPortalJob', { job: colleagueJob })
    expect(shapeOf(shownColleague)).toEqual(shapeOf(shownOwn))
    expect([shownOwn.fields.map((field) => field.id), shownColleague.fields.map((field) => field.id)]).toEqual([
      ['wrong'],
      ['wrong'],
    ])
    expect([shownOwn.createdBy.kind, shownColleague.createdBy.kind]).toEqual(['you', 'colleague'])
    const { rows } = await user.ok('listPortalJobs')
    expect(shapeOf(rows[0])).toEqual(shapeOf(rows[1]))
  })
})
