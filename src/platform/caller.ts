/** Who calls an operation: what a request brings, and what the look-up finds out about it. */
import type { Account, AnyActor, Definition } from './operation.ts'
import { problem } from './problem.ts'

export type Surface = 'portal' | 'office' | 'people' | 'platform'

export const surfaceOf = (path: string): Surface => path.split('/')[1] as Surface

/** One incoming request, as far as operations are concerned. Its calls share the look-up of the actor. */
export interface Caller {
  /** Slug of the account that is addressed, by surface; none where no account is. */
  addresses: { portal?: string | undefined; office?: string | undefined }
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
  /** Whether the client has closed its connection, so that nobody waits for the answer. */
  isGone?: (() => boolean) | undefined
  resolved?: Map<Surface, Promise<ResolvedCaller>>
}

export interface ResolvedCaller {
  account: (Account & { id: string }) | null
  actor: AnyActor
  locale: string
  /** The account's present slug, when the caller used one it gave up. */
  moved?: string
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
  { audience }: Definition,
  surface: Surface,
  { account, actor, moved }: ResolvedCaller,
): void {
  if (moved) throw problem('moved', { vars: { slug: moved } })
  const needsAccount = surface === 'portal' || surface === 'office'
  if (needsAccount && !account) throw problem('notFound')
  if (audience.includes(actor.kind as never)) return
  // Signed-out callers get notSignedIn. For a signed-in actor of the wrong kind the operation does not exist.
  const isSignedOut = actor.kind === 'anonymous' || (actor.kind === 'person' && surface === 'office' && !account)
  throw problem(isSignedOut ? 'notSignedIn' : 'notFound')
}
