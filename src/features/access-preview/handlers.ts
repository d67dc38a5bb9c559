/** Carries a change out, asks the database as everybody concerned what they see, and takes the change back. */
import { implement, prepared, type Output, type Read } from '../../platform/operation.ts'
import type { Rehearsal } from '../../platform/rehearsal.ts'
import { countUnsearched } from '../jobs/portal/overview/queries.ts'
import { listOfferableTemplates } from '../portal/queries.ts'
import { countPortalTickets } from '../tickets/portal/queries.ts'
import { accessPreview } from './contract.ts'
import { mayPreviewAccess } from './policy.ts'
import { findCustomerNames, findLinks, findUsers, type Bounds } from './queries.ts'
import {
  findChanges,
  isUncertain,
  keyOf,
  MAX_COUNTED,
  NAMED,
  type Change,
  type Principal,
  type RecordCounts,
  type Side,
  type Snapshot,
} from './rules.ts'

type Preview = Output<(typeof accessPreview)['previewAccess']>
type SideName = 'gains' | 'loses'
/** How many records everybody sees who is counted, by their key. */
type Counts = ReadonlyMap<string, RecordCounts>

export const accessPreviewHandlers = implement('access-preview', accessPreview, {
  previewAccess: prepared(
    ({ operation, input }, { rehearse, now }) =>
      rehearse(operation, input, (rehearsal) => comparePortal(rehearsal, now)),
    async (ctx, _input, preview) => {
      ctx.allow(mayPreviewAccess(ctx.actor))
      return preview
    },
  ),
})

async function comparePortal(rehearsal: Rehearsal, now: Date): Promise<Preview> {
  const before = await takeSnapshot(rehearsal, now)
  await rehearsal.run()
  const after = await takeSnapshot(rehearsal, now, before.bounds)
  const changes = findChanges(before.snapshot, after.snapshot)
  const uncertain = changes.filter(({ gains, loses }) => isUncertain(gains) || isUncertain(loses))
  const counted = new Set([
    ...uncertain.slice(0, MAX_COUNTED),
    ...changes.filter(({ gains }) => gains.isCertain).slice(0, NAMED),
    ...changes.filter(({ loses }) => loses.isCertain).slice(0, NAMED),
  ])
  const keys = [...counted].map(({ principal }) => keyOf(principal))
  // These operations change who reaches records, and no record: both are counted now, each within its reach.
  const countsBefore = await countRecords(rehearsal, before.snapshot, keys)
  const countsAfter = await countRecords(rehearsal, after.snapshot, keys)
  const present = (name: SideName) =>
    presentSide(rehearsal.db, before.snapshot, { changes, name, countsBefore, countsAfter })
  const { user, link } = before.bounds
  return {
    gains: await present('gains'),
    loses: await present('loses'),
    isComplete: user === null && link === null && uncertain.length <= MAX_COUNTED,
  }
}

async function takeSnapshot(
  { db, findAccount }: Rehearsal,
  now: Date,
  bounds?: Bounds,
): Promise<{ snapshot: Snapshot; bounds: Bounds }> {
  const account = await findAccount()
  const users = await findUsers(db, account, bounds?.user)
  const links = await findLinks(db, account, now, bounds?.link)
  const templates = await listOfferableTemplates(db, account.id, [])
  const everybody: Principal[] = [...users.principals, ...links.principals]
  return {
    snapshot: {
      account,
      templates: new Map(templates.map(({ id, name }) => [id, name])),
      principals: new Map(everybody.map((each) => [keyOf(each), each])),
    },
    bounds: { user: users.bound, link: links.bound },
  }
}

/** As the portal itself counts, within the reach of each. Who cannot enter sees nothing. */
async function countRecords(rehearsal: Rehearsal, { account, principals }: Snapshot, keys: string[]): Promise<Counts> {
  const counts = new Map<string, RecordCounts>()
  for (const key of keys) {
    const actor = principals.get(key)?.actor
    counts.set(key, actor ? await rehearsal.readAs(actor, account, countAll) : { job: 0, ticket: 0 })
  }
  return counts
}

async function countAll(db: Read): Promise<RecordCounts> {
  const [jobs, tickets] = await Promise.all([countUnsearched(undefined)(db), countPortalTickets(db, {})])
  return { job: jobs.reduce((sum, { count }) => sum + count, 0), ticket: tickets.all }
}

interface Compared {
  changes: readonly Change[]
  name: SideName
  countsBefore: Counts
  countsAfter: Counts
}

async function presentSide(db: Read, { account, templates }: Snapshot, compared: Compared): Promise<Preview['gains']> {
  const { changes, name } = compared
  const people = changes.filter((change) => change[name].isCertain || hasOtherRecords(change, compared))
  const named = people.slice(0, NAMED)
  const customers = await findCustomerNames(
    db,
    account.id,
    named.flatMap((change) => change[name].customers),
  )
  const names = new Map([...templates, ...customers])
  return { count: people.length, rows: named.map((change) => presentRow(change, compared, names)) }
}

/** Jobs of hidden services: only whoever sees fewer or more of them loses or gains. */
function hasOtherRecords({ principal, ...change }: Change, { name, countsBefore, countsAfter }: Compared): boolean {
  const before = countsBefore.get(keyOf(principal))
  const after = countsAfter.get(keyOf(principal))
  if (!before || !after) return false
  return change[name].records.some((kind) =>
    name === 'gains' ? after[kind] > before[kind] : after[kind] < before[kind],
  )
}

function presentRow({ principal, ...change }: Change, compared: Compared, names: ReadonlyMap<string, string>) {
  const { isEntry, permissions, customers, services, records }: Side = change[compared.name]
  const before = compared.countsBefore.get(keyOf(principal))!
  const after = compared.countsAfter.get(keyOf(principal))!
  const { kind, id, name } = principal
  return {
    ...{ kind, id, name, isEntry, permissions },
    customers: { count: customers.length, names: customers.flatMap((each) => names.get(each) ?? []).slice(0, 3) },
    services: services.flatMap((each) => names.get(each) ?? []),
    records: records.map((record) => ({ kind: record, before: before[record], after: after[record] })),
  }
}
