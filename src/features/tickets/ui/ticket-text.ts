/** How screens show a ticket's status, and times in the business's zone. */
import type { StatusLook } from '../../../ui/StatusBadge.svelte'
import { formatTime, shortDay } from '../../../ui/when.ts'
import type { TicketStatus } from '../rules.ts'

const LOOKS: Record<TicketStatus, StatusLook> = {
  new: 'requested',
  open: 'progress',
  waiting: 'waiting',
  onHold: 'scheduled',
  resolved: 'completed',
  closed: 'canceled',
}
export const look = (status: TicketStatus): StatusLook => LOOKS[status]

/** "Thu 26 Nov, 10:00"; the year only when it differs from this year's. */
export const moment = (iso: string, locale: string, timeZone: string): string =>
  `${shortDay(new Date(iso), locale, timeZone)}, ${formatTime(new Date(iso), locale, timeZone)}`
