/** Lifetimes of sessions and links of staff (RELIABILITY C4), in milliseconds. */

/** A staff session ends after 24 hours, or after an hour without a request. */
export const STAFF_SESSION_MS = 24 * 3600_000
export const RESET_MS = 3600_000
export const SET_UP_MS = 7 * 24 * 3600_000

/** In place of the account and the mailbox when an address has none. Nothing is stored for them. */
export const NO_ACCOUNT = '00000000-0000-0000-0000-000000000000'
export const NO_MAILBOX = 'nobody@invalid.example'

export type LinkStatus = 'open' | 'used' | 'expired' | 'unknown'

/** The status of a link that can be used once. */
export function resetLinkStatus(link: { expires_at: Date; used_at: Date | null } | undefined, now: Date): LinkStatus {
  if (!link) return 'unknown'
  if (link.used_at) return 'used'
  return link.expires_at <= now ? 'expired' : 'open'
}
