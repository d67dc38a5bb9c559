/**
 * Whether a secure link alone opens the portal of a customer, and why not. `is_link_enough` of the database is the same rule;
 * a test compares them. Pure.
 */
import type { LockMode } from '../identity/rules.ts'

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
}

/** Why links are closed, the reason that staff must deal with first; or `open`. */
export function linkState({
  portalEnabled,
  isArchived,
  lockMode,
  isHeld,
  users,
  countUnclaimed,
}: LinkFacts): LinkState {
  if (!portalEnabled) return 'portalOff'
  if (isArchived) return 'archived'
  if (lockMode !== 'automatic') return lockMode
  if (users.some(({ isActivated }) => countUnclaimed || isActivated)) return 'hasLogin'
  return isHeld ? 'held' : 'open'
}

export const isLinkEnough = (facts: LinkFacts): boolean => linkState(facts) === 'open'

/** What a link answers to whoever has it. `closed`: links of the customer are turned off. */
export const TOKEN_STATUSES = ['open', 'password', 'closed', 'expired', 'replaced', 'revoked', 'unknown'] as const
export type TokenStatus = (typeof TOKEN_STATUSES)[number]

/** Most links that one request by email sends. */
export const MAX_REQUESTED = 5
