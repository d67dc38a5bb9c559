/** The office's list of tickets and its counts. Row-level security decides which tickets there are for a member of staff. */
import { sql, type RawBuilder } from 'kysely'
import { finalStatement, statement } from '../../../platform/database/statements.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { pageOf, readPlace, type Place } from '../../../platform/paging.ts'
import { COUNT_CAP } from '../../jobs/rules.ts'
import { readCursor, writeCursor, type CursorRow } from '../../jobs/queries.ts'
import { ticketPatterns, type TicketRecord } from '../queries.ts'
import {
  TICKET_PRIORITIES,
  TICKET_STATUSES,
  type TicketPriority,
  type TicketSort,
  type TicketStatus,
} from '../rules.ts'

export interface TicketFilter {
  search?: string | undefined
  status?: TicketStatus[] | undefined
  priority?: TicketPriority[] | undefined
  /** Ids, and `none` for tickets without one. */
  assignee?: string[] | undefined
  customer?: string | undefined
  contact?: string | undefined
}

/** A ticket in the list, with the names beside it. */
export type TicketRowRecord = Pick<
  TicketRecord,
  | 'id'
  | 'number'
  | 'subject'
  | 'status'
  | 'priority'
  | 'customer_id'
  | 'contact_id'
  | 'assignee_id'
  | 'source'
  | 'tags'
  | 'created_at'
  | 'updated_at'
> & { customer: string; contact: string | null; assignee: string | null }

// A list is sent with the look-up of the caller, so account and reader come from the transaction's own settings.
const ACCOUNT = sql`(select nullif(current_setting('app.account', true), '')::uuid)`
const ACTOR = sql`(select nullif(current_setting('app.actor_id', true), '')::uuid)`
const isStaff = (reach: 'all' | 'assigned') => sql`(select current_setting('app.staff', true) = ${sql.lit(reach)})`

interface Order {
  key: RawBuilder<unknown>
  /** Type of the key, which a cursor has as text. */
  type: 'timestamptz' | 'int' | 'text'
  descending: boolean
}
const listLiteral = (values: readonly string[]) => sql`${sql.lit(`{${values.join()}}`)}::text[]`
const BY_PRIORITY = sql`array_position(${listLiteral(TICKET_PRIORITIES)}, t.priority)`
const BY_STATUS = sql`array_position(${listLiteral(TICKET_STATUSES)}, t.status)`
/** Names are sorted by their beginning, which fits a cursor. */
const BY_ASSIGNEE = sql`coalesce((
  select left(lower(coalesce(s.name, s.email)), 40) from staff_members s
  where s.account_id = ${ACCOUNT} and s.id = t.assignee_id), '')`
const moment = (key: RawBuilder<unknown>, descending: boolean): Order => ({ key, type: 'timestamptz', descending })
const ORDERS: Record<TicketSort, Order> = {
  changed: moment(sql`t.updated_at`, true),
  '-changed': moment(sql`t.updated_at`, false),
  newest: moment(sql`t.created_at`, true),
  oldest: moment(sql`t.created_at`, false),
  priority: { key: BY_PRIORITY, type: 'int', descending: true },
  '-priority': { key: BY_PRIORITY, type: 'int', descending: false },
  status: { key: BY_STATUS, type: 'int', descending: false },
  '-status': { key: BY_STATUS, type: 'int', descending: true },
  assignee: { key: BY_ASSIGNEE, type: 'text', descending: false },
  '-assignee': { key: BY_ASSIGNEE, type: 'text', descending: true },
}
const CURSOR_KEYS: Record<Exclude<Order['type'], 'timestamptz'>, (at: string) => boolean> = {
  int: (at) => /^[1-6]$/.test(at),
  text: (at) => at.length <= 80 && !at.includes('\u0000'),
}

interface ReadingOrder {
  key: RawBuilder<unknown>
  direction: RawBuilder<unknown>
  after: RawBuilder<unknown>
}

function readingOrder(sort: TicketSort, { cursor, backward }: Place): ReadingOrder {
  const { key, type, descending } = ORDERS[sort]
  const direction = descending === backward ? sql`asc` : sql`desc`
  if (cursor === undefined) return { key, direction, after: sql`` }
  const { at, id } = readCursor(cursor, sort, type === 'timestamptz' ? undefined : CURSOR_KEYS[type])
  const beyond = descending === backward ? sql`>` : sql`<`
  return { key, direction, after: sql`and (${key}, t.id) ${beyond} (${at}::${sql.raw(type)}, ${id}::uuid)` }
}

