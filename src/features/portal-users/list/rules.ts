/** Delivery of the invitation as the list shows it. */
import type { PortalUserRow } from './queries.ts'

type InvitationMail = NonNullable<PortalUserRow['mail']>

/** Null without a mail, and for one that was canceled. */
export function presentDelivery(mail: PortalUserRow['mail']) {
  if (!mail || mail.status === 'canceled') return null
  const isRetrying = mail.attempts > 0 && mail.status !== 'sent' && mail.status !== 'failed'
  return {
    id: mail.id,
    status: deliveryStatusOf(mail, isRetrying),
    at: new Date(mail.sent_at ?? mail.created_at),
    next: isRetrying ? new Date(mail.next_at) : null,
    result: mail.status === 'failed' || isRetrying ? mail.last_result : null,
  }
}

function deliveryStatusOf(
  { status }: InvitationMail,
  isRetrying: boolean,
): 'delivered' | 'refused' | 'retrying' | 'waiting' {
  if (status === 'sent') return 'delivered'
  if (status === 'failed') return 'refused'
  return isRetrying ? 'retrying' : 'waiting'
}
