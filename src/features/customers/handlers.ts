import { Readable } from 'node:stream'
import { csvFile } from '../../platform/csv.ts'
import { implement, withEffect, type Context } from '../../platform/operation.ts'
import { problem, type Decision } from '../../platform/problem.ts'
import { customers } from './contract.ts'
import {
  mayArchiveCustomer,
  mayEditCustomer,
  mayKeepCustomers,
  mayReadCustomers,
  seesOfficePart,
  verbsOn,
} from './policy.ts'
import {
  changeContact,
  changeCustomer,
  changeSite,
  contactIsLinked,
  contactsOf,
  countCustomers,
  customersAlike,
  deleteContact,
  findCustomer,
  foldCustomer,
  insertContact,
  insertCustomer,
  insertSite,
  jobsOf,
  listCustomers,
  nextVersion,
  openJobsOf,
  portalUsersOf,
  setCustomerStatus,
  sitesOf,
  type CustomerRow,
  type ListRow,
} from './queries.ts'
import { archiveBlockedBy, MAX_EXPORT, PAGE, type CustomerStatus } from './rules.ts'

export const customersHandlers = implement('customers', customers, {
  async listCustomers(ctx, { cursor, ...wanted }) {
    ctx.allow(mayReadCustomers(ctx.actor))
    const [page, counts] = await Promise.all([
      listCustomers(ctx.db, ctx.account.id, wanted, cursor, PAGE),
      countCustomers(ctx.db, ctx.account.id, wanted.search),
    ])
    const keeps = mayKeepCustomers(ctx.actor).yes
    return { ...page, counts, can: { create: keeps, export: keeps } }
  },

  async exportCustomers(ctx, wanted) {
    ctx.allow(mayKeepCustomers(ctx.actor))
    const rows: ListRow[] = []
    let next: string | null | undefined
    while (next !== null && rows.length < MAX_EXPORT) {
      const page = await listCustomers(ctx.db, ctx.account.id, wanted, next, 1_000)
      rows.push(...page.rows)
      next = page.next
    }
    const bytes = csvFile(
      HEADINGS,
      rows.map((row) => [
        row.name,
        row.reference,
        row.contact?.name,
        row.contact?.email,
        row.contact?.phone,
        row.address,
        row.siteCount,
        row.openJobs,
        row.jobs,
        row.createdAt.toISOString(),
      ]),
    )
    return withEffect(
      {},
      {
        file: {
          stream: Readable.from([bytes]),
          name: 'customers.csv',
          type: 'text/csv; charset=utf-8',
          size: bytes.length,
          inline: false,
        },
      },
    )
  },

  async getCustomer(ctx, { customer }) {
    const { key, row } = await load(ctx, customer)
    ctx.allow(mayReadCustomers(ctx.actor))
    const [contacts, sites, jobs] = await Promise.all([
      contactsOf(ctx.db, key),
      sitesOf(ctx.db, key),
      jobsOf(ctx.db, key),
    ])
    const office = seesOfficePart(ctx.actor)
      ? {
          notes: row.notes,
          billing: row.billing,
          fromPortal: row.createdFor !== null,
          portalUsers: await portalUsersOf(ctx.db, key),
          alike: row.createdFor === null ? [] : await customersAlike(ctx.db, key),
        }
      : null
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
      can: verbsOn(ctx.actor, row),
    }
  },

  async createCustomer(ctx, { contact, site, ...given }) {
    ctx.allow(mayKeepCustomers(ctx.actor))
    bothCoordinates(site, 'site.')
    const key = { account: ctx.account.id, customer: ctx.newId() }
    await insertCustomer(
      ctx.db,
      key,
      {
        ...given,
        contacts: contact ? [{ ...contact, id: ctx.newId() }] : [],
        sites: site ? [{ ...site, id: ctx.newId() }] : [],
      },
      ctx.now,
    )
    await audit(ctx, 'customerCreated', key.customer, { name: given.name })
    return { id: key.customer, version: 1 }
  },

  async updateCustomer(ctx, { customer, version, ...given }) {
    const { key } = await edit(ctx, customer)
    const next = await claim(ctx, key, version)
    await changeCustomer(ctx.db, key, given)
    await audit(ctx, 'customerUpdated', customer, { changed: Object.keys(given) })
    return { version: next }
  },

  async archiveCustomer(ctx, { customer }) {
    const { key, row } = await load(ctx, customer)
    ctx.allow(mayArchiveCustomer(ctx.actor, { status: row.status, openJobs: await openJobsOf(ctx.db, key) }))
    return setStatus(ctx, row, 'archived')
  },

  async restoreCustomer(ctx, { customer }) {
    const { row } = await load(ctx, customer)
    ctx.allow(mayKeepCustomers(ctx.actor))
    return setStatus(ctx, row, 'active')
  },

  async copyBillingContact(ctx, { customer, version, contact, site }) {
    const { key } = await edit(ctx, customer)
    const [contacts, sites] = await Promise.all([contactsOf(ctx.db, key), sitesOf(ctx.db, key)])
    const from = contacts.find((each) => each.id === contact)
    const place = site ? sites.find((each) => each.id === site) : sites.find((each) => each.status === 'active')
    if (!from || (site && !place)) throw problem('notFound')
    const next = await claim(ctx, key, version)
    await changeCustomer(ctx.db, key, {
      billing: { name: from.name, email: from.email, phone: from.phone, ...(place && { address: place.address }) },
    })
    await audit(ctx, 'customerUpdated', customer, { changed: ['billing'] })
    return { version: next }
  },

  async addContact(ctx, { customer, ...contact }) {
    const { key } = await edit(ctx, customer)
    const id = ctx.newId()
    const version = await claim(ctx, key)
    await insertContact(ctx.db, key, id, contact, ctx.now)
    await foldCustomer(ctx.db, key)
    await audit(ctx, 'contactAdded', customer, { contact: id })
    return { id, version }
  },

  async updateContact(ctx, { customer, contact, version, ...given }) {
    const { key } = await edit(ctx, customer)
    const next = await claim(ctx, key, version)
    if (!(await changeContact(ctx.db, key, contact, given, ctx.now))) throw problem('notFound')
    await foldCustomer(ctx.db, key)
    await audit(ctx, 'contactUpdated', customer, { contact })
    return { version: next }
  },

  async removeContact(ctx, { customer, contact }) {
    const { key } = await edit(ctx, customer)
    if (await contactIsLinked(ctx.db, key, contact)) throw problem('contactIsLinked')
    const version = await claim(ctx, key)
    if (!(await deleteContact(ctx.db, key, contact))) throw problem('notFound')
    await foldCustomer(ctx.db, key)
    await audit(ctx, 'contactRemoved', customer, { contact })
    return { version }
  },

  async addSite(ctx, { customer, ...site }) {
    const { key } = await edit(ctx, customer)
    bothCoordinates(site)
    const id = ctx.newId()
    const version = await claim(ctx, key)
    await insertSite(ctx.db, key, id, site, ctx.now)
    await foldCustomer(ctx.db, key)
    await audit(ctx, 'siteAdded', customer, { site: id })
    return { id, version }
  },

  async updateSite(ctx, { customer, site, version, ...given }) {
    const { key } = await edit(ctx, customer)
    bothCoordinates(given)
    const next = await claim(ctx, key, version)
    if (!(await changeSite(ctx.db, key, site, given, ctx.now))) throw problem('notFound')
    await foldCustomer(ctx.db, key)
    await audit(ctx, 'siteUpdated', customer, { site })
    return { version: next }
  },

  archiveSite: (ctx, { customer, site }) => setSiteStatus(ctx, customer, site, 'archived'),
  restoreSite: (ctx, { customer, site }) => setSiteStatus(ctx, customer, site, 'active'),
})

