/** Lifetimes of what people hold (RELIABILITY C4), in milliseconds. */

/** Staff sessions: 24 hours at most; an hour without a request ends them sooner. */
export const STAFF_SESSION_MS = 24 * 3600_000
export const RESET_MS = 3600_000
export const SET_UP_MS = 7 * 24 * 3600_000

export type LinkStatus = 'open' | 'used' | 'expired' | 'unknown'

/** What a one-use link is, now. Outcomes a screen branches on are statuses, not errors. */
export const resetLinkStatus = (link: { expires_at: Date; used_at: Date | null } | undefined, now: Date): LinkStatus =>
  !link ? 'unknown' : link.used_at ? 'used' : link.expires_at <= now ? 'expired' : 'open'
