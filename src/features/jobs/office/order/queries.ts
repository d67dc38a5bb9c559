/** The orders of the office's list: what rows are sorted by, and where a page begins. */
import { sql, type RawBuilder } from 'kysely'
import type { Place } from '../../../../platform/paging.ts'
import { readCursor } from '../../queries.ts'
import { JOB_STATUSES, type JobSort } from '../../rules.ts'

interface Order {
  key: RawBuilder<unknown>
  /** Type of the key, which a cursor has as text. */
  type: 'timestamptz' | 'int' | 'text'
  descending: boolean
}
const moment = (key: RawBuilder<unknown>, descending: boolean): Order => ({ key, type: 'timestamptz', descending })
/** Names are sorted by their beginning, which fits a cursor; equal ones by the job. */
const name = (text: RawBuilder<unknown>, descending: boolean): Order => ({
  key: sql`left(lower(${text}), 40)`,
  type: 'text',
  descending,
})
const byCustomer = sql`coalesce(c.name, '')`
const byWorker = sql`coalesce(sorting_worker.name, sorting_worker.email, '')`
const byStatus = sql`array_position(${sql.lit(`{${JOB_STATUSES.join()}}`)}::text[], j.status)`
const ORDERS: Record<JobSort, Order> = {
  newest: moment(sql`j.created_at`, true),
  oldest: moment(sql`j.created_at`, false),
  soonest: moment(sql`coalesce(j.scheduled_at, 'infinity'::timestamptz)`, false),
  latest: moment(sql`coalesce(j.scheduled_at, '-infinity'::timestamptz)`, true),
  changed: moment(sql`j.updated_at`, true),
  customer: name(byCustomer, false),
  '-customer': name(byCustomer, true),
  status: { key: byStatus, type: 'int', descending: false },
  '-status': { key: byStatus, type: 'int', descending: true },
  worker: name(byWorker, false),
  '-worker': name(byWorker, true),
}
const CURSOR_KEYS: Record<Exclude<Order['type'], 'timestamptz'>, (at: string) => boolean> = {
  int: (at) => /^\d{1,2}$/.test(at),
  text: (at) => at.length <= 80 && !at.includes('\u0000'),
}
export const sortsByWorker = (sort: JobSort) => sort === 'worker' || sort === '-worker'

export interface ReadingOrder {
  key: RawBuilder<unknown>
  direction: RawBuilder<unknown>
  /** What lies beyond the cursor. */
  after: RawBuilder<unknown>
  /** Rows come from an index in this order. In any other order only their keys are sorted. */
  isByIndex: boolean
}

/** How a page is read from its place. @throws problem input when its cursor was not written for this sort */
export function readingOrder(sort: JobSort, place: Place): ReadingOrder {
  const { key, descending } = ORDERS[sort]
  return {
    key,
    direction: descending === place.backward ? sql`asc` : sql`desc`,
    after: afterCursor(sort, place),
    isByIndex: sort === 'newest' || sort === 'oldest',
  }
}

function afterCursor(sort: JobSort, { cursor, backward }: Place): RawBuilder<unknown> {
  if (cursor === undefined) return sql``
  const { key, type, descending } = ORDERS[sort]
  const { at, id } = readCursor(cursor, sort, type === 'timestamptz' ? undefined : CURSOR_KEYS[type])
  const beyond = descending !== backward ? sql`<` : sql`>`
  return sql`and (${key}, j.id) ${beyond} (${at}::${sql.raw(type)}, ${id}::uuid)`
}
