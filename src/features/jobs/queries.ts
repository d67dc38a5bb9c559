import { sql, type Insertable, type Selectable } from 'kysely'
import type { Jobs } from '../../../db/schema.gen.ts'
import { insertRows } from '../../platform/database/statements.ts'
import type { Read, Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import type { FieldValues } from '../templates/fields/rules.ts'
import type { JobStatus } from './rules.ts'
import type { UndoRecord } from './undo/rules.ts'

export type JobRecord = Omit<Selectable<Jobs>, 'status' | 'fields' | 'undo'> & {
  status: JobStatus
  fields: FieldValues
  undo: UndoRecord | null
}

// ---- one job ----

/** Undefined when this actor does not reach the job. */
export async function findJob(db: Read, account: string, job: string): Promise<JobRecord | undefined> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', job)
    .executeTakeFirst()
  return row as JobRecord | undefined
}

/** The same, locked until the transaction ends, so that two changes of its status cannot both succeed (E-41). */
export async function lockJob(db: Write, account: string, job: string): Promise<JobRecord | undefined> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', job)
    .forUpdate()
    .executeTakeFirst()
  return row as JobRecord | undefined
}

/** Writes a locked job and counts its version up; returns the new version. */
export async function changeJob(
  db: Write,
  job: Pick<JobRecord, 'account_id' | 'id' | 'version'>,
  changes: Partial<Omit<Insertable<Jobs>, 'fields' | 'undo'> & { fields: FieldValues; undo: UndoRecord }>,
  now: Date,
): Promise<number> {
  const { fields, undo, ...rest } = changes
  const row = await db
    .updateTable('jobs')
    .set({
      ...rest,
      ...(fields && { fields: JSON.stringify(fields) }),
      ...(undo && { undo: JSON.stringify(undo) }),
      version: job.version + 1,
      updated_at: now,
    })
    .where('account_id', '=', job.account_id)
    .where('id', '=', job.id)
    .where('version', '=', job.version)
    .returning('version')
    .executeTakeFirst()
  if (!row) throw problem('jobChanged')
  return row.version
}

/** Unassigns a declined job. A definer function does it, because the worker no longer reaches the job at that moment. */
export async function releaseDeclined(db: Write, account: string, job: string, now: Date): Promise<void> {
  await sql`select release_declined_job(${account}, ${job}, ${now})`.execute(db)
}

/** A customer wrote a comment. The version stays: comments are no part of what an edit compares. */
export async function countUnreadComment(db: Write, job: Pick<JobRecord, 'account_id' | 'id'>): Promise<void> {
  await db
    .updateTable('jobs')
    .set((set) => ({ unread_comments: set('unread_comments', '+', 1) }))
    .where('account_id', '=', job.account_id)
    .where('id', '=', job.id)
    .execute()
}

export async function removeJob(db: Write, account: string, job: string): Promise<boolean> {
  const result = await db.deleteFrom('jobs').where('account_id', '=', account).where('id', '=', job).executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** Reserves `count` consecutive job numbers and returns the first. A booking that is rolled back leaves no gap. */
export async function reserveJobNumbers(db: Write, account: string, count: number): Promise<number> {
  const {
    rows: [row],
  } = await sql<{ first: string }>`
    select reserve_numbers(${account}, 'job', ${count}) as first`.execute(db)
  return Number(row!.first)
}

/** Writes new jobs, all in one statement: they have the same columns. */
export async function insertJobs(
  db: Write,
  rows: (Omit<Insertable<Jobs>, 'fields' | 'status'> & { fields: FieldValues; status: JobStatus })[],
): Promise<void> {
  await insertRows(db, 'jobs', rows)
}

// ---- lists ----

/** A job in a list of the office. */
export interface JobRowRecord {
  id: string
  number: number
  title: string
  status: JobStatus
  customer_id: string
  customer: string
  template_id: string
  template: string
  icon: string
  worker_id: string | null
  worker: string | null
  address: string | null
  tags: string[]
  requested_at: Date | null
  requested_any_time: boolean
  scheduled_at: Date | null
  duration_minutes: number | null
  completed_at: Date | null
  canceled_at: Date | null
  created_by_kind: string
  created_by_id: string | null
  created_by_name: string | null
  created_at: Date
  updated_at: Date
  version: number
  unread_comments: number
}

// ---- cursors: where a page ended. Not secret: they only say where to continue within the caller's reach. ----

/** The row that a cursor names, and what it was sorted by. */
export interface CursorRow {
  at: string
  id: string
}

export const writeCursor = (sort: string, { at, id }: CursorRow): string =>
  Buffer.from([sort, at, id].join('|')).toString('base64url')

const CURSOR_MOMENT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:[+-](?:0\d|1[0-4])(?::[0-5]\d)?)?$/
const CURSOR_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

/** @throws problem input when the cursor was not written for this sort */
export function readCursor(cursor: string, sort: string, isKey: (at: string) => boolean = isMoment): CursorRow {
  const [cursorSort, ...rest] = Buffer.from(cursor, 'base64url').toString().split('|')
  const id = rest.pop() ?? ''
  const at = rest.join('|')
  const isValid = cursorSort === sort && rest.length > 0 && isKey(at) && CURSOR_ID.test(id)
  if (!isValid) throw problem('input', { fields: { cursor: 'format' } })
  return { at, id }
}

const isMoment = (at: string): boolean => isStoredMoment(at) || at === 'infinity' || at === '-infinity'

/** What the database takes for a moment: `Date` also takes 31 February and the year 0. */
function isStoredMoment(text: string): boolean {
  const [, day, time] = CURSOR_MOMENT.exec(text) ?? []
  const date = new Date(`${day}T${time}Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === day && date.getUTCFullYear() > 0
}
