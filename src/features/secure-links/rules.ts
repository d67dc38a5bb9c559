/**
 * Whether a secure link alone opens the portal of a customer, and why not. `is_link_open` of the database is the same rule;
 * a test compares them. Pure.
 */
import type { LinkedRecord, LockMode } from '../identity/rules.ts'

export const LINK_SCOPES = ['whole', 'contact', 'record'] as const
export type LinkScope = (typeof LINK_SCOPES)[number]
/** The longest life of a link. */
export const MAX_LINK_DAYS = 730
/** Lives that screens offer. */
export const LINK_DAYS = [1, 7, 30, 90, 365] as const

export const LINK_STATES = ['open', 'portalOff', 'archived', 'closed', 'password', 'held', 'hasLogin'] as const
export type LinkState = (typeof LINK_STATES)[number]

export interface LinkFacts {
  portalEnabled: boolean
  isArchived: boolean
  /** That of the customer, else that of the account. */
  lockMode: LockMode
  /** The last portal user was removed, and nobody has opened the links again since. */
  isHeld: boolean
  /** Portal users who are not removed. */
  users: readonly { isActivated: boolean }[]
  /** Whether those who have not activated yet count. */
  countUnclaimed: boolean
  /** Whether links to one record open it beside portal users too. */
  recordLinksAlone: boolean
}

/** Why links of this scope are closed, the reason that staff must deal with first; or `open`. */
export function linkState(
  { portalEnabled, isArchived, lockMode, isHeld, users, countUnclaimed, recordLinksAlone }: LinkFacts,
  scope: LinkScope,
): LinkState {
  if (!portalEnabled) return 'portalOff'
  if (isArchived) return 'archived'
  if (lockMode !== 'automatic') return lockMode
  const isApart = scope === 'record' && recordLinksAlone
  if (!isApart && users.some(({ isActivated }) => countUnclaimed || isActivated)) return 'hasLogin'
  return isHeld ? 'held' : 'open'
}

export const isLinkEnough = (facts: LinkFacts, scope: LinkScope): boolean => linkState(facts, scope) === 'open'

/** What a session by a link is for. */
interface LinkReach {
  customer: string
  scope: LinkScope
  contact: string | null
  record?: LinkedRecord | null
}

/** Whether a session by one link of a customer shows the record of another link already: then it goes on, and wider. */
export const isCovered = (session: LinkReach, link: LinkReach): boolean =>
  link.scope === 'record' &&
  session.customer === link.customer &&
  (session.scope === 'whole' || (session.scope === 'contact' && session.contact === link.contact))

/** What a link answers to whoever has it. `closed`: links of the customer are turned off. */
export const TOKEN_STATUSES = ['open', 'password', 'closed', 'expired', 'replaced', 'revoked', 'unknown'] as const
export type TokenStatus = (typeof TOKEN_STATUSES)[number]

/** Most links that one request by email sends. */
export const MAX_REQUESTED = 5
