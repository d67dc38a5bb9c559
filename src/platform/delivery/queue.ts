/** The queue of waiting mails: which row is next, and who has claimed it. Only the deliverer uses it, as portico_system. */
import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import type { DB } from '../../../db/schema.gen.ts'
import { newId } from '../ids.ts'
import type { OutboxRow } from './outbox.ts'

const LEASE_MS = 90_000
export const MAX_ATTEMPTS = 10

/** A row that is ours until its lease ends; a late worker sees by the lease number that another one took over. */
export type Claim = OutboxRow & { lease_number: number }

export interface Which {
  account: string
  id: string
}

/**
 * The next row that is due and not claimed by another worker: urgent ones first, then the oldest; or the given row, if it is
 * due. Its order is that of the index outbox_due, so its cost does not depend on how many wait.
 */
export function claimNext(now: Date, only?: Which): RawBuilder<{ account_id: string; id: string; status: string }> {
  return sql`select account_id, id, status from outbox
    where status in ('waiting', 'sending') and next_at <= ${now} and (status = 'waiting' or lease_until <= ${now})
      and ${only ? sql`account_id = ${only.account} and id = ${only.id}` : sql`true`}
    order by urgent desc, next_at limit 1 for update skip locked`
}

/** Takes a row for one attempt, or null when nothing is due. */
export async function claim(db: Kysely<DB>, now: Date, only?: Which): Promise<Claim | null> {
  const lease = new Date(now.getTime() + LEASE_MS)
  for (;;) {
    const { rows } = await sql<Claim & { was: string }>`with due as materialized (${claimNext(now, only)})
      update outbox set status = 'sending', attempts = attempts + 1, lease_until = ${lease}, lease_number = lease_number + 1
      from due where outbox.account_id = due.account_id and outbox.id = due.id returning outbox.*, due.status as was`.execute(
      db,
    )
    const row = rows[0]
    if (!row || row.was === 'waiting') return row ?? null
    // Its worker died between taking and recording. The mail may be out.
    const before = row.attempts - 1
    await insertDelivery(db, row, before, now, 'ambiguous', 'The attempt was interrupted')
    if (before < MAX_ATTEMPTS) return row
    await sql`update outbox set status = 'failed', attempts = ${before}, lease_until = null, last_result = ${`Given up after ${before} attempts. The last one was interrupted`}
      where account_id = ${row.account_id} and id = ${row.id}`.execute(db)
  }
}

/** How an attempt left its row; `next` counts when it waits again. */
export interface Ending {
  status: 'waiting' | 'sent' | 'failed' | 'canceled'
  next: Date
  outcome: 'sent' | 'refused' | 'deferred' | 'ambiguous' | 'skipped'
  detail: string
}

/**
 * Records how an attempt ended. A late worker, whose lease another one took, changes nothing (fencing); its attempt is
 * still recorded. The token is deleted once the mail is sent or canceled.
 */
export async function recordOutcome(
  db: Kysely<DB>,
  row: Claim,
  now: Date,
  { status, next, outcome, detail }: Ending,
): Promise<void> {
  const done = status === 'sent' || status === 'canceled'
  const { numAffectedRows } =
    await sql`update outbox set status = ${status}, next_at = ${next}, lease_until = null, last_result = ${detail},
      sent_at = ${status === 'sent' ? now : null}, payload = case when secret and ${done} then payload - 'token' else payload end
    where account_id = ${row.account_id} and id = ${row.id} and status = 'sending' and lease_number = ${row.lease_number}`.execute(
      db,
    )
  const late = numAffectedRows === 0n
  await insertDelivery(db, row, row.attempts, now, outcome, late ? `${detail} (noted late)` : detail)
}

async function insertDelivery(
  db: Kysely<DB>,
  row: OutboxRow,
  number: number,
  at: Date,
  outcome: Ending['outcome'],
  detail: string,
): Promise<void> {
  await sql`insert into deliveries (account_id, id, outbox_id, attempt, at, outcome, detail)
    values (${row.account_id}, ${newId()}, ${row.id}, ${number}, ${at}, ${outcome}, ${detail})`.execute(db)
}

/**
 * After the clock was set back, rows wait for moments that the later clock gave them. No row waits longer than the pause after
 * its last attempt, of `pauses` in milliseconds, and no lease is longer than ours: such a row is due, such a lease is cut.
 */
export async function undoClockSteps(db: Kysely<DB>, now: Date, pauses: readonly number[]): Promise<void> {
  const lease = new Date(now.getTime() + LEASE_MS)
  // Twice the pause, as pauses are jittered; before the first attempt there is none.
  const longest = [0, ...pauses].map((pause) => (2 * pause) / 1000)
  const longestNow = sql`(${longest}::float8[])[least(attempts, ${pauses.length}::int) + 1]`
  await sql`update outbox set next_at = least(next_at, ${now}), lease_until = least(lease_until, ${lease})
    where status in ('waiting', 'sending')
      and (next_at > ${now}::timestamptz + make_interval(secs => ${longestNow}) or lease_until > ${lease})`.execute(db)
}

/** Deletes tokens of mails that were not sent in time; those mails are never sent. */
export async function wipeOldTokens(db: Kysely<DB>, before: Date): Promise<void> {
  await sql`update outbox set payload = null, status = case when status = 'waiting' then 'canceled' else status end,
      last_result = case when status = 'waiting' then 'Its link ended before it could be sent' else last_result end
    where secret and payload ? 'token' and status in ('waiting', 'failed') and created_at < ${before}`.execute(db)
}
