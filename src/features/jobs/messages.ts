/** Mails sent when a customer books. A mail names the first job and lists the numbers of all of them (E-42). */
import { message, type Sender } from '../../platform/delivery/outbox.ts'
import { longDate, shortTime } from '../../platform/i18n.ts'
import { bookerStillSees, memberStillRuns } from './booking/queries.ts'

type Booked = {
  job: string
  title: string
  /** '1042, 1043' */
  numbers: string
  count: number
  /** ISO; '' when the customer gave no preferred time. */
  requestedAt: string
  booker: string
  /** Whose access is checked again before the mail is sent. */
  reader: string
}

/** The requested time in the business's zone; the context `requested` picks the texts that mention it. */
function requestedTime({ requestedAt }: Booked, sender: Sender) {
  if (!requestedAt) return {}
  const at = new Date(requestedAt)
  return {
    context: 'requested',
    requested: `${longDate(sender.locale, at, sender.timeZone)}, ${shortTime(sender.locale, at, sender.timeZone, true)}`,
  }
}

/** To the portal user who booked, if the business confirms bookings by email. */
export const jobBooked = message<Booked>({
  kind: 'jobBooked',
  textKey: 'jobs.mail.jobBooked',
  stillWanted: (db, row) => bookerStillSees(db, row.account_id, String(row.payload?.reader), String(row.payload?.job)),
  link: ({ job, count }, sender) => ({ url: sender.portalUrl(count === 1 ? `/jobs/${job}` : '/jobs') }),
  extra: requestedTime,
})

/** To owners and dispatchers. */
export const jobBookedOffice = message<Booked>({
  kind: 'jobBookedOffice',
  textKey: 'jobs.mail.jobBookedOffice',
  stillWanted: (db, row) => memberStillRuns(db, row.account_id, String(row.payload?.reader), String(row.payload?.job)),
  link: ({ job, count }, sender) => ({ url: sender.officeUrl(count === 1 ? `/jobs/${job}` : '/jobs') }),
  extra: requestedTime,
})

export const jobsMessages = [jobBooked, jobBookedOffice]