const conditionsOf = ({ search, status, priority, assignee, customer, contact }: TicketFilter) => {
  const patterns = ticketPatterns(search)
  return sql.join(
    [
      sql`t.account_id = ${ACCOUNT}`,
      ...(patterns.length > 0
        ? [
            sql`(t.search_text_office || ' ' || coalesce((
              select c.search_text from customers c where c.account_id = ${ACCOUNT} and c.id = t.customer_id), ''))
              like all (${patterns}::text[])`,
          ]
        : []),
      ...(status?.length ? [sql`t.status = any (${sql.lit(`{${status.join()}}`)}::text[])`] : []),
      ...(priority?.length ? [sql`t.priority = any (${priority}::text[])`] : []),
      ...(assignee?.length ? [hasAssignee(assignee)] : []),
      ...(customer ? [sql`t.customer_id = ${customer}::uuid`] : []),
      ...(contact ? [sql`(t.contact_id = ${contact}::uuid or ${contact}::uuid = any (t.participants))`] : []),
    ],
    sql` and `,
  )
}

function hasAssignee(assignee: readonly string[]): RawBuilder<unknown> {
  const ids = assignee.filter((each) => each !== 'none')
  const orNone = assignee.includes('none') ? sql` or t.assignee_id is null` : sql``
  return sql`(t.assignee_id = any (${ids}::uuid[])${orNone})`
}

/** What differs for a worker finds their tickets by index; row-level security lets no other through. */
const ofWhoeverReads = (select: (reach: RawBuilder<unknown>) => RawBuilder<unknown>) =>
  sql`(${select(isStaff('all'))}) union all (${select(sql`t.assignee_id = ${ACTOR} and ${isStaff('assigned')}`)})`

type ListedTicket = TicketRowRecord & CursorRow

/** One page by keyset. Ends the transaction. */
export async function listTicketsInReach(
  db: Read,
  filter: TicketFilter,
  part: { sort: TicketSort; cursor?: string | undefined; limit: number },
) {
  const place = readPlace(part.cursor)
  const { key, direction, after } = readingOrder(part.sort, place)
  const keys = ofWhoeverReads(
    (reach) => sql`
      select t.*, ${key} as sorted_by from tickets t
      where ${conditionsOf(filter)} and ${reach} ${after}
      order by ${key} ${direction}, t.id ${direction} limit ${sql.lit(part.limit + 1)}`,
  )
  const { sql: text, parameters } = sql<ListedTicket>`
    select t.id, t.number, t.subject, t.status, t.priority, t.customer_id, coalesce(c.name, '') as customer,
      t.contact_id, p.name as contact, t.assignee_id, coalesce(w.name, w.email) as assignee, t.source, t.tags,
      t.created_at, t.updated_at, t.sorted_by::text as at
    from (${keys}) t
    left join customers c on c.account_id = t.account_id and c.id = t.customer_id
    left join contacts p on p.account_id = t.account_id and p.id = t.contact_id
    left join staff_members w on w.account_id = t.account_id and w.id = t.assignee_id
    order by t.sorted_by ${direction}, t.id ${direction}`.compile(db as Write)
  const rows = await statement<ListedTicket>(text)(finalStatement(db), ...parameters)
  return pageOf(rows, part.limit, place, (row) => writeCursor(part.sort, row))
}

interface Facet {
  facet: string
  id: string
  name: string
  count: number
}

/** Each filter's counts keep all other filters as they are, so a count is what choosing it would list (PS-12). */
export async function countTickets(db: Read, filter: TicketFilter) {
  const found = (chosen: TicketFilter) =>
    sql`(select t.* from (${ofWhoeverReads(
      (reach) => sql`
        select t.status, t.priority, t.assignee_id from tickets t where ${conditionsOf(chosen)} and ${reach}
        limit ${sql.lit(COUNT_CAP)}`,
    )}) t limit ${sql.lit(COUNT_CAP)}) t`
  const facet = (name: 'status' | 'priority' | 'assignee', id: RawBuilder<unknown>) => sql`
    select ${sql.lit(name)} as facet, ${id} as id, count(*)::int as count
    from ${found({ ...filter, [name]: undefined })} group by 2`
  const { rows } = await sql<Facet>`
    select counted.*, coalesce(w.name, w.email, '') as name
    from (
      select 'all' as facet, '' as id, count(*)::int as count from ${found(filter)}
      union all ${facet('status', sql`t.status`)}
      union all ${facet('priority', sql`t.priority`)}
      union all ${facet('assignee', sql`coalesce(t.assignee_id::text, 'none')`)}) counted
    left join staff_members w on counted.facet = 'assignee' and w.account_id = ${ACCOUNT} and w.id::text = counted.id
    order by name, counted.id`.execute(db as Write)
  const of = (name: string) => rows.filter((row) => row.facet === name)
  const all = of('all')[0]?.count ?? 0
  return {
    all,
    capped: all === COUNT_CAP,
    status: of('status').map(({ id, count }) => ({ id: id as TicketStatus, count })),
    priority: of('priority').map(({ id, count }) => ({ id: id as TicketPriority, count })),
    assignee: of('assignee').map(({ id, name, count }) => ({ id, name, count })),
  }
}
