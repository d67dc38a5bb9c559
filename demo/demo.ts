/**
 * The demo: two fictional businesses with people, jobs and mail, dated relative to today. `portico demo`, or the first
 * `portico serve --demo`, loads it once and never changes it afterwards.
 */
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { asSystem } from '../src/app.ts'
import { hashPassword } from '../src/platform/secrets.ts'
import type { LoadOptions } from './account.ts'
import { loadHarbour } from './harbour/load.ts'
import { loadNorthside } from './northside/load.ts'

/** The password of everybody in the demo. No account outside the demo has it. */
export const DEMO_PASSWORD = 'Welcome to the demo'

/** The sign-ins that `serve --demo` prints. A test signs in with each. */
export const DEMO_SIGN_INS = [
  {
    name: 'Ruth Calloway',
    description: 'owner of Harbour',
    area: 'office',
    slug: 'harbour',
    email: 'ruth@harbour-repair.example',
  },
  {
    name: 'Ben Okafor',
    description: 'dispatcher at Harbour',
    area: 'office',
    slug: 'harbour',
    email: 'ben@harbour-repair.example',
  },
  {
    name: 'Marek Nowak',
    description: 'worker at Harbour',
    area: 'office',
    slug: 'harbour',
    email: 'marek@harbour-repair.example',
  },
  {
    name: 'Grace Adeyemi',
    description: 'admin of both businesses',
    area: 'office',
    slug: 'harbour',
    email: 'grace@backoffice.example',
  },
  {
    name: 'Eleanor Finch',
    description: 'customer of Harbour',
    area: 'portal',
    slug: 'harbour',
    email: 'eleanor.finch@post.example',
  },
  {
    name: 'Naveed Aslam',
    description: 'manages seven customers',
    area: 'portal',
    slug: 'harbour',
    email: 'naveed@docksidelettings.example',
  },
  {
    name: 'Alan Threlfall',
    description: 'owner of Northside',
    area: 'office',
    slug: 'northside',
    email: 'alan@northside-heating.example',
  },
  {
    name: 'Colin Dunne',
    description: 'customer of Northside',
    area: 'portal',
    slug: 'northside',
    email: 'colin.dunne@post.example',
  },
] as const

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

/** What `serve --demo` prints: addresses, sign-ins and the password. */
export function demoWelcome({ publicUrl }: { publicUrl: URL }, loaded: boolean): string {
  const { protocol, host } = publicUrl
  const urlOf = (path: string) => `${protocol}//${host}${path}`
  const line = (label: string, ...rest: string[]) => `    ${label.padEnd(24)}${rest.join('  ')}`.trimEnd()
  const signIns = (area: 'office' | 'portal', slug?: string) =>
    DEMO_SIGN_INS.filter((signIn) => signIn.area === area && (!slug || signIn.slug === slug)).map(
      ({ name, description, email }) => line(`  ${name}`, email.padEnd(34), description),
    )
  const portal = (slug: string, label: string) => [
    line(`  ${label}`, `${protocol}//${slug}.${host}/`, 'or', urlOf(`/p/${slug}/`)),
    ...signIns('portal', slug),
  ]
  return [
    '',
    `  Portico is running with demo data${loaded ? ' (loaded now)' : ''}. All people and businesses are fictional.`,
    '',
    line('Office', urlOf('/office/sign-in')),
    ...signIns('office'),
    '',
    line('Customer portals'),
    ...portal('harbour', 'Harbour (public)'),
    ...portal('northside', 'Northside (private)'),
    '',
    line('Mailbox', urlOf('/mailbox')),
    line('Password for everyone', DEMO_PASSWORD),
    '',
  ].join('\n')
}
