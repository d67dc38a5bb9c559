/**
 * The demo: two fictional businesses with people, jobs and mail, dated relative to today. `portico demo`, or the first
 * `portico serve --demo`, loads it once and never changes it afterwards.
 */
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { asSystem } from '../src/app.ts'
import { hashPassword } from '../src/platform/secrets.ts'
import type { LoadOptions } from './account.ts'
import { DEMO_PASSWORD } from './sign-ins.ts'
import { loadHarbour } from './harbour/load.ts'
import { loadNorthside } from './northside/load.ts'

type DemoOptions = Omit<LoadOptions, 'passwordHash'>

/** Loads the businesses that are missing and returns their slugs. Of several processes one loads, and the others wait for it. */
export const loadDemo = (options: DemoOptions): Promise<string[]> => {
  const attempt = () =>
    asSystem(options.pool, 'one process loads the demo', async (db) => {
      // This transaction only holds the lock, for as long as the others load.
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(db)
      const { rows } = await sql<{ locked: boolean }>`select pg_try_advisory_xact_lock(${DEMO_LOCK}) as locked`.execute(
        db,
      )
      return rows[0]!.locked ? loadMissing(options) : null
    })
  return retryUntilLocked(attempt)
}

/** Of the advisory locks of this database; migrate.ts has 715324 and 715325. */
const DEMO_LOCK = 715_326
const LOCK_RETRY_MS = 250

async function retryUntilLocked<T>(attempt: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const result = await attempt()
    if (result !== null) return result
    await setTimeout(LOCK_RETRY_MS)
  }
}

/** Each business is loaded in one transaction. */
async function loadMissing(options: DemoOptions): Promise<string[]> {
  const loaded: string[] = []
  let passwordHash: string | undefined
  for (const [slug, load] of [
    ['harbour', loadHarbour],
    ['northside', loadNorthside],
  ] as const) {
    if (await accountExists(options, slug)) continue
    passwordHash ??= await hashPassword(DEMO_PASSWORD)
    await load({ ...options, passwordHash })
    loaded.push(slug)
  }
  return loaded
}

async function accountExists({ pool }: DemoOptions, slug: string): Promise<boolean> {
  const row = await asSystem(pool, 'check whether the demo is loaded', (db) =>
    db.selectFrom('account_slugs').select('account_id').where('slug', '=', slug).executeTakeFirst(),
  )
  return row !== undefined
}
