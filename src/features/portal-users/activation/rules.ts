/** How somebody becomes a portal user: what is asked, which addresses may sign up, and what a link still opens. */
import { SIGN_UP_FIELDS, type FieldRule, type SignUpField } from '../../identity/rules.ts'

export const LINK_STATUSES = ['open', 'accepted', 'expired', 'replaced', 'unknown'] as const
export type LinkStatus = (typeof LINK_STATUSES)[number]

export type Contact = { [K in SignUpField]?: string | undefined }
type FieldRules = Record<SignUpField, FieldRule>

/** Required answers that are missing: reported, never filled in for the person (E-69). */
export const missingAnswers = (rules: FieldRules, given: Contact): Record<string, string> =>
  Object.fromEntries(
    SIGN_UP_FIELDS.filter((field) => rules[field] === 'required' && !given[field]).map((field) => [field, 'required']),
  )

/** Answers as stored. What the business does not ask is not kept, even from a form opened while it still asked. */
export function keptAnswers(
  rules: FieldRules,
  given: Contact,
): { name: string | null; phone: string | null; company: string | null; postal_address: string | null } {
  const kept = (field: SignUpField) => (rules[field] === 'off' ? null : (given[field] ?? null))
  return { name: kept('name'), phone: kept('phone'), company: kept('company'), postal_address: kept('address') }
}

/** No list means everybody. A domain means itself, not what is below it: `evil.example.com` is not `example.com`. */
export const mayUseAddress = (domains: readonly string[], norm: string): boolean =>
  domains.length === 0 || domains.some((domain) => norm.endsWith(`@${domain.trim().replace(/^@/, '').toLowerCase()}`))

export interface LinkFacts {
  email_norm: string
  expires_at: Date
  used_at: Date | null
  replaced_at: Date | null
  user: { email_norm: string; status: string }
}

/**
 * What an activation link still opens. Once its user is in, every link that was ever mailed to them leads to the sign-in
 * page (E-04); a suspended user's link is as unknown as one that never was.
 */
export function activationStatus(link: LinkFacts | undefined, now: Date): LinkStatus {
  if (!link || link.user.status === 'removed' || link.user.status === 'suspended') return 'unknown'
  // Bound to the address it was mailed to: after a change it is somebody else's mailbox.
  if (link.email_norm !== link.user.email_norm) return link.used_at ? 'unknown' : 'replaced'
  if (link.user.status === 'active') return 'accepted'
  return oneUseStatus(link, now)
}

/** Of a link that works once. Which of used, replaced and expired matters to the reader, so they differ (E-06). */
export function oneUseStatus(link: Omit<LinkFacts, 'email_norm' | 'user'>, now: Date): LinkStatus {
  if (link.used_at) return 'accepted'
  if (link.replaced_at) return 'replaced'
  return link.expires_at > now ? 'open' : 'expired'
}
