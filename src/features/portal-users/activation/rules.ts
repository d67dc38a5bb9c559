/** Sign-up and activation: required answers, allowed email domains, and the status of a link. */
import { SIGN_UP_FIELDS, type FieldRule, type SignUpField } from '../../identity/rules.ts'

export const LINK_STATUSES = ['open', 'accepted', 'expired', 'replaced', 'unknown'] as const
export type LinkStatus = (typeof LINK_STATUSES)[number]

export type Contact = { [K in SignUpField]?: string | undefined }
type FieldRules = Record<SignUpField, FieldRule>

/** Whether a user has not opened an activation link yet. */
export const isWaiting = (user: { status: string } | undefined): boolean =>
  user?.status === 'invited' || user?.status === 'signed_up'

/** Required answers that are missing: reported, never filled in for the person (E-69). */
export const findMissingAnswers = (rules: FieldRules, input: Contact): Record<string, string> =>
  Object.fromEntries(
    SIGN_UP_FIELDS.filter((field) => rules[field] === 'required' && !input[field]).map((field) => [field, 'required']),
  )

/** Answers as stored. A field that the business turned off is not stored, even from a form opened before that. */
export function answersToStore(
  rules: FieldRules,
  input: Contact,
): { name: string | null; phone: string | null; company: string | null; postal_address: string | null } {
  const valueOf = (field: SignUpField) => (rules[field] === 'off' ? null : (input[field] ?? null))
  return {
    name: valueOf('name'),
    phone: valueOf('phone'),
    company: valueOf('company'),
    postal_address: valueOf('address'),
  }
}

/** An empty list allows every domain. A domain does not include its subdomains: `evil.example.com` is not `example.com`. */
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
 * Status of an activation link. Once its user is active, every link ever mailed to them leads to the sign-in page (E-04);
 * a suspended user's link is unknown, as one that never existed.
 */
export function activationStatus(link: LinkFacts | undefined, now: Date): LinkStatus {
  if (!link || link.user.status === 'removed' || link.user.status === 'suspended') return 'unknown'
  // A link is bound to the address it was mailed to: after a change, that mailbox may belong to somebody else.
  if (link.email_norm !== link.user.email_norm) return link.used_at ? 'unknown' : 'replaced'
  if (link.user.status === 'active') return 'accepted'
  return oneUseStatus(link, now)
}

/** Status of a link that can be used once. Used, replaced and expired differ, because the reader needs to know which (E-06). */
export function oneUseStatus(link: Omit<LinkFacts, 'email_norm' | 'user'>, now: Date): LinkStatus {
  if (link.used_at) return 'accepted'
  if (link.replaced_at) return 'replaced'
  return link.expires_at > now ? 'open' : 'expired'
}
