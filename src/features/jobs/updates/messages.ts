/** Emails about what happened to a job. rules.ts decides what they tell, readers/queries.ts who may read them. */
import { message, type Emission, type Message, type Sender } from '../../../platform/delivery/outbox.ts'
import type { CustomerEmail, StaffEmail } from '../../notifications/rules.ts'
import { emailChoicesUrl, formatTime } from '../messages.ts'
import type { BusinessEmails, PortalReader, StaffReader } from '../../records/readers/queries.ts'
import { findJobState, isWantedByPortalUser, isWantedByStaff } from '../readers/queries.ts'
import { staffNameFor } from '../rules.ts'
import {
  isSameState,
  visibleState,
  type CommentUpdate,
  type CustomerNews,
  type CustomerUpdate,
  type StaffUpdate,
  type VisibleState,
} from './rules.ts'

type AnyMail = {
  job: string
  /** '#1042' */
  number: string
  title: string
  /** Whose access is checked again before the email is sent. */
  reader: string
  /** The newest comment and who wrote it; '' without one. */
  comment: string
  author: string
  comments: number
}
/** Times are ISO strings, '' for none. */
type CustomerMail = AnyMail & {
  /** What the customer saw when this was written. When it has changed since, a newer email tells that. */
  status: string
  scheduledAt: string
  /** The visit before the change. */
  previousAt: string
}
type StaffMail = AnyMail & { customer: string }

/** A comment adds a paragraph: the context picks the text with one, `count` its plural. */
const commentVars = ({ comment, comments, author }: AnyMail) =>
  comments > 0 ? { context: 'commented', count: comments, comment, author } : {}

const customerMessage = ({ email, ...declared }: { kind: string; textKey: string; email: CustomerEmail }) =>
  message<CustomerMail>({
    ...declared,
    async stillWanted(db, row) {
      const { job, reader, status, scheduledAt } = row.payload as CustomerMail
      const [state, isWanted] = [
        await findJobState(db, row.account_id, job),
        await isWantedByPortalUser(db, row.account_id, { record: job, reader, email }),
      ]
      const told = { status, scheduledAt: scheduledAt || null } as VisibleState
      const isCurrent = email === 'commented' || (state && isSameState(visibleState(state), told))
      return Boolean(isCurrent && isWanted)
    },
    link: ({ job }, sender) => ({ url: sender.portalUrl(`/jobs/${job}`) }),
    extra: (vars, sender) => ({
      when: formatTime(vars.scheduledAt, sender),
      previous: formatTime(vars.previousAt, sender),
      choices: emailChoicesUrl(sender, 'portal'),
      ...commentVars(vars),
    }),
  })

const staffMessage = ({ email, ...declared }: { kind: string; textKey: string; email: StaffEmail }) =>
  message<StaffMail>({
    ...declared,
    async stillWanted(db, row) {
      const { job, reader } = row.payload as StaffMail
      const state = await findJobState(db, row.account_id, job)
      const isOver = email === 'canceled' ? state !== undefined && state.status !== 'canceled' : state === undefined
      return !isOver && (await isWantedByStaff(db, row.account_id, { record: job, reader, email }))
    },
    link: ({ job }, sender) => ({ url: sender.officeUrl(`/jobs/${job}`) }),
    extra: (vars, sender) => ({ choices: emailChoicesUrl(sender, 'office'), ...commentVars(vars) }),
  })

const TO_CUSTOMERS = {
  scheduled: customerMessage({ kind: 'jobScheduled', textKey: 'jobs.mail.jobScheduled', email: 'scheduled' }),
  rescheduled: customerMessage({ kind: 'jobRescheduled', textKey: 'jobs.mail.jobRescheduled', email: 'rescheduled' }),
  unscheduled: customerMessage({ kind: 'jobUnscheduled', textKey: 'jobs.mail.jobUnscheduled', email: 'rescheduled' }),
  canceled: customerMessage({ kind: 'jobCanceled', textKey: 'jobs.mail.jobCanceled', email: 'canceled' }),
  reopened: customerMessage({ kind: 'jobReopened', textKey: 'jobs.mail.jobReopened', email: 'canceled' }),
  completed: customerMessage({ kind: 'jobCompleted', textKey: 'jobs.mail.jobCompleted', email: 'completed' }),
  commented: customerMessage({ kind: 'jobCommented', textKey: 'jobs.mail.jobCommented', email: 'commented' }),
} satisfies Record<CustomerNews | 'commented', Message<CustomerMail>>

/** The job is gone, so the button opens the list. */
const jobDeletedOffice = {
  ...staffMessage({ kind: 'jobDeletedOffice', textKey: 'jobs.mail.jobDeletedOffice', email: 'canceled' }),
  link: (_vars: unknown, sender: Sender) => ({ url: sender.officeUrl('/jobs') }),
}
const TO_STAFF = {
  canceled: staffMessage({ kind: 'jobCanceledOffice', textKey: 'jobs.mail.jobCanceledOffice', email: 'canceled' }),
  deleted: jobDeletedOffice,
  edited: staffMessage({ kind: 'jobEditedOffice', textKey: 'jobs.mail.jobEditedOffice', email: 'edited' }),
  commented: staffMessage({ kind: 'jobCommentedOffice', textKey: 'jobs.mail.jobCommentedOffice', email: 'commented' }),
}

export const jobUpdateMessages = [...Object.values(TO_CUSTOMERS), ...Object.values(TO_STAFF)] as unknown as Message[]

interface JobName {
  id: string
  number: number
  title: string
}

const jobVars = ({ id, number, title }: JobName, reader: { id: string }) => ({
  job: id,
  number: `#${number}`,
  title,
  reader: reader.id,
})

const newestComment = (comments: readonly CommentUpdate[], author: (comment: CommentUpdate) => string) => {
  const newest = comments.at(-1)
  return { comment: newest?.details.body ?? '', author: newest ? author(newest) : '', comments: comments.length }
}

export function customerMail(
  reader: PortalReader,
  job: JobName,
  { news, before, after, comments }: CustomerUpdate,
  { staffNames, portalName }: BusinessEmails,
): Emission {
  const vars: CustomerMail = {
    ...jobVars(job, reader),
    status: after.status,
    scheduledAt: after.scheduledAt ?? '',
    previousAt: before.scheduledAt ?? '',
    ...newestComment(comments, ({ actor_name: name }) => staffNameFor(staffNames, name, portalName)),
  }
  return {
    message: TO_CUSTOMERS[news ?? 'commented'] as unknown as Message,
    to: { address: reader.email, name: reader.name },
    subject: { kind: 'job', id: job.id },
    locale: reader.locale,
    vars,
  }
}

export function staffMail(
  reader: StaffReader,
  job: JobName,
  { news, by, comments }: StaffUpdate,
  { locale }: BusinessEmails,
): Emission {
  const vars: StaffMail = {
    ...jobVars(job, reader),
    customer: by.actor_name ?? '',
    ...newestComment(comments, ({ actor_name: name }) => name ?? ''),
  }
  return {
    message: TO_STAFF[news ?? 'commented'] as unknown as Message,
    to: { address: reader.email, name: reader.name },
    subject: { kind: 'job', id: job.id },
    locale,
    vars,
  }
}
