import { sql } from 'kysely'
import type { RunQuery, Caller, ResolvedCaller, Surface } from '../../platform/caller.ts'
import { statement } from '../../platform/database/statements.ts'
import type { Read, Write } from '../../platform/operation.ts'
import { hashToken } from '../../platform/secrets.ts'
import {
  selectBookableTemplates,
  type AccountContext,
  type Actor,
  type CustomerLink,
  type Permissions,
  type StaffRole,
} from './rules.ts'

// ---- who calls: one definer function a request, before any transaction ----

interface PersonRow {
  id: string
  email: string
  name: string
  locale: string
  sessionId: string
}
interface CallerRow {
  moved?: string | null
  account?: AccountContext | null
  person?: PersonRow | null
  member?: { id: string; role: StaffRole; name: string; customers: string[] } | null
  portalUser?:
    | (Omit<PersonRow, 'name'> & {
        name: string | null
        phone: string | null
        permissions: Partial<Permissions> | null
        templatesMode: 'default' | 'add' | 'replace' | 'hide'
        templates: string[]
        links: CustomerLink[]
        stale: boolean
      })
    | null
}

/**
 * Account and actor of a request, looked up every time: nothing about permissions is kept in a cookie. `entering`: `ask` is that of
 * an open transaction, whose context is set from what is found.
 */
export async function identify(
  surface: Surface,
  caller: Caller,
  query: RunQuery,
  now: Date,
  beginsTransaction = false,
): Promise<ResolvedCaller> {
  const row = await findCaller(surface, caller, query, now, beginsTransaction)
  const account = row?.account ?? null
  const actor = actorOf(surface, row, account)
  return {
    account,
    actor,
    locale: ('locale' in actor ? actor.locale : account?.locale) ?? 'en',
    ...(row?.moved && { moved: row.moved }),
    ...(row?.portalUser?.stale && { stale: true }),
  }
}

async function findCaller(
  surface: Surface,
  caller: Caller,
  query: RunQuery,
  now: Date,
  beginsTransaction: boolean,
): Promise<CallerRow | null> {
  const one = async (call: string, values: unknown[]) =>
    (await query<{ found: CallerRow | null }>(`select ${call} as found`, values))[0]?.found ?? null
  switch (surface) {
    case 'portal': {
      const tokens = Object.fromEntries(
        Object.entries(caller.portalTokens).flatMap(([cookie, token]) => {
          const hash = hashToken(token)
          return hash ? [[cookie, hash.toString('hex')]] : []
        }),
      )
      return one(`${beginsTransaction ? 'begin_portal_request' : 'find_portal_caller'}($1, $2, $3)`, [
        toLookupText(caller.addresses.portal),
        JSON.stringify(tokens),
        now,
      ])
    }
    case 'office':
      return one('find_office_caller($1, $2, $3)', [
        toLookupText(caller.addresses.office),
        hashToken(caller.personToken),
        now,
      ])
    case 'people':
    case 'platform':
      return one('find_person_caller($1, $2)', [hashToken(caller.personToken), now])
  }
}

/** PostgreSQL has no text with a NUL in it, so no account is called that. */
const toLookupText = (slug: string | undefined) => (slug === undefined || slug.includes('\u0000') ? '' : slug)

function actorOf(surface: Surface, row: CallerRow | null, account: AccountContext | null): Actor {
  if (surface === 'portal') {
    const user = row?.portalUser
    // Portal off: every session is asleep until it is on again (E-09).
    if (!user || !account?.portal.enabled || account.status !== 'active') return { kind: 'anonymous' }
    return {
      kind: 'portalUser',
      id: user.id,
      name: user.name ?? user.email,
      email: user.email,
      phone: user.phone,
      sessionId: user.sessionId,
      links: user.links,
      permissions: user.permissions,
      templatesMode: user.templatesMode,
      templates: user.templates,
      bookable: selectBookableTemplates(account.portal.templates, user.templatesMode, user.templates),
    }
  }
  const person = row?.person
  if (!person) return { kind: 'anonymous' }
  if (surface === 'office' && account?.status === 'active' && row?.member) {
    const { id, role, name, customers } = row.member
    return {
      kind: 'staff',
      id,
      personId: person.id,
      role,
      name,
      email: person.email,
      sessionId: person.sessionId,
      customers,
    }
  }
  return {
    kind: 'person',
    id: person.id,
    name: person.name,
    email: person.email,
    locale: person.locale,
    sessionId: person.sessionId,
  }
}

// ---- people ----

export interface Login {
  id: string
  password_hash: string | null
  name: string | null
  status?: string
}

export const findLogin = async (query: RunQuery, emailNorm: string): Promise<Login | undefined> =>
  (await query<Login>('select * from find_person_login($1)', [emailNorm]))[0]

export const findPortalLogin = async (
  query: RunQuery,
  account: string,
  emailNorm: string,
): Promise<Login | undefined> =>
  (await query<Login>('select * from find_portal_login($1, $2)', [account, emailNorm]))[0]

export const listPersonAccounts = async (db: Read, person: string) =>
  (
    await sql<{
      slug: string
      name: string
      accent: string
      role: StaffRole
    }>`select * from list_person_accounts(${person})`.execute(db as Write)
  ).rows

export async function startPersonSession(
  db: Write,
  session: { hash: Buffer; id: string; person: string; at: Date; ends: Date; userAgent: string; clientAddress: string },
): Promise<void> {
  await sql`select start_person_session(${JSON.stringify({ ...session, hash: session.hash.toString('hex') })})`.execute(
    db,
  )
}

export const listPersonSessions = async (db: Read, person: string, now: Date) =>
  (
    await sql<{
      id: string
      created_at: Date
      seen_at: Date
      user_agent: string
      client_address: string
    }>`select * from list_person_sessions(${person}, ${now})`.execute(db as Write)
  ).rows

/** Ends one session, all, or all but one; answers how many ended. */
export const endPersonSessions = async (
  db: Write,
  person: string,
  { only = null, but = null }: { only?: string | null; but?: string | null } = {},
) =>
  (await sql<{ ended: number }>`select end_person_sessions(${person}, ${only}, ${but}) as ended`.execute(db)).rows[0]
    ?.ended ?? 0

const clearRateLimitStatement = statement('select clear_rate_limit($1)')

export const clearRateLimit = async (db: Write, bucket: string): Promise<void> => {
  await clearRateLimitStatement(db, bucket)
}

/** What has ended and serves nobody: sessions, links long dead, answers kept for a day, counted tries. As portico_system. */
export async function deleteExpired(db: Write, now: Date): Promise<void> {
  const ago = (days: number) => new Date(now.getTime() - days * 24 * 3600_000)
  await db.deleteFrom('portal_sessions').where('ends_at', '<=', now).execute()
  await db.deleteFrom('people_sessions').where('ends_at', '<=', now).execute()
  // Dead links are told apart (used, expired, replaced) for a month; after that they are simply unknown.
  await db.deleteFrom('tokens').where('expires_at', '<=', ago(30)).execute()
  await db.deleteFrom('people_tokens').where('expires_at', '<=', ago(30)).execute()
  await db.deleteFrom('idempotency_keys').where('created_at', '<=', ago(1)).execute()
  // The longest window is an hour.
  await db.deleteFrom('rate_limits').where('window_start', '<=', ago(1)).execute()
}
