import { EXPORT_PAGE_ROWS, exportFile } from '../../platform/csv.ts'
import { implement, withEffect, type Context } from '../../platform/operation.ts'
import { isProblem, problem } from '../../platform/problem.ts'
import { customers } from './contract.ts'
import {
  mayArchiveCustomer,
  mayManageCustomers,
  mayRestoreCustomer,
  mayReadCustomers,
  canSeeOfficeDetails,
  allowedActions,
} from './policy.ts'
import { audit, claimVersion, loadCustomer, loadEditable, pickOperations } from './changes/handlers.ts'
import { contactHandlers } from './contacts/handlers.ts'
import { listContacts, listContactsOf } from './contacts/queries.ts'
import { mergingHandlers } from './merging/handlers.ts'
import { findMerges } from './merging/queries.ts'
import { updateCustomer, updateSearchText, insertCustomer, setCustomerStatus, type CustomerRow } from './queries.ts'
import { allowedActions as allowedUserActions } from '../portal-users/policy.ts'
import { updateSite, insertSite, listActiveSitesOf, listSites } from './sites/queries.ts'
import { countCustomers, listCustomers, type CustomerFilter } from './list/queries.ts'
import {
  countOpenJobs,
  findPossibleDuplicates,
  listFailedEmails,
  listLinkedPortalUsers,
  summarizeJobs,
} from './related/queries.ts'
import { CONTACT_COLUMNS, contactRows, customerColumns } from './list/rules.ts'
import { archiveBlockedBy, missingCoordinate, type Coordinates, type CustomerStatus } from './rules.ts'

const recordOperations = pickOperations(
  'listCustomers',
  'exportCustomers',
  'exportContacts',
  'getCustomer',
  'createCustomer',
  'updateCustomer',
  'archiveCustomer',
  'restoreCustomer',
  'copyBillingContact',
  'addSite',
  'updateSite',
  'archiveSite',
  'restoreSite',
)

const recordHandlers = implement('customers', recordOperations, {
  async listCustomers(ctx, { cursor, limit, ...filter }) {
    ctx.allow(mayReadCustomers(ctx.actor))
    const [page, counts] = await Promise.all([
      listCustomers(ctx.db, ctx.account.id, filter, cursor, limit),
      countCustomers(ctx.db, ctx.account.id, filter.search),
    ])
    const canManage = mayManageCustomers(ctx.actor).yes
    return { ...page, counts, can: { create: canManage, export: canManage } }
  },

  async exportCustomers(ctx, filter) {
    ctx.allow(mayManageCustomers(ctx.actor))
    const file = await exportFile('customers', customerColumns(ctx.account.timeZone), pagesOf(ctx, filter))
    return withEffect({}, file)
  },

  async exportContacts(ctx, filter) {
    ctx.allow(mayManageCustomers(ctx.actor))
    return withEffect({}, await exportFile('contacts', CONTACT_COLUMNS, contactPagesOf(ctx, filter)))
  },

  async getCustomer(ctx, { customer }) {
    const { key, row } = await loadCustomer(ctx, customer)
    ctx.allow(mayReadCustomers(ctx.actor))
    const [contacts, sites, jobs] = await Promise.all([
      listContacts(ctx.db, key),
      listSites(ctx.db, key),
      summarizeJobs(ctx.db, key),
    ])
    const office = canSeeOfficeDetails(ctx.actor) ? await loadOfficeDetails(ctx, row) : null
    const { id, name, reference, status, version, createdAt } = row
    return {
      id,
      name,
      reference,
      status,
      version,
      createdAt,
      contacts,
      sites,
      jobs,
      office,
      archiveBlockedBy: archiveBlockedBy({ status, openJobs: jobs.open }),
      can: allowedActions(ctx.actor, row),
    }
  },

  async createCustomer(ctx, { contact, site, ...input }) {
    ctx.allow(mayManageCustomers(ctx.actor))
    const key = { account: ctx.account.id, customer: ctx.newId() }
    const siteErrors = missingCoordinate(site, 'site.')
    await insertCustomer(
      ctx.db,
      key,
      {
        ...input,
        contacts: contact ? [{ ...contact, id: ctx.newId() }] : [],
        sites: site && !siteErrors ? [{ ...site, id: ctx.newId() }] : [],
      },
      ctx.now,
    ).catch((error: unknown) => {
      throw isProblem(error) ? problem(error.code, { fields: { ...error.fields, ...siteErrors } }) : error
    })
    if (siteErrors) throw problem('input', { fields: siteErrors })
    await audit(ctx, 'customerCreated', key.customer, { name: input.name })
    return { id: key.customer, version: 1 }
  },

  async updateCustomer(ctx, { customer, version, ...input }) {
    const { key } = await loadEditable(ctx, customer)
    const next = await claimVersion(ctx, key, version)
    await updateCustomer(ctx.db, key, input)
    await audit(ctx, 'customerUpdated', customer, { changed: Object.keys(input) })
    return { version: next }
  },

  async archiveCustomer(ctx, { customer }) {
    const { key, row } = await loadCustomer(ctx, customer)
    ctx.allow(mayArchiveCustomer(ctx.actor, { status: row.status, openJobs: await countOpenJobs(ctx.db, key) }))
    return setStatus(ctx, row, 'archived')
  },

  async restoreCustomer(ctx, { customer }) {
    const { row } = await loadCustomer(ctx, customer)
    ctx.allow(mayRestoreCustomer(ctx.actor, row))
    return setStatus(ctx, row, 'active')
  },

  async copyBillingContact(ctx, { customer, version, contact, site }) {
    const { key } = await loadEditable(ctx, customer)
    const [contacts, sites] = await Promise.all([listContacts(ctx.db, key), listSites(ctx.db, key)])
    const source = contacts.find((each) => each.id === contact)
    const billingSite = site ? sites.find((each) => each.id === site) : sites.find((each) => each.status === 'active')
    if (!source || (site && !billingSite)) throw problem('notFound')
    const next = await claimVersion(ctx, key, version)
    const { name, email, phone } = source
    const billing = { name, email, phone, ...(billingSite && { address: billingSite.address }) }
    await updateCustomer(ctx.db, key, { billing })
    await audit(ctx, 'customerUpdated', customer, { changed: ['billing'] })
    return { version: next }
  },

  async addSite(ctx, { customer, ...site }) {
    const { key } = await loadEditable(ctx, customer)
    requireBothCoordinates(site)
    const id = ctx.newId()
    const version = await claimVersion(ctx, key)
    await insertSite(ctx.db, key, id, site, ctx.now)
    await updateSearchText(ctx.db, key)
    await audit(ctx, 'siteAdded', customer, { site: id })
    return { id, version }
  },

  async updateSite(ctx, { customer, site, version, ...input }) {
    const { key } = await loadEditable(ctx, customer)
    requireBothCoordinates(input)
    const next = await claimVersion(ctx, key, version)
    if (!(await updateSite(ctx.db, key, site, input, ctx.now))) throw problem('notFound')
    await updateSearchText(ctx.db, key)
    await audit(ctx, 'siteUpdated', customer, { site })
    return { version: next }
  },

  archiveSite: (ctx, { customer, site }) => setSiteStatus(ctx, customer, site, 'archived'),
  restoreSite: (ctx, { customer, site }) => setSiteStatus(ctx, customer, site, 'active'),
})

