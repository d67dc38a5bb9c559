/** States of a message as people see them. Pure. */

/** `sending` lasts seconds and says nothing more than waiting does. */
export const MESSAGE_STATES = ['waiting', 'sent', 'failed', 'canceled'] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

export const stateOf = (stored: string): MessageState => (stored === 'sending' ? 'waiting' : (stored as MessageState))

interface Facts {
  state: string
  secret: boolean
  payload: unknown
}

/** The token is wiped once a mail is out, and from mails that waited too long. */
export const isWiped = ({ secret, payload }: Facts): boolean =>
  payload === null || (secret && typeof (payload as { token?: unknown }).token !== 'string')

/** Why a message cannot be sent again; null when it can. */
export function deliveryProblemOf(facts: Facts): 'sent' | 'wiped' | 'canceled' | null {
  if (facts.state === 'sent') return 'sent'
  if (facts.state === 'canceled') return 'canceled'
  return isWiped(facts) ? 'wiped' : null
}

/** Only an invitation, and only while it waits: a reset or sign-in link is for its reader alone. */
export const linkMayBeCopied = (facts: Facts & { link_kind: string | null }): boolean =>
  facts.link_kind === 'invitation' && stateOf(facts.state) === 'waiting' && !isWiped(facts)