const HEADINGS = [
  'Name',
  'Reference',
  'Contact',
  'Email',
  'Phone',
  'Address',
  'Sites',
  'Open jobs',
  'Jobs',
  'Customer since',
]

type Reader = Context<(typeof customers)['getCustomer']>
type Writer = Context<(typeof customers)['archiveCustomer']>

/** The record, or the answer for one that is not there or not in reach. */
async function load(ctx: Pick<Reader, 'db' | 'account'>, customer: string) {
  const key = { account: ctx.account.id, customer }
  const row = await findCustomer(ctx.db, key)
  if (!row) throw problem('notFound')
  return { key, row }
}

/** The record, to be changed: asked for and allowed, before anything is written. */
async function edit(
  ctx: Pick<Writer, 'db' | 'account' | 'actor'> & { allow(decision: Decision): void },
  customer: string,
) {
  const found = await load(ctx, customer)
  ctx.allow(mayEditCustomer(ctx.actor, found.row))
  return found
}

/** Takes the next version for this change. Whoever saw an older one is refused and has overwritten nothing (E-41). */
async function claim(
  ctx: Pick<Writer, 'db' | 'now'>,
  key: { account: string; customer: string },
  seen?: number,
): Promise<number> {
  const next = await nextVersion(ctx.db, key, seen, ctx.now)
  if (next === undefined) throw problem('customerChanged')
  return next
}

/** Twice is no error: the second finds it done. */
async function setStatus(ctx: Writer, row: CustomerRow, status: CustomerStatus) {
  if (row.status === status) return { version: row.version }
  const key = { account: ctx.account.id, customer: row.id }
  const version = await claim(ctx, key)
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
  const { key } = await edit(ctx, customer)
  const version = await claim(ctx, key)
  if (!(await changeSite(ctx.db, key, site, { status }, ctx.now))) throw problem('notFound')
  await audit(ctx, status === 'archived' ? 'siteArchived' : 'siteRestored', customer, { site })
  return { version }
}

const audit = (ctx: Pick<Writer, 'audit'>, event: string, subjectId: string, details: Record<string, unknown>) =>
  ctx.audit({ event, subjectKind: 'customer', subjectId, details })

/** A point has two coordinates. Leaving both out changes neither. */
function bothCoordinates(
  site: { latitude?: number | null | undefined; longitude?: number | null | undefined } | undefined,
  at = '',
): void {
  if (site && ((site.latitude ?? null) === null) !== ((site.longitude ?? null) === null)) {
    throw problem('input', {
      fields: { [`${at}${(site.latitude ?? null) === null ? 'latitude' : 'longitude'}`]: 'required' },
    })
  }
}
