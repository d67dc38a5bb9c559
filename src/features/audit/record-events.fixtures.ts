/** The requests that cause the audit events of the account, customers, templates, jobs and messages. */
import { bookingInput } from '../../../test/faults.fixtures.ts'
import {
  asStaff,
  byWorker,
  contact,
  creating,
  INSTALLATION,
  NEW_PASSWORD,
  settingsOf,
  site,
  uploadLogo,
  versionOf,
  waitingInvitation,
  type Scenario,
  type Scenarios,
} from './scene.fixtures.ts'

type Operation = Parameters<typeof asStaff>[1]

const aboutAccount =
  (name: Operation, input: Record<string, unknown> = {}): Scenario =>
  async (scene) =>
    asStaff(scene, name, input, scene.shop.id)

/** Something about a customer that has a site and a contact. */
const aboutCustomer =
  (name: Operation, input: Record<string, unknown> = {}): Scenario =>
  async (scene) => {
    const { customer, contact: contactId } = await contact(scene)
    const version = await versionOf(scene, customer)
    const ids = { customer, contact: contactId, site: await scene.shop.site(customer) }
    const known = Object.fromEntries(
      Object.entries(input).map(([key, value]) => [key, value === GIVEN ? { version, ...ids }[key as 'site'] : value]),
    )
    return asStaff(scene, name, { customer, ...known }, customer)
  }
/** Filled in with what the customer of the test has: its version, contact or site. */
const GIVEN = Symbol('given')

const aboutTemplate =
  (name: Operation, input: Record<string, unknown> = {}): Scenario =>
  async (scene) => {
    const template = await scene.shop.template()
    return asStaff(scene, name, { template, ...input }, template)
  }

const aboutInvitation =
  (name: Operation): Scenario =>
  async (scene) => {
    const message = await waitingInvitation(scene)
    return asStaff(scene, name, { message }, message)
  }

const aboutGroup =
  (name: Operation, input: Record<string, unknown> = {}): Scenario =>
  async (scene) => {
    const { id } = await scene.shop.owner.ok('createPermissionGroup', { name: 'Tenants' })
    return asStaff(scene, name, { group: id, ...input }, id)
  }

const EVERY_SWITCH = {
  viewJobs: true,
  createJobs: true,
  chooseTemplates: true,
  editJobs: true,
  cancelJobs: true,
  deleteJobs: true,
  viewTickets: true,
  createTickets: true,
  replyTickets: true,
  closeTickets: true,
  setTicketPriority: true,
}

