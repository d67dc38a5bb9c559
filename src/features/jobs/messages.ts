/** Mails sent when a customer books. A mail names the first job and lists the numbers of all of them (E-42). */
import { message, type Emission, type Sender } from '../../platform/delivery/outbox.ts'
import { longDate, shortTime } from '../../platform/i18n.ts'
import { canBookerSeeJob, canOfficeSeeJob } from './booking/mail/queries.ts'

type BookingMail = {
  job: string
  title: string
  /** '1042, 1043' */
  numbers: string
  count: number
  /** ISO; '' when the customer requested no time. */
  requestedAt: string
  booker: string
  /** Whose access is checked again before the mail is sent. */
  reader: string
}

/** '#1042, #1043' and the requested time in the business's zone; the context `requested` picks the texts with a time. */
function presentBooking({ numbers, requestedAt }: BookingMail, sender: Sender) {
  const marked = String(numbers).replaceAll(/\d+/g, '#$&')
  if (!requestedAt) return { numbers: marked }
  const at = new Date(requestedAt)
  return {
    numbers: marked,
    context: 'requested',
    requested: `${longDate(sender.locale, at, sender.timeZone)}, ${shortTime(sender.locale, at, sender.timeZone, true)}`,
  }
}

/** To the portal user who booked, if the business confirms bookings by email. */
const jobBooked = message<BookingMail>({
  kind: 'jobBooked',
  textKey: 'jobs.mail.jobBooked',
  stillWanted: (db, row) => canBookerSeeJob(db, row.account_id, String(row.payload?.reader), String(row.payload?.job)),
  link: ({ job, count }, sender) => ({ url: sender.portalUrl(count === 1 ? `/jobs/${job}` : '/jobs') }),
  extra: presentBooking,
})

/** To owners and dispatchers. */
const jobBookedOffice = message<BookingMail>({
  kind: 'jobBookedOffice',
  textKey: 'jobs.mail.jobBookedOffice',
  stillWanted: (db, row) => canOfficeSeeJob(db, row.account_id, String(row.payload?.reader), String(row.payload?.job)),
  link: ({ job, count }, sender) => ({ url: sender.officeUrl(count === 1 ? `/jobs/${job}` : '/jobs') }),
  extra: presentBooking,
})

export const jobsMessages = [jobBooked, jobBookedOffice]

interface BookingContext {
  actor: { id: string; email: string; name: string }
  account: { locale: string; portal: { confirmBookings: boolean } }
  locale: string
}

/** One mail each for the whole booking (E-42). */
export function bookingMails(
  { actor, account, locale }: BookingContext,
  jobs: readonly { id: string; number: number }[],
  template: { name: string },
  requested: Date | null,
  dispatchers: readonly { id: string; email: string; name: string | null }[],
): Emission[] {
  const firstId = jobs[0]!.id
  const vars = {
    job: firstId,
    title: template.name,
    numbers: jobs.map((job) => String(job.number)).join(', '),
    count: jobs.length,
    requestedAt: requested?.toISOString() ?? '',
    booker: actor.name,
  }
  const subject = { kind: 'job', id: firstId }
  const confirmation = {
    message: jobBooked,
    to: { address: actor.email, name: actor.name },
    subject,
    locale,
    vars: { ...vars, reader: actor.id },
  }
  const notices = dispatchers.map((member) => ({
    message: jobBookedOffice,
    to: { address: member.email, name: member.name },
    subject,
    locale: account.locale,
    vars: { ...vars, reader: member.id },
  }))
  return account.portal.confirmBookings ? [confirmation, ...notices] : notices
}
