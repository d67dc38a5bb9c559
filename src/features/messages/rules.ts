/** Statuses of a message as people see them. Pure. */

/** `sending` lasts seconds and says nothing more than waiting does. */
export const MESSAGE_STATUSES = ['waiting', 'sent', 'failed', 'canceled'] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]

export const statusOf = (stored: string): MessageStatus =>
  stored === 'sending' ? 'waiting' : (stored as MessageStatus)

interface Facts {
  status: string
  secret: boolean
  payload: unknown
}

/** The token is wiped once a mail is out, and from mails that waited too long. */
export const isWiped = ({ secret, payload }: Facts): boolean =>
  payload === null || (secret && typeof (payload as { token?: unknown }).token !== 'string')

/** Why a message cannot be sent again; null when it can. */
export function deliveryProblemOf(facts: Facts): 'sent' | 'wiped' | 'canceled' | null {
  if (facts.status === 'sent') return 'sent'
  if (facts.status === 'canceled') return 'canceled'
  return isWiped(facts) ? 'wiped' : null
}

/** Only an invitation, and only while it waits: a reset or sign-in link is for its reader alone. */
export const linkMayBeCopied = (facts: Facts & { link_kind: string | null }): boolean =>
  facts.link_kind === 'invitation' && statusOf(facts.status) === 'waiting' && !isWiped(facts)
