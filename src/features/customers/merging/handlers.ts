/** Merging two customers: who sees more afterward, and the merge itself. */
import { implement, type Context } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { mayManage } from '../../identity/policy.ts'
import { moveRecordsToCustomer } from '../../records/queries.ts'
import { audit, claimVersion, pickOperations } from '../changes/handlers.ts'
import { mayEditCustomer } from '../policy.ts'
import { findCustomer, updateCustomer, updateSearchText, type CustomerKey } from '../queries.ts'
import {
  closeMerged,
  countMoved,
  countRecords,
  endSecureLinks,
  findBoth,
  findLockSettings,
  listMergingUsers,
  lockBoth,
  movePortalLinks,
  moveRecordsOfCustomer,
  type MergingCustomer,
} from './queries.ts'
import { effectOfMerge, joinLinks, joinNotes, linksAfterMerge, stricterLockMode } from './rules.ts'

const operations = pickOperations('previewCustomerMerge', 'mergeCustomer')
type Reader = Context<(typeof operations)['previewCustomerMerge']>
type Writer = Context<(typeof operations)['mergeCustomer']>

const FIRST = 10

export const mergingHandlers = implement('customers', operations, {
  async previewCustomerMerge(ctx, { customer, into }) {
    ctx.allow(mayManage(ctx.actor))
    const { source, target } = await findPair(ctx, customer, into)
    ctx.allow(mayEditCustomer(ctx.actor, source))
    const ids = [customer, into]
    const [moves, users, counts] = await Promise.all([
      countMoved(ctx.db, { account: ctx.account.id, customer }),
      listMergingUsers(ctx.db, ctx.account.id, ids),
      countRecords(ctx.db, ctx.account.id, ids),
    ])
    const effects = users.map((user) => {
      const effect = effectOfMerge(user, ctx.account, { source: customer, target: into, counts })
      const [link] = linksAfterMerge(user, customer, into)
      const { name } = user.links[0]!.customer === into ? target : source
      const contact = link?.scope === 'contact' ? link.contactName : null
      return { ...effect, user: { id: user.id, name: user.name }, customer: name, contact }
    })
    const listed = (each: typeof effects) => ({ total: each.length, first: each.slice(0, FIRST) })
    return {
      into: { id: into, name: target.name },
      version: source.version,
      moves,
      gains: listed(effects.filter(({ gains }) => gains)),
      loses: listed(effects.filter(({ loses }) => loses)),
    }
  },

  /** Widens who sees the records of either, so that managers alone do it (PS-40). */
  async mergeCustomer(ctx, { customer, version, into }) {
    ctx.allow(mayManage(ctx.actor))
    await lockBoth(ctx.db, ctx.account.id, [customer, into])
    const { source, target } = await findPair(ctx, customer, into)
    ctx.allow(mayEditCustomer(ctx.actor, source))
    const key = { account: ctx.account.id, customer }
    const survivor = { account: ctx.account.id, customer: into }
    await claimVersion(ctx, key, version)
    const next = await claimVersion(ctx, survivor)
    const moved = await moveEverything(ctx, key, survivor)
    await closeMerged(ctx.db, ctx.account.id, customer, into, ctx.now)
    for (const each of [key, survivor]) await updateSearchText(ctx.db, each)
    await audit(ctx, 'customerMerged', customer, { name: source.name, into, intoName: target.name, ...moved })
    return { id: into, version: next }
  },
})

/** The two, in use and different. @throws notFound, customerMerged, customerArchived or input */
async function findPair(
  ctx: Pick<Reader, 'db' | 'account' | 'actor' | 'allow'>,
  customer: string,
  into: string,
): Promise<{ source: MergingCustomer; target: MergingCustomer }> {
  const both = await findBoth(ctx.db, ctx.account.id, [customer, into])
  const source = both.find(({ id }) => id === customer)
  const target = both.find(({ id }) => id === into)
  if (!source) throw problem('notFound')
  if (!target || into === customer) throw problem('input', { fields: { into: 'choice' } })
  if (source.mergedInto) throw problem('customerMerged')
  if (target.mergedInto) throw problem('input', { fields: { into: 'choice' } })
  ctx.allow(mayEditCustomer(ctx.actor, target))
  return { source, target }
}

/** Returns what the audit says of it. */
async function moveEverything(ctx: Writer, key: CustomerKey, survivor: CustomerKey) {
  const { db, now } = ctx
  const [{ account, customer: source }, { customer: target }] = [key, survivor]
  const counts = await countMoved(db, key)
  const users = await listMergingUsers(db, account, [source, target])
  const [sourceLock, targetLock] = await Promise.all([findLockSettings(db, key), findLockSettings(db, survivor)])
  await fillCustomer(ctx, key, survivor)
  const joined = users.flatMap(({ links, permissions }) => {
    const [one, other] = [target, source].map((id) => links.find(({ customer }) => customer === id))
    return one && other ? [joinLinks(one, other, permissions)] : []
  })
  // The rows beside a record are found by its customer, so they go first.
  await moveRecordsToCustomer(db, account, source, target)
  await moveRecordsOfCustomer(db, account, source, target)
  await movePortalLinks(db, account, { source, target, joined, now })
  const stricter = stricterLockMode(sourceLock.effective, targetLock.effective)
  const lock = {
    own: stricter === targetLock.effective ? targetLock.own : stricter,
    isHeld: sourceLock.isHeld || targetLock.isHeld,
  }
  await endSecureLinks(db, account, { source, target, lock, now })
  const moved = users.filter(({ links }) => links.some(({ customer }) => customer === source)).map(({ id }) => id)
  return { ...counts, portalUsers: moved }
}

/** The other customer takes over billing details that it lacks, and the notes. The reference stays with the merged one. */
async function fillCustomer({ db }: Writer, key: CustomerKey, survivor: CustomerKey): Promise<void> {
  const [from, to] = await Promise.all([findCustomer(db, key), findCustomer(db, survivor)])
  if (!from || !to) throw problem('notFound')
  const { name, email, phone, address } = from.billing
  await updateCustomer(db, survivor, {
    notes: joinNotes(to.notes, from),
    billing: {
      name: to.billing.name ?? name,
      email: to.billing.email ?? email,
      phone: to.billing.phone ?? phone,
      address: to.billing.address ?? address,
    },
  })
}
