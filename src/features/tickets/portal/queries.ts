/** A portal user's tickets. Row-level security decides which there are: all of a customer, or those of one contact. */
import { finalStatement, hotStatement, statement } from '../../../platform/database/statements.ts'
import type { Read } from '../../../platform/operation.ts'
import { pageOf, readPlace } from '../../../platform/paging.ts'
import { readCursor, writeCursor } from '../../jobs/queries.ts'
import { COUNT_CAP } from '../../jobs/rules.ts'
import { ticketPatterns, type TicketRecord } from '../queries.ts'
import { statusesOf, type TicketGroup } from '../rules.ts'

export type PortalTicketRow = Pick<
  TicketRecord,
  'id' | 'number' | 'subject' | 'status' | 'priority' | 'customer_id' | 'contact_id' | 'created_at' | 'updated_at'
> & { customer: string; contact: string | null }

// Statements are sent with the look-up of the caller, so account and customers come from the transaction's own settings.
const ACCOUNT = `(select nullif(current_setting('app.account', true), '')::uuid)`
const CONTACTS = `(select nullif(current_setting('app.contacts', true), '')::uuid[])`
const CUSTOMERS = `(select nullif(current_setting('app.customers', true), '')::uuid[])`

interface Shape {
  group?: TicketGroup | undefined
  customer: boolean
  search: boolean
  /** Only those of the contacts that the reader is. */
  mine: boolean
  cursor: 'after' | 'before' | undefined
}

const inGroup = (group: TicketGroup) => `t.status = any ('{${statusesOf(group).join()}}'::text[])`

/** Parameters are given in this order, as far as the shape has them: customer, patterns, moment and id of the cursor. */
function conditionsOf({ group, customer, search, mine, cursor }: Shape, first: number) {
  let next = first
  const parameter = () => `$${next++}`
  return {
    ofCustomer: customer ? ` and c.id = ${parameter()}::uuid` : '',
    ofTicket: [
      `t.account_id = ${ACCOUNT} and t.customer_id = c.id`,
      ...(search ? [`t.search_text_portal like all (${parameter()}::text[])`] : []),
      ...(group ? [inGroup(group)] : []),
      ...(mine ? [`(array[t.contact_id] && ${CONTACTS} or t.participants && ${CONTACTS})`] : []),
      ...(cursor
        ? [
            `(t.updated_at, t.id) ${cursor === 'before' ? '>' : '<'} (${parameter()}::timestamptz, ${parameter()}::uuid)`,
          ]
        : []),
    ].join(' and '),
  }
}

/** `$1` rows. Each customer's tickets come from its own index, then they are merged. */
function listText(shape: Shape): string {
  const direction = shape.cursor === 'before' ? 'asc' : 'desc'
  const order = (table: string) => `order by ${table}.updated_at ${direction}, ${table}.id ${direction}`
  const { ofCustomer, ofTicket } = conditionsOf(shape, 2)
  return `
  select listed.*, p.name as contact, listed.updated_at::text as at
  from (
    select newest.*, c.name as customer
    from customers c cross join lateral (
      select t.id, t.number, t.subject, t.status, t.priority, t.customer_id, t.contact_id, t.created_at, t.updated_at
      from tickets t where ${ofTicket}
      ${order('t')} limit $1) newest
    where c.account_id = ${ACCOUNT} and c.id = any (${CUSTOMERS}::uuid[])${ofCustomer}
    ${order('newest')} limit $1) listed
  left join contacts p on p.account_id = ${ACCOUNT} and p.id = listed.contact_id
  ${order('listed')}`
}

const FIRST_PAGE: Shape = { customer: false, search: false, mine: false, cursor: undefined }
type ListedTicket = PortalTicketRow & { at: string }
const statements = new Map([[keyOf(FIRST_PAGE), hotStatement<ListedTicket>(listText(FIRST_PAGE))]])
function keyOf({ group, customer, search, mine, cursor }: Shape): string {
  return [group, customer, search, mine, cursor].join()
}

interface ListInput {
  search?: string | undefined
  customer?: string | undefined
  only?: 'mine' | undefined
  group?: TicketGroup | undefined
  cursor?: string | undefined
  limit: number
}

/** Tickets within the reach of this transaction, last changed first. Ends the transaction. */
export async function listPortalTickets(db: Read, { search, customer, only, group, cursor, limit }: ListInput) {
  const place = readPlace(cursor)
  const patterns = ticketPatterns(search)
  const start = place.cursor === undefined ? undefined : readCursor(place.cursor, 'changed')
  const shape: Shape = {
    group,
    customer: customer !== undefined,
    search: patterns.length > 0,
    mine: only === 'mine',
    cursor: start && (place.backward ? 'before' : 'after'),
  }
  const key = keyOf(shape)
  const list = statements.get(key) ?? statement<ListedTicket>(listText(shape))
  statements.set(key, list)
  const rows = await list(
    finalStatement(db),
    limit + 1,
    ...(customer ? [customer] : []),
    ...(shape.search ? [patterns] : []),
    ...(start ? [start.at, start.id] : []),
  )
  return pageOf(rows, limit, place, (row) => writeCursor('changed', row))
}

/** The first of these tickets, with as many rows as are asked for. */
export async function readPortalTickets(
  db: Read,
  { search, customer, only, group, limit }: Omit<ListInput, 'cursor'>,
): Promise<ListedTicket[]> {
  const patterns = ticketPatterns(search)
  const shape = {
    group,
    customer: customer !== undefined,
    search: patterns.length > 0,
    mine: only === 'mine',
    cursor: undefined,
  }
  const list = statement<ListedTicket>(listText(shape))
  return list(db, limit, ...(customer ? [customer] : []), ...(shape.search ? [patterns] : []))
}

/** How many of each group match. Ends the transaction. */
export async function countPortalTickets(
  db: Read,
  { search, customer, only }: Pick<ListInput, 'search' | 'customer' | 'only'>,
): Promise<Record<'all' | TicketGroup, number>> {
  const patterns = ticketPatterns(search)
  const shape: Shape = {
    customer: customer !== undefined,
    search: patterns.length > 0,
    mine: only === 'mine',
    cursor: undefined,
  }
  const { ofCustomer, ofTicket } = conditionsOf(shape, 1)
  const count = statement<Record<'all' | TicketGroup, number>>(`
    select count(*)::int as all, count(*) filter (where ${inGroup('open')})::int as open,
      count(*) filter (where ${inGroup('closed')})::int as closed
    from (
      select t.status from customers c join tickets t on ${ofTicket}
      where c.account_id = ${ACCOUNT} and c.id = any (${CUSTOMERS}::uuid[])${ofCustomer}
      limit ${COUNT_CAP}) t`)
  const [row] = await count(finalStatement(db), ...(customer ? [customer] : []), ...(shape.search ? [patterns] : []))
  return row!
}
