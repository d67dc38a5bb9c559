import { sql } from 'kysely'
import type { RunQuery, Caller, ResolvedCaller, Surface } from '../../platform/caller.ts'
import { declareHot } from '../../platform/database/statements.ts'
import { isId } from '../../platform/ids.ts'
import type { Read, Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { hashToken } from '../../platform/secrets.ts'
import {
  isOffice,
  type AccountContext,
  type Actor,
  type CustomerLink,
  type Permissions,
  type StaffRole,
} from './rules.ts'
import { selectBookableTemplates } from './templates/rules.ts'

// ---- the caller of a request: one definer function a request, before its transaction or as its first statement ----

const BEGIN_PORTAL_REQUEST = 'select begin_portal_request($1, $2, $3) as caller'
const BEGIN_OFFICE_REQUEST = 'select begin_office_request($1, $2, $3) as caller'
const FIND_PORTAL_CALLER = 'select find_portal_caller($1, $2, $3) as caller'
const FIND_OFFICE_CALLER = 'select find_office_caller($1, $2, $3) as caller'
const FIND_PORTAL_VIEW = 'select find_portal_view($1, $2, $3, $4) as caller'
const FIND_PERSON_CALLER = 'select find_person_caller($1, $2) as caller'
for (const text of [BEGIN_PORTAL_REQUEST, BEGIN_OFFICE_REQUEST, FIND_PORTAL_CALLER, FIND_OFFICE_CALLER])
  declareHot(text)

interface PersonRow {
  id: string
  email: string
  name: string
  locale: string
  sessionId: string
  needsLastUsedUpdate?: boolean
}
export interface CallerRow {
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
        hasArchivedCustomer: boolean
      })
    | null
  visitor?: (Omit<PersonRow, 'email' | 'locale'> & { customerName: string; link: CustomerLink }) | null
}

interface ViewRow extends Pick<CallerRow, 'account' | 'portalUser' | 'visitor' | 'moved'> {
  isSignedIn: boolean
  isOpen?: boolean
  /** The member of staff, if still active. */
  staff?: { personId: string; role: StaffRole } | null
}

/**
 * Account and actor of a request. They are looked up every time, so that a change of permissions applies to the next
 * request. With `isInTransaction`, `query` is that of an open transaction, and the look-up also sets its context.
 */
export async function identify(
  surface: Surface,
  caller: Caller,
  query: RunQuery,
  now: Date,
  { isInTransaction } = { isInTransaction: false },
): Promise<ResolvedCaller> {
  if (surface === 'portal' && caller.portalView !== undefined) return identifyViewer(caller, query, now)
  const row = await findCaller(surface, caller, query, now, isInTransaction)
  const account = row?.account ?? null
  const actor = actorOf(surface, row, account)
  return {
    account,
    actor,
    locale: ('locale' in actor ? actor.locale : account?.locale) ?? 'en',
    ...(row?.moved && { moved: row.moved }),
    ...((row?.portalUser ?? row?.visitor ?? row?.person)?.needsLastUsedUpdate && { needsLastUsedUpdate: true }),
  }
}

/**
 * Staff who look at the portal as somebody else (view as): the actor is who is viewed, in all but that nothing can be changed.
 * Session and role are looked up every time, so that signing out or losing the role ends the view with the next request.
 */
async function identifyViewer(caller: Caller, query: RunQuery, now: Date): Promise<ResolvedCaller> {
  const [row] = await query<{ caller: ViewRow }>(FIND_PORTAL_VIEW, [
    toLookupText(caller.addresses.portal),
    isId(caller.portalView) ? caller.portalView : null,
    hashToken(caller.personToken),
    now,
  ])
  const { isSignedIn, isOpen, account, staff, moved } = row!.caller
  if (!isSignedIn) throw problem('notSignedIn')
  if (!account || !staff || !isOffice(staff.role)) throw problem('notFound')
  if (!isOpen) throw problem('viewEnded')
  const actor = portalActorOf(row!.caller, account)
  const locale = ('locale' in actor ? actor.locale : account.locale) ?? 'en'
  return { account, actor, locale, viewer: staff.personId, ...(moved && { moved }) }
}

async function findCaller(
  surface: Surface,
  caller: Caller,
  query: RunQuery,
  now: Date,
  isInTransaction: boolean,
): Promise<CallerRow | null> {
  const callFunction = async (text: string, values: unknown[]) => {
    const rows = await query<{ caller: CallerRow | null }>(text, values)
    return rows[0]?.caller ?? null
  }
  switch (surface) {
    case 'portal': {
      const tokens = Object.fromEntries(
        Object.entries(caller.portalTokens).flatMap(([cookie, token]) => {
          const hash = hashToken(token)
          return hash ? [[cookie, hash.toString('hex')]] : []
        }),
      )
      return callFunction(isInTransaction ? BEGIN_PORTAL_REQUEST : FIND_PORTAL_CALLER, [
        toLookupText(caller.addresses.portal),
        JSON.stringify(tokens),
        now,
      ])
    }
    case 'office':
      return callFunction(isInTransaction ? BEGIN_OFFICE_REQUEST : FIND_OFFICE_CALLER, [
        toLookupText(caller.addresses.office),
        hashToken(caller.personToken),
        now,
      ])
    case 'people':
    case 'platform':
      return callFunction(FIND_PERSON_CALLER, [hashToken(caller.personToken), now])
  }
}

