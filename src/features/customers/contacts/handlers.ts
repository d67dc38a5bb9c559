/** Contacts: adding and changing them, and what becomes of their tickets and portal users when they go. */
import { implement, type Context } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { mayManage } from '../../identity/policy.ts'
import { suspendUser } from '../../portal-users/access/queries.ts'
import { detachContact, lockUsersOfContact, moveContactLinks } from '../../portal-users/links/queries.ts'
import { replaceContact } from '../../tickets/queries.ts'
import { audit, claimVersion, loadEditable, pickOperations } from '../changes/handlers.ts'
import { mayEditCustomer } from '../policy.ts'
import { findCustomer, updateSearchText, type CustomerKey } from '../queries.ts'
import {
  changeCustomerOfContact,
  deleteContact,
  fillContact,
  insertContact,
  lockContacts,
  setContactStatus,
  updateContact,
} from './queries.ts'

const operations = pickOperations(
  'addContact',
  'updateContact',
  'removeContact',
  'archiveContact',
  'restoreContact',
  'moveContact',
  'mergeContact',
)

export const contactHandlers = implement('customers', operations, {
  async addContact(ctx, { customer, ...contact }) {
    const { key } = await loadEditable(ctx, customer)
    const id = ctx.newId()
    const version = await claimVersion(ctx, key)
    await insertContact(ctx.db, key, id, contact, ctx.now)
    await updateSearchText(ctx.db, key)
    await audit(ctx, 'contactAdded', customer, { contact: id })
    return { id, version }
  },

  async updateContact(ctx, { customer, contact, version, ...input }) {
    const { key } = await loadEditable(ctx, customer)
    const next = await claimVersion(ctx, key, version)
    if (!(await updateContact(ctx.db, key, contact, input, ctx.now))) throw problem('notFound')
    await updateSearchText(ctx.db, key)
    await audit(ctx, 'contactUpdated', customer, { contact })
    return { version: next }
  },

  async removeContact(ctx, { customer, contact, portalUsers }) {
    const { key } = await loadEditable(ctx, customer)
    const version = await claimVersion(ctx, key)
    const suspended = await suspendUsersOf(ctx, key, contact, portalUsers)
    await replaceContact(ctx.db, key.account, contact, null)
    await deleteContact(ctx.db, key, contact)
    await updateSearchText(ctx.db, key)
    await audit(ctx, 'contactRemoved', customer, { contact, suspended })
    return { version }
  },

  async archiveContact(ctx, { customer, contact, portalUsers }) {
    const { key } = await loadEditable(ctx, customer)
    const version = await claimVersion(ctx, key)
    const suspended = await suspendUsersOf(ctx, key, contact, portalUsers)
    await setContactStatus(ctx.db, key, contact, 'archived', ctx.now)
    await audit(ctx, 'contactArchived', customer, { contact, suspended })
    return { version }
  },

  /** Whoever was suspended with it stays so: the office decides who signs in again. */
  async restoreContact(ctx, { customer, contact }) {
    const { key } = await loadEditable(ctx, customer)
    const version = await claimVersion(ctx, key)
    if ((await lockContacts(ctx.db, key, [contact])).length === 0) throw problem('notFound')
    await setContactStatus(ctx.db, key, contact, 'active', ctx.now)
    await audit(ctx, 'contactRestored', customer, { contact })
    return { version }
  },

  async moveContact(ctx, { customer, contact, to, portalUsers }) {
    const { key } = await loadEditable(ctx, customer)
    const target = { account: key.account, customer: to }
    const other = await findCustomer(ctx.db, target)
    if (!other || to === customer) throw problem('input', { fields: { to: 'choice' } })
    ctx.allow(mayEditCustomer(ctx.actor, other))
    // In one order, so that two moves in opposite directions cannot wait for each other.
    const versions = new Map<string, number>()
    for (const each of [key, target].sort((a, b) => a.customer.localeCompare(b.customer)))
      versions.set(each.customer, await claimVersion(ctx, each))
    const suspended = await suspendUsersOf(ctx, key, contact, portalUsers)
    await detachContact(ctx.db, key.account, contact, ctx.now)
    await replaceContact(ctx.db, key.account, contact, null)
    await changeCustomerOfContact(ctx.db, key, target, contact, ctx.now)
    for (const each of [key, target]) await updateSearchText(ctx.db, each)
    await audit(ctx, 'contactMoved', customer, { contact, to, suspended })
    return { version: versions.get(customer)! }
  },

  /** Widens who sees the tickets of either, so that managers alone do it (PS-40). */
  async mergeContact(ctx, { customer, contact, into }) {
    ctx.allow(mayManage(ctx.actor))
    const { key } = await loadEditable(ctx, customer)
    const version = await claimVersion(ctx, key)
    const locked = await lockContacts(ctx.db, key, [contact, into])
    const survivor = locked.find(({ id }) => id === into)
    const merged = locked.find(({ id }) => id === contact)
    if (!merged) throw problem('notFound')
    if (survivor?.status !== 'active' || into === contact) throw problem('input', { fields: { into: 'choice' } })
    const users = await moveContactLinks(ctx.db, key.account, contact, into, ctx.now)
    await replaceContact(ctx.db, key.account, contact, into)
    await deleteContact(ctx.db, key, contact)
    await fillContact(ctx.db, key, survivor, merged, ctx.now)
    await updateSearchText(ctx.db, key)
    await audit(ctx, 'contactMerged', customer, { contact, name: merged.name, into, portalUsers: users })
    return { version }
  },
})

/**
 * Nobody sees anything any more in the name of a contact that goes. They get no email. Returns the ids of its portal users.
 * @throws contactIsLinked unless that was confirmed
 */
async function suspendUsersOf(
  ctx: Pick<Context<(typeof operations)['archiveContact']>, 'db' | 'now'>,
  { account, customer }: CustomerKey,
  contact: string,
  confirmed: 'suspend' | undefined,
): Promise<string[]> {
  const users = await lockUsersOfContact(ctx.db, account, customer, contact)
  if (!users) throw problem('notFound')
  if (users.length > 0 && confirmed !== 'suspend') throw problem('contactIsLinked', { vars: { count: users.length } })
  for (const { id } of users) await suspendUser(ctx.db, account, id, ctx.now)
  return users.map(({ id }) => id)
}
