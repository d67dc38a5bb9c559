/** Statuses of a message as screens show them. Pure. */

/** Without `sending`, which lasts seconds and is shown as waiting. */
export const MESSAGE_STATUSES = ['waiting', 'sent', 'failed', 'canceled'] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]

export const toMessageStatus = (stored: string): MessageStatus =>
  stored === 'sending' ? 'waiting' : (stored as MessageStatus)

interface MessageFacts {
  status: string
  secret: boolean
  payload: unknown
}

/** Whether the message has lost its token: it is deleted once the mail is sent, and from mails that waited too long. */
export const isWiped = ({ secret, payload }: MessageFacts): boolean =>
  payload === null || (secret && typeof (payload as { token?: unknown }).token !== 'string')

/** Why a message cannot be sent again; null when it can. */
export function resendProblem(message: MessageFacts): 'sent' | 'wiped' | 'canceled' | null {
  if (message.status === 'sent') return 'sent'
  if (message.status === 'canceled') return 'canceled'
  return isWiped(message) ? 'wiped' : null
}

/** Only a waiting invitation: with a reset or sign-in link, staff could sign in as its recipient. */
export const isLinkCopyable = (message: MessageFacts & { link_kind: string | null }): boolean =>
  message.link_kind === 'invitation' && toMessageStatus(message.status) === 'waiting' && !isWiped(message)
