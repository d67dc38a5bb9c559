/** Who calls an operation: what a request brings, and what the look-up finds out about it. */
import type { Account, AnyActor, Definition } from './operation.ts'
import type { PageReads } from './page-reads.ts'
import { problem } from './problem.ts'

export type Surface = 'portal' | 'office' | 'people' | 'platform'

export const surfaceOf = (path: string): Surface => path.split('/')[1] as Surface

/** One incoming request, as far as operations are concerned. Its calls share the look-up of the actor. */
export interface Caller {
  /** Slug of the account that is addressed, by surface; none where no account is. */
  addresses: { portal?: string | undefined; office?: string | undefined }
  /** The portal view that the path names: staff look at the portal as somebody else. */
  portalView?: string | undefined
  /** Whether the request came to the main host, where portals have paths. */
  usesMainHost?: boolean
  /** Session tokens as they came, by cookie: hashed by the look-up, never logged. */
  portalTokens: Record<string, string>
  personToken: string | null
  /** The cookie of a browser that signed up to a portal, as it came. */
  signUpToken: string | null
  /** Cookies of browsers that have signed in before, by the portal's cookie suffix or `people`. */
  browserTokens: Record<string, string>
  clientAddress: string
  userAgent: string
  requestId: string
  acceptLanguage: string | undefined
  idempotencyKey?: string | undefined
  /** Who was signed in when the form of this request was made, as the form says; see refuseOtherOwner. */
  formOwner?: string | undefined
  /** Whether the client has closed its connection, so that nobody waits for the answer. */
  isGone?: (() => boolean) | undefined
  resolved?: Map<Surface, Promise<ResolvedCaller>>
  /** Of a request for a page: the transaction that its reads share. */
  pageReads?: PageReads
}

export interface ResolvedCaller {
  account: (Account & { id: string }) | null
  actor: AnyActor
  locale: string
  /** The account's present slug, when the caller used one it gave up. */
  moved?: string
  /** The person who looks at the portal as the actor (view as). Nothing can be changed. */
  viewer?: string
  /** The session's last use has to be written, which a read-only transaction cannot do. */
  needsLastUsedUpdate?: boolean
}

/** Characters of an account's id that end the names of its portal's cookies. */
const ACCOUNT_SUFFIX = 12

/** Whose cookies they are: of one portal, or of people. */
export const cookieSuffix = (account: { id: string } | string | null): string =>
  account === null ? 'people' : (typeof account === 'string' ? account : account.id).slice(-ACCOUNT_SUFFIX)

export type RunQuery = <T>(sql: string, values: unknown[]) => Promise<T[]>

/** @throws problem when this kind of caller may not use the operation */
export function authorizeAudience(
  { audience, writes, isPersonal }: Definition,
  surface: Surface,
  { account, actor, moved, viewer }: ResolvedCaller,
): void {
  if (moved) throw problem('moved', { vars: { slug: moved } })
  // Before all else, so that no writing operation answers anything else.
  if (viewer && writes) throw problem('viewAsReadOnly')
  if (viewer && isPersonal) throw problem('notFound')
  const needsAccount = surface === 'portal' || surface === 'office'
  if (needsAccount && !account) throw problem('notFound')
  if (audience.includes(actor.kind as never)) return
  // Signed-out callers get notSignedIn. For a signed-in actor of the wrong kind the operation does not exist.
  const isSignedOut = actor.kind === 'anonymous' || (actor.kind === 'person' && surface === 'office' && !account)
  throw problem(isSignedOut ? 'notSignedIn' : 'notFound')
}

/** Who is behind an actor, in every session and account: the person or the portal user. Null: nobody is signed in. */
const ownerOf = (actor: AnyActor): string | null => {
  if ('personId' in actor) return actor.personId
  return 'id' in actor ? actor.id : null
}

/** The owner of what this request is answered with; '' when nobody is signed in or nobody was looked up. */
export async function findOwner({ resolved }: Caller): Promise<string> {
  for (const lookup of resolved?.values() ?? []) {
    const owner = await lookup.then(({ actor, viewer }) => viewer ?? ownerOf(actor)).catch(() => null)
    if (owner) return owner
  }
  return ''
}

/**
 * A form knows for whom it was made. In another person's session, as after signing in again in a second tab, it changes
 * nothing.
 * @throws problem otherPerson, with the name of who is signed in now
 */
export function refuseOtherOwner({ formOwner }: Caller, { writes }: Definition, actor: AnyActor): void {
  const owner = ownerOf(actor)
  if (!writes || !formOwner || !owner || owner === formOwner) return
  const { name, email } = actor as { name?: string; email?: string }
  throw problem('otherPerson', { vars: { name: name || email || '' } })
}