/** PostgreSQL refuses a text with a NUL character. No account has an empty address, so that is looked up instead. */
const toLookupText = (slug: string | undefined) => (slug === undefined || slug.includes('\u0000') ? '' : slug)

function actorOf(surface: Surface, row: CallerRow | null, account: AccountContext | null): Actor {
  if (surface === 'portal') return portalActorOf(row, account)
  const person = row?.person
  if (!person) return { kind: 'anonymous' }
  const { id, name, email, locale, sessionId } = person
  const { member } = row
  if (surface === 'office' && account?.status === 'active' && member) {
    return {
      kind: 'staff',
      id: member.id,
      personId: id,
      role: member.role,
      name: member.name,
      email,
      sessionId,
      customers: member.customers,
    }
  }
  return { kind: 'person', id, name, email, locale, sessionId }
}

/** Who somebody is in a portal, from the facts of a session or of a portal view. Nobody while the portal is off. */
export function portalActorOf(
  row: Pick<CallerRow, 'portalUser' | 'visitor'> | null,
  account: AccountContext | null,
): Actor {
  // While the portal is off, its sessions do not count. They work again when it is turned on (E-09).
  if (!row || !account?.portal.enabled || account.status !== 'active') return { kind: 'anonymous' }
  const { portalUser: user, visitor } = row
  if (visitor) {
    const { id, name, customerName, sessionId, link } = visitor
    const facts = { links: [link], hasArchivedCustomer: false as const, permissions: null }
    return { kind: 'linkVisitor', id, name, customerName, sessionId, ...facts, bookable: account.portal.templates }
  }
  if (!user) return { kind: 'anonymous' }
  return {
    kind: 'portalUser',
    id: user.id,
    name: user.name ?? user.email,
    email: user.email,
    phone: user.phone,
    sessionId: user.sessionId,
    links: user.links,
    hasArchivedCustomer: user.hasArchivedCustomer,
    permissions: user.permissions,
    templatesMode: user.templatesMode,
    templates: user.templates,
    bookable: selectBookableTemplates(account.portal.templates, user.templatesMode, user.templates),
  }
}

// ---- people ----

export interface Login {
  id: string
  password_hash: string | null
  name: string | null
  status?: string
  /** Of a person. */
  email?: string
}

export const findLogin = async (query: RunQuery, emailNorm: string): Promise<Login | undefined> =>
  (await query<Login>('select * from find_person_login($1)', [emailNorm]))[0]

export const findPortalLogin = async (
  query: RunQuery,
  account: string,
  emailNorm: string,
): Promise<Login | undefined> =>
  (await query<Login>('select * from find_portal_login($1, $2)', [account, emailNorm]))[0]

interface PersonAccount {
  slug: string
  name: string
  accent: string
  role: StaffRole
}

export async function listPersonAccounts(db: Read, person: string): Promise<PersonAccount[]> {
  const { rows } = await sql<PersonAccount>`select * from list_person_accounts(${person})`.execute(db as Write)
  return rows
}

/**
 * From here on the transaction is that person's own. False when the password changed since it was checked: a sign-in with the
 * old one would otherwise outlive the change.
 */
export async function recordPersonSignIn(db: Write, person: string, checkedHash: string): Promise<boolean> {
  const { rows } = await sql<{ isRecorded: boolean }>`
    select record_person_sign_in(${person}, ${checkedHash}) as "isRecorded"`.execute(db)
  return rows[0]?.isRecorded ?? false
}

/** @throws unless this transaction is the person's own: signed in, or proved by a password or a mailed link */
export async function startPersonSession(
  db: Write,
  session: { hash: Buffer; id: string; person: string; at: Date; ends: Date; userAgent: string; clientAddress: string },
): Promise<void> {
  const input = JSON.stringify({ ...session, hash: session.hash.toString('hex') })
  const { rows } = await sql<{ isStarted: boolean }>`select start_person_session(${input}) as "isStarted"`.execute(db)
  if (!rows[0]?.isStarted) throw new Error('A session belongs to whoever proved to be its person')
}

interface PersonSession {
  id: string
  created_at: Date
  seen_at: Date
  user_agent: string
  client_address: string
}

export async function listPersonSessions(db: Read, person: string, now: Date): Promise<PersonSession[]> {
  const { rows } = await sql<PersonSession>`select * from list_person_sessions(${person}, ${now})`.execute(db as Write)
  return rows
}

/** Ends one session, all, or all but one, and returns how many ended. */
export async function endPersonSessions(
  db: Write,
  person: string,
  { only = null, but = null }: { only?: string | null; but?: string | null } = {},
): Promise<number> {
  const { rows } = await sql<{ ended: number }>`
    select end_person_sessions(${person}, ${only}, ${but}) as ended`.execute(db)
  return rows[0]?.ended ?? 0
}