export const recordScenarios = {
  accountOpened: {
    async setUp({ server }) {
      const token = (await server.app.offerSetUp())!.split('/').at(-1)!
      return { call: () => server.anyone().call('setUp', { token, ...FIRST_ACCOUNT }), actor: null, subject: null }
    },
  },
  setUpRefused: {
    setUp: async ({ server }) => ({
      call: () => server.anyone().call('setUp', { token: 'A'.repeat(43), ...FIRST_ACCOUNT }),
      actor: null,
      subject: null,
      accounts: [INSTALLATION],
    }),
  },
  accountChanged: {
    updateAccount: async (scene) =>
      asStaff(scene, 'updateAccount', { ...(await settingsOf(scene)), name: 'Harbour Repairs' }, scene.shop.id),
  },
  logoChanged: {
    uploadLogo: async ({ shop }) => ({
      call: () => uploadLogo(shop.owner, shop.slug),
      actor: shop.owner.id,
      subject: shop.id,
    }),
  },
  logoRemoved: {
    async removeLogo(scene) {
      await uploadLogo(scene.shop.owner, scene.shop.slug)
      return asStaff(scene, 'removeLogo', {}, scene.shop.id)
    },
  },
  portalSettingsChanged: {
    updatePortalSettings: aboutAccount('updatePortalSettings', { version: 1, introduction: 'Welcome' }),
  },
  portalAddressChanged: {
    changePortalAddress: async (scene) =>
      asStaff(scene, 'changePortalAddress', { slug: `moved-${scene.shop.slug}` }, scene.shop.id),
  },
  settingsChangeRefused: {
    updateAccount: byWorker('updateAccount', settingsOf),
    async uploadLogo({ shop }) {
      const worker = await shop.staff('worker')
      return { call: () => uploadLogo(worker, shop.slug), actor: worker.id, subject: null }
    },
    removeLogo: byWorker('removeLogo'),
    updatePortalSettings: byWorker('updatePortalSettings', () => ({ version: 1, introduction: 'Welcome' })),
    updateTicketSettings: byWorker('updateTicketSettings', () => ({ version: 1, cannedReplies: [] })),
    changePortalAddress: byWorker('changePortalAddress', ({ shop }) => ({ slug: `moved-${shop.slug}` })),
    createPermissionGroup: byWorker('createPermissionGroup', () => ({ name: 'Tenants' })),
    updatePermissionGroup: byWorker('updatePermissionGroup', () => ({ group: crypto.randomUUID(), version: 1 })),
    deletePermissionGroup: byWorker('deletePermissionGroup', () => ({ group: crypto.randomUUID() })),
  },
  ticketSettingsChanged: {
    updateTicketSettings: aboutAccount('updateTicketSettings', {
      version: 1,
      cannedReplies: [{ name: 'Greeting', text: 'Hello {{customer_name}}' }],
    }),
  },
  permissionGroupCreated: {
    createPermissionGroup: async (scene) => creating(scene, 'createPermissionGroup', { name: 'Tenants' }),
  },
  permissionGroupUpdated: {
    updatePermissionGroup: aboutGroup('updatePermissionGroup', { version: 1, name: 'Guests' }),
  },
  permissionGroupDeleted: { deletePermissionGroup: aboutGroup('deletePermissionGroup') },

  customerCreated: { createCustomer: async (scene) => creating(scene, 'createCustomer', { name: 'Eleanor Finch' }) },
  customerCreatedByBooking: {
    async createPortalJob({ shop, server }) {
      const user = await shop.portalUser()
      const { customer: _, ...booking } = bookingInput(await shop.template(), '')
      return {
        call: () => user.call('createPortalJob', booking),
        actor: user.id,
        subject: () =>
          server.stored(async (db) => {
            const customer = db.selectFrom('customers').select('id').where('account_id', '=', shop.id)
            return (await customer.executeTakeFirstOrThrow()).id
          }),
      }
    },
  },
  customerUpdated: {
    updateCustomer: aboutCustomer('updateCustomer', { version: GIVEN, name: 'Eleanor Price' }),
    copyBillingContact: aboutCustomer('copyBillingContact', { version: GIVEN, contact: GIVEN }),
  },
  customerArchived: { archiveCustomer: aboutCustomer('archiveCustomer') },
  customerRestored: {
    async restoreCustomer(scene) {
      const customer = await scene.shop.customer()
      await scene.shop.owner.ok('archiveCustomer', { customer })
      return asStaff(scene, 'restoreCustomer', { customer }, customer)
    },
  },
  contactAdded: { addContact: aboutCustomer('addContact', { name: 'Ana Ruiz' }) },
  contactUpdated: { updateContact: aboutCustomer('updateContact', { version: GIVEN, contact: GIVEN, name: 'Ana' }) },
  contactRemoved: { removeContact: aboutCustomer('removeContact', { contact: GIVEN }) },
  contactArchived: { archiveContact: aboutCustomer('archiveContact', { contact: GIVEN }) },
  contactRestored: { restoreContact: aboutCustomer('restoreContact', { contact: GIVEN }) },
  contactMoved: {
    async moveContact(scene) {
      const customer = await scene.shop.customer()
      const { id: contact } = await scene.shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })
      return asStaff(scene, 'moveContact', { customer, contact, to: await scene.shop.customer() }, customer)
    },
  },
  customerMerged: {
    async mergeCustomer(scene) {
      const [customer, into] = [await scene.shop.customer(), await scene.shop.customer()]
      return asStaff(scene, 'mergeCustomer', { customer, version: 1, into }, customer)
    },
  },
  contactMerged: {
    async mergeContact(scene) {
      const customer = await scene.shop.customer()
      const { id: contact } = await scene.shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })
      const { id: into } = await scene.shop.owner.ok('addContact', { customer, name: 'Ana Ruiz Diaz' })
      return asStaff(scene, 'mergeContact', { customer, contact, into }, customer)
    },
  },
  siteAdded: { addSite: aboutCustomer('addSite', { address: '2 Another Street' }) },
  siteUpdated: { updateSite: aboutCustomer('updateSite', { version: GIVEN, site: GIVEN, address: '3 New Street' }) },
  siteArchived: { archiveSite: aboutCustomer('archiveSite', { site: GIVEN }) },
  siteRestored: {
    async restoreSite(scene) {
      const ids = await site(scene)
      await scene.shop.owner.ok('archiveSite', ids)
      return asStaff(scene, 'restoreSite', ids, ids.customer)
    },
  },
  customersExported: { exportCustomers: async (scene) => asStaff(scene, 'exportCustomers', {}) },
  contactsExported: { exportContacts: async (scene) => asStaff(scene, 'exportContacts', {}) },
  jobsExported: { exportJobs: async (scene) => asStaff(scene, 'exportJobs', {}) },
  portalTicketsExported: {
    async exportPortalTickets({ shop }) {
      const user = await shop.portalUser({ customers: [await shop.customer()] })
      return { call: () => user.call('exportPortalTickets'), actor: user.id, subject: null }
    },
  },
  exportRefused: { exportCustomers: byWorker('exportCustomers'), exportContacts: byWorker('exportContacts') },

  templateCreated: { createTemplate: async (scene) => creating(scene, 'createTemplate', { name: 'Repair' }) },
  templateUpdated: { updateTemplate: aboutTemplate('updateTemplate', { version: 1, name: 'Repair' }) },
  templateArchived: { archiveTemplate: aboutTemplate('archiveTemplate') },
  templateRestored: {
    async restoreTemplate(scene) {
      const template = await scene.shop.template()
      await scene.shop.owner.ok('archiveTemplate', { template })
      return asStaff(scene, 'restoreTemplate', { template }, template)
    },
  },
  secureLinkCreated: { createSecureLink: aboutCustomer('createSecureLink') },
  secureLinkRevoked: {
    async revokeSecureLink(scene) {
      const customer = await scene.shop.customer()
      const { id: secureLink } = await scene.shop.owner.ok('createSecureLink', { customer })
      return asStaff(scene, 'revokeSecureLink', { customer, secureLink }, customer)
    },
  },
  linkLockChanged: { updateLinkLock: aboutCustomer('updateLinkLock', { lockMode: 'password' }) },
  secureLinkOpened: {
    async openSecureLink({ shop }) {
      const customer = await shop.customer()
      await shop.owner.ok('createSecureLink', { customer })
      const { rows } = await shop.owner.ok('listSecureLinks', { customer })
      const token = rows[0]!.url!.split('/').at(-1)!
      return { call: () => shop.visitor().call('openSecureLink', { token }), actor: null, subject: customer }
    },
  },
  jobDeleted: {
    async deleteJob(scene) {
      const { shop } = scene
      const user = await shop.portalUser({ customers: [await shop.customer()] })
      const customer = (await user.ok('getBookingOptions', {} as never)).customers[0]!.id
      const { jobs } = await user.ok('createPortalJob', bookingInput(await shop.template(), customer) as never)
      return asStaff(scene, 'deleteJob', { job: jobs[0]!.id }, jobs[0]!.id)
    },
    async deletePortalJob({ shop }) {
      const customer = await shop.customer()
      const permissions = { createJobs: true, deleteJobs: true }
      const user = await shop.portalUser({ customers: [customer], permissions })
      await shop.owner.ok('updatePortalSettings', { version: 1, switches: EVERY_SWITCH })
      const { jobs } = await user.ok('createPortalJob', bookingInput(await shop.template(), customer) as never)
      const job = jobs[0]!.id
      return { call: () => user.call('deletePortalJob', { job }), actor: user.id, subject: job }
    },
  },
  ticketsMerged: {
    mergeTickets: async (scene) => {
      const { customer } = await contact(scene)
      const create = async () => (await scene.shop.owner.ok('createTicket', { customer, subject: 'No heating' })).id
      const [ticket, into] = [await create(), await create()]
      return asStaff(scene, 'mergeTickets', { ticket, version: 1, into }, ticket)
    },
  },
  messageResent: {
    async resendMessage(scene) {
      const message = await waitingInvitation(scene)
      const set = { status: 'failed' } as never
      await scene.server.stored((db) => db.updateTable('outbox').set(set).where('id', '=', message).execute())
      return asStaff(scene, 'resendMessage', { message }, message)
    },
  },
  invitationLinkCopied: { copyInvitationLink: aboutInvitation('copyInvitationLink') },
  invitationLinkRefused: {
    copyInvitationLink: byWorker(
      'copyInvitationLink',
      async (scene) => ({ message: await waitingInvitation(scene) }),
      'message',
    ),
  },
} satisfies Partial<Scenarios>

const FIRST_ACCOUNT = {
  business: 'Harbour Appliance Repair',
  slug: 'first-harbour',
  timeZone: 'Europe/London',
  currency: 'GBP',
  name: 'Ruth Calloway',
  email: 'ruth@harbour-repair.example',
  password: NEW_PASSWORD,
}
