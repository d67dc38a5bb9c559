/** A session's reach as the database sets it, beside that of reachOf. */
import type pg from 'pg'
import { expect } from 'vitest'
import type { TestServer } from '../../../test/test-server.ts'
import type { Caller } from '../../platform/caller.ts'
import { openPool } from '../../platform/database/pool.ts'
import { identify } from './queries.ts'
import { reachOf } from './rules.ts'

/** What the look-up of a caller does not use. */
export const NO_MORE_OF_A_CALLER = {
  signUpToken: null,
  browserTokens: {},
  clientAddress: '127.0.0.1',
  userAgent: '',
  requestId: '',
  acceptLanguage: undefined,
}

/** One connection, so that settings left over from the caller before would be seen. */
export async function openClient({ app, database }: Pick<TestServer, 'app' | 'database'>) {
  const { host, port, user, password } = app.pools.app.options as {
    host: string
    port: number
    user: string
    password?: string
  }
  const pool = openPool({ host, port, user, database, ...(password !== undefined && { password }) }, { max: 1 })
  const client = await pool.connect()
  return {
    client,
    close: async () => {
      client.release()
      await pool.end()
    },
  }
}

/** The caller as found within a transaction; expects the settings that this made to be the reach of that actor. */
export async function expectEqualReach(client: pg.PoolClient, surface: 'portal' | 'office', caller: Caller, now: Date) {
  const query = async <T>(text: string, values: unknown[]) => (await client.query(text, values)).rows as T[]
  await client.query('begin read only')
  const entered = await identify(surface, caller, query, now, { isInTransaction: true })
  const {
    rows: [set],
  } = await client.query<Record<string, string | null>>(
    `select ${NAMES.map((name) => `current_setting('app.${name}', true) as ${name}`).join(', ')}`,
  )
  await client.query('commit')
  const known = await identify(surface, caller, query, now)
  expect(entered).toEqual({ ...known, ...(entered.needsLastUsedUpdate && { needsLastUsedUpdate: true }) })
  expect(Object.fromEntries(NAMES.map((name) => [name, normal(set![name])]))).toEqual(
    Object.fromEntries(NAMES.map((name) => [name, normal(reachOf(known.actor, known.account)[name])])),
  )
  return known
}

const NAMES = [
  'account',
  'actor_kind',
  'actor_id',
  'portal_user',
  'staff',
  'customers',
  'jobs_of',
  'tickets_of',
  'contacts',
  'ticket_contacts',
  'tickets',
  'all_templates',
  'templates',
] as const

/** A setting and a reach as one kind of value: none is none however it is written, and a list is a set. */
function normal(value: string | string[] | boolean | null | undefined): unknown {
  if (value === null || value === undefined || value === '' || value === false || value === 'false' || value === '{}')
    return null
  if (typeof value === 'string' && value.startsWith('{')) return [...new Set(value.slice(1, -1).split(','))].sort()
  if (Array.isArray(value)) return value.length === 0 ? null : [...new Set(value)].sort()
  return String(value)
}
