import { sql } from 'kysely'
import type { Write } from '../../../platform/operation.ts'

/**
 * Failures in a row at a login are kept: guesses that wait for a day between two tries stay bounded. Those at an address
 * without a login are kept as long as anybody would wait to see a difference.
 */
async function deleteOldGuesses(db: Write, daysAgo: (days: number) => Date): Promise<void> {
  const isOfLogin = sql<boolean>`(bucket like '%:login:%' or bucket like 'browser:%')`
  await db
    .deleteFrom('guesses')
    .where('counted_at', '<=', daysAgo(1))
    .where((where) => where.or([where('failures', '=', 0), where.not(isOfLogin)]))
    .execute()
  await db.deleteFrom('guesses').where('counted_at', '<=', daysAgo(90)).where('login_id', 'is', null).execute()
  await db.deleteFrom('known_browsers').where('seen_at', '<=', daysAgo(400)).execute()
}

/** Deletes expired sessions, links, stored answers and rate limits. Runs as portico_system. */
export async function deleteExpired(db: Write, now: Date): Promise<void> {
  const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3600_000)
  await db.deleteFrom('portal_sessions').where('ends_at', '<=', now).execute()
  // Strangers cause refusals without end, so those are kept for 90 days only; everything that was done is kept.
  await db
    .deleteFrom('audit')
    .where(sql<boolean>`event like '%Refused'`)
    .where('created_at', '<=', daysAgo(90))
    .execute()
  await db.deleteFrom('people_sessions').where('ends_at', '<=', now).execute()
  // For a month, a link's page says whether it was used, expired or replaced; after that the link is unknown.
  await db.deleteFrom('tokens').where('expires_at', '<=', daysAgo(30)).execute()
  await db.deleteFrom('people_tokens').where('expires_at', '<=', daysAgo(30)).execute()
  await db.deleteFrom('idempotency_keys').where('created_at', '<=', daysAgo(1)).execute()
  // The longest rate limit window is six hours.
  await db.deleteFrom('rate_limits').where('window_start', '<=', daysAgo(1)).execute()
  await deleteOldGuesses(db, daysAgo)
}
