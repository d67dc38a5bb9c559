/** What people are told by mail when a customer books. A message names the first job and lists all numbers (E-42). */
import { message, type OutboxRow, type Sender } from '../../platform/delivery/outbox.ts'
import { longDate, shortTime } from '../../platform/i18n.ts'
import { bookerStillSees, memberStillRuns } from './booking/queries.ts'

type Booked = {
  job: string
  title: string
  /** '1042, 1043' */
  numbers: string
  count: number
  /** ISO; '' when the customer named no time. */
  requestedAt: string
  booker: string
  /** Whose right to read it is asked again before it is sent. */
  reader: string
}

/** The wish, said in the business's zone; `wish` chooses the words that speak of one. */
function wish({ requestedAt }: Booked, sender: Sender, row: OutboxRow) {
  if (!requestedAt) return {}
  const at = new Date(requestedAt)
  return {
    context: 'wish',
    requested: `${longDate(sender.locale, at, sender.timeZone)}, ${shortTime(sender.locale, at, sender.timeZone, true)}`,
  }
}

/** To who booked, if the business confirms bookings. */
export const jobBooked = message<Booked>({
  kind: 'jobBooked',
  textKey: 'jobs.mail.jobBooked',
  stillWanted: (db, row) => bookerStillSees(db, row.account_id, String(row.payload?.reader), String(row.payload?.job)),
  link: ({ job, count }, sender) => ({ url: sender.portalUrl(count === 1 ? `/jobs/${job}` : '/jobs') }),
  extra: wish,
})

/** To owner and dispatchers. */
export const jobBookedOffice = message<Booked>({
  kind: 'jobBookedOffice',
  textKey: 'jobs.mail.jobBookedOffice',
  stillWanted: (db, row) => memberStillRuns(db, row.account_id, String(row.payload?.reader), String(row.payload?.job)),
  link: ({ job, count }, sender) => ({ url: sender.officeUrl(count === 1 ? `/jobs/${job}` : '/jobs') }),
  extra: wish,
})

export const jobsMessages = [jobBooked, jobBookedOffice]