export const customersHandlers = [...recordHandlers, ...mergingHandlers, ...contactHandlers]

type Reader = Context<(typeof customers)['getCustomer']>
type Writer = Context<(typeof customers)['archiveCustomer']>

/** All pages of the list, for an export. */
async function* pagesOf(ctx: Pick<Reader, 'db' | 'account'>, filter: CustomerFilter) {
  let cursor: string | undefined
  do {
    const { rows, next } = await listCustomers(ctx.db, ctx.account.id, filter, cursor, EXPORT_PAGE_ROWS)
    yield rows
    cursor = next ?? undefined
  } while (cursor)
}

async function* contactPagesOf(ctx: Pick<Reader, 'db' | 'account'>, filter: CustomerFilter) {
  for await (const customers of pagesOf(ctx, filter)) {
    const ids = customers.map(({ id }) => id)
    const [contacts, sites] = await Promise.all([
      listContactsOf(ctx.db, ctx.account.id, ids),
      listActiveSitesOf(ctx.db, ctx.account.id, ids),
    ])
    yield contactRows(customers, contacts, sites)
  }
}

/** What only the office sees: notes, billing, portal users, and possible duplicates of a customer that booked first. */
async function loadOfficeDetails(ctx: Pick<Reader, 'db' | 'account' | 'actor' | 'now'>, row: CustomerRow) {
  const key = { account: ctx.account.id, customer: row.id }
  const fromPortal = row.createdFor !== null
  return {
    notes: row.notes,
    billing: row.billing,
    portalEnabled: ctx.account.portal.enabled,
    fromPortal,
    portalUsers: (await listLinkedPortalUsers(ctx.db, key)).map((user) => ({
      ...user,
      can: allowedUserActions(
        ctx.actor,
        user.status === 'disabled' ? 'active' : user.status,
        user.status === 'disabled',
      ),
    })),
    failedEmails: await listFailedEmails(ctx.db, key, ctx.now),
    ...(await findMerges(ctx.db, key)),
    alike: fromPortal ? await findPossibleDuplicates(ctx.db, key) : [],
  }
}

/** Repeating it is no error. */
async function setStatus(ctx: Writer, row: CustomerRow, status: CustomerStatus) {
  if (row.status === status) return { version: row.version }
  const key = { account: ctx.account.id, customer: row.id }
  const version = await claimVersion(ctx, key)
  await setCustomerStatus(ctx.db, key, status)
  await audit(ctx, status === 'archived' ? 'customerArchived' : 'customerRestored', row.id, { name: row.name })
  return { version }
}

async function setSiteStatus(
  ctx: Context<(typeof customers)['archiveSite']>,
  customer: string,
  site: string,
  status: CustomerStatus,
) {
  const { key } = await loadEditable(ctx, customer)
  const version = await claimVersion(ctx, key)
  if (!(await updateSite(ctx.db, key, site, { status }, ctx.now))) throw problem('notFound')
  await audit(ctx, status === 'archived' ? 'siteArchived' : 'siteRestored', customer, { site })
  return { version }
}

function requireBothCoordinates(site: Coordinates): void {
  const fields = missingCoordinate(site)
  if (fields) throw problem('input', { fields })
}
