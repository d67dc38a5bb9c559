import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'
import type { StaffActor } from '../identity/rules.ts'
import type { ViewKind } from './rules.ts'

export interface PortalView {
  id: string
  kind: ViewKind
  name: string
  customer_id: string | null
  contact_id: string | null
  portal_user_id: string | null
  secure_link_id: string | null
  session_id: string
  started_at: Date
  seen_at: Date
  ended_at: Date | null
}

/** Whom a view shows, as its row names them. */
export type Viewed = Pick<
  PortalView,
  'kind' | 'name' | 'customer_id' | 'contact_id' | 'portal_user_id' | 'secure_link_id'
>

const COLUMNS = [
  'id',
  'kind',
  'name',
  'customer_id',
  'contact_id',
  'portal_user_id',
  'secure_link_id',
  'session_id',
  'started_at',
  'seen_at',
  'ended_at',
] as const

/** Who has this id; undefined: nobody in this account, or nobody who has a portal any more. */
export async function findViewed(db: Read, account: string, kind: ViewKind, id: string): Promise<Viewed | undefined> {
  const nobody = { kind, customer_id: null, contact_id: null, portal_user_id: null, secure_link_id: null }
  switch (kind) {
    case 'customer': {
      const row = await db
        .selectFrom('customers')
        .select('name')
        .where('account_id', '=', account)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && { ...nobody, name: row.name, customer_id: id }
    }
    case 'contact': {
      const row = await db
        .selectFrom('contacts')
        .select(['name', 'customer_id'])
        .where('account_id', '=', account)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && { ...nobody, ...row, contact_id: id }
    }
    case 'portalUser': {
      const row = await db
        .selectFrom('portal_users')
        .select(['name', 'email'])
        .where('account_id', '=', account)
        .where('id', '=', id)
        .where('status', '<>', 'removed')
        .executeTakeFirst()
      return row && { ...nobody, name: row.name ?? row.email, portal_user_id: id }
    }
    case 'secureLink':
      return findLinkHolder(db, account, id)
  }
}

/** Who has a secure link that has not ended. */
async function findLinkHolder(db: Read, account: string, id: string): Promise<Viewed | undefined> {
  const row = await db
    .selectFrom('secure_links as k')
    .innerJoin('customers as c', (join) =>
      join.onRef('c.account_id', '=', 'k.account_id').onRef('c.id', '=', 'k.customer_id'),
    )
    .leftJoin('contacts as t', (join) =>
      join.onRef('t.account_id', '=', 'k.account_id').onRef('t.id', '=', 'k.contact_id'),
    )
    .select(['k.customer_id', 'k.contact_id', 'c.name as customer', 't.name as contact'])
    .where('k.account_id', '=', account)
    .where('c.account_id', '=', account)
    .where('k.id', '=', id)
    .where('k.ended_at', 'is', null)
    .executeTakeFirst()
  if (!row) return undefined
  const { customer_id, contact_id } = row
  const name = row.contact ?? row.customer
  return { kind: 'secureLink', name, customer_id, contact_id, portal_user_id: null, secure_link_id: id }
}

export async function insertView(
  db: Write,
  account: string,
  staff: StaffActor,
  { id, at, ...viewed }: Viewed & { id: string; at: Date },
): Promise<void> {
  await db
    .insertInto('portal_views')
    .values({
      account_id: account,
      id,
      principal: `staff:${staff.id}`,
      staff_member_id: staff.id,
      staff_name: staff.name,
      session_id: staff.sessionId,
      ...viewed,
      started_at: at,
      seen_at: at,
    })
    .execute()
}

export const findView = async (db: Read, account: string, id: string): Promise<PortalView | undefined> =>
  (await db
    .selectFrom('portal_views')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()) as PortalView | undefined

/** Ends views that are open: one, or those of a staff session. Answers them. */
export const endViews = async (
  db: Write,
  account: string,
  which: { id: string } | { session: string },
  now: Date,
): Promise<PortalView[]> =>
  (await db
    .updateTable('portal_views')
    .set({ ended_at: now })
    .where('account_id', '=', account)
    .where('ended_at', 'is', null)
    .where((where) => ('id' in which ? where('id', '=', which.id) : where('session_id', '=', which.session)))
    .returning(COLUMNS)
    .execute()) as PortalView[]

export async function listViewsOf(
  db: Read,
  account: string,
  user: string,
): Promise<{ staff_name: string; started_at: Date }[]> {
  const { rows } = await sql<{ staff_name: string; started_at: Date }>`
    select * from list_portal_views(${account}, ${user})`.execute(db as Write)
  return rows
}

/** A view that nobody left, and the end that it has had. */
interface LapsedView extends PortalView {
  account_id: string
  staff_member_id: string
  staff_name: string
}

/** Ends views of which nobody opened anything for an hour, eight hours old ones, and those whose session has ended. */
export async function endLapsedViews(db: Write, now: Date): Promise<LapsedView[]> {
  const { rows } = await sql<LapsedView>`
    update portal_views v
    set ended_at = least(${now}::timestamptz, v.seen_at + interval '1 hour', v.started_at + interval '8 hours')
    where v.ended_at is null
      and (v.seen_at <= ${now}::timestamptz - interval '1 hour'
        or v.started_at <= ${now}::timestamptz - interval '8 hours'
        or not exists (select from people_sessions e where e.id = v.session_id))
    returning v.*`.execute(db)
  return rows
}
