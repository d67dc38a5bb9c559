/** Mails sent when a customer books. A mail names the first job and lists the numbers of all of them (E-42). */
import { message, type Emission, type Sender } from '../../platform/delivery/outbox.ts'
import { longDate, shortTime } from '../../platform/i18n.ts'
import { wantsCustomerEmail, type CustomerEmail, type EmailChoices } from '../notifications/rules.ts'
import type { RequestedColumns } from './form/rules.ts'
import { findJobState, isWantedByPortalUser, isWantedByStaff } from './readers/queries.ts'

type BookingMail = {
  job: string
  title: string
  /** '1042, 1043' */
  numbers: string
  count: number
  /** ISO; '' when the customer requested no time. */
  requestedAt: string
  /** Any time of that day suits. */
  requestedAnyTime?: boolean
  booker: string
  /** Whose access is checked again before the mail is sent. */
  reader: string
}

/** '#1042, #1043' and the requested time in the business's zone; the context `requested` picks the texts with a time. */
function presentBooking({ numbers, requestedAt, requestedAnyTime }: BookingMail, sender: Sender) {
  const marked = String(numbers).replaceAll(/\d+/g, '#$&')
  if (!requestedAt) return { numbers: marked }
  const requested = requestedAnyTime
    ? longDate(sender.locale, new Date(requestedAt), sender.timeZone)
    : formatTime(requestedAt, sender)
  return { numbers: marked, context: 'requested', requested }
}

/** A moment in the business's zone, with the zone named. '' stays ''. */
export function formatTime(iso: string, { locale, timeZone }: Sender): string {
  if (!iso) return ''
  const at = new Date(iso)
  return `${longDate(locale, at, timeZone)}, ${shortTime(locale, at, timeZone, true)}`
}

/** Where the reader chooses which emails they get. */
export const emailChoicesUrl = (sender: Sender, surface: 'portal' | 'office') => ({
  url: surface === 'portal' ? sender.portalUrl('/account#emails') : sender.officeUrl('/profile#emails'),
})

/** To the portal user who booked, if the business confirms bookings by email. */
const jobBooked = message<BookingMail>({
  kind: 'jobBooked',
  textKey: 'jobs.mail.jobBooked',
  stillWanted(db, row) {
    const { job, reader } = row.payload as BookingMail
    return isWantedByPortalUser(db, row.account_id, { record: job, reader, email: 'booked' })
  },
  link: ({ job, count }, sender) => ({ url: sender.portalUrl(count === 1 ? `/jobs/${job}` : '/jobs') }),
  extra: (vars, sender) => ({ ...presentBooking(vars, sender), choices: emailChoicesUrl(sender, 'portal') }),
})

/** To the office. */
const jobBookedOffice = message<BookingMail>({
  kind: 'jobBookedOffice',
  textKey: 'jobs.mail.jobBookedOffice',
  async stillWanted(db, row) {
    const { job, reader } = row.payload as BookingMail
    const exists = (await findJobState(db, row.account_id, job)) !== undefined
    return exists && isWantedByStaff(db, row.account_id, { record: job, reader, email: 'booked' })
  },
  link: ({ job, count }, sender) => ({ url: sender.officeUrl(count === 1 ? `/jobs/${job}` : '/jobs') }),
  extra: (vars, sender) => ({ ...presentBooking(vars, sender), choices: emailChoicesUrl(sender, 'office') }),
})

export const jobsMessages = [jobBooked, jobBookedOffice]

interface BookingContext {
  /** Whoever came by a secure link has no proven address, and gets no confirmation. */
  actor: { id: string; email?: string; name: string }
  account: { locale: string; portal: { confirmBookings: boolean } }
  locale: string
}

interface BookingReaders {
  booker: { email_choices: EmailChoices<CustomerEmail> }
  /** Members of staff who want to hear of it. */
  dispatchers: readonly { id: string; email: string; name: string | null }[]
}

/** One mail each for the whole booking (E-42). */
export function bookingMails(
  { actor, account, locale }: BookingContext,
  jobs: readonly { id: string; number: number }[],
  template: { name: string },
  { requested_at: requested, requested_any_time: requestedAnyTime }: RequestedColumns,
  { booker, dispatchers }: BookingReaders,
): Emission[] {
  const firstId = jobs[0]!.id
  const vars = {
    job: firstId,
    title: template.name,
    numbers: jobs.map((job) => String(job.number)).join(', '),
    count: jobs.length,
    requestedAt: requested?.toISOString() ?? '',
    requestedAnyTime,
    booker: actor.name,
  }
  const subject = { kind: 'job', id: firstId }
  const toBooker = actor.email === undefined ? null : { address: actor.email, name: actor.name }
  const confirmation = toBooker && {
    message: jobBooked,
    to: toBooker,
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
  const isConfirmed = wantsCustomerEmail('booked', { booked: account.portal.confirmBookings }, booker.email_choices)
  return isConfirmed && confirmation ? [confirmation, ...notices] : notices
}
