/**
 * A customer's view of jobs: what is booked, its progress, comments and files. Nothing internal is in these answers: no
 * hidden fields, internal comments, reasons, workers' phones or other customers.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import {
  count,
  cursor,
  flag,
  id,
  include,
  limit,
  moment,
  named,
  page,
  recordId,
  search,
} from '../../../platform/schema.ts'
import { recordVersion, text } from '../../../platform/schema.ts'
import { portalField } from '../booking/contract.ts'
import { addedComment, commentBody, portalActor, portalComment, storedFile } from '../../records/contract.ts'
import {
  currency,
  customerStatus,
  givenFields,
  jobNumber,
  jobParams,
  reasonInput,
  requestedStart,
  seen,
  shownRequest,
  siteChoice,
  ticketOfJob,
  timeZone,
} from '../job/contract.ts'
import { group, jobFacts, row } from './rows/contract.ts'
import { CUSTOMER_KINDS } from '../../identity/rules.ts'

const blockedBy = z
  .enum(['started', 'completed', 'canceled', 'waiting', 'planned'])
  .nullable()
  .describe('Why it is too late; null if it is not.')
const historyEntry = z
  .object({
    id: recordId(),
    at: moment().describe('When it happened.'),
    by: portalActor.describe('Who did it.'),
    event: z.enum(['created', 'moved', 'scheduled', 'edited', 'attached', 'removedFile']).describe('What happened.'),
    to: customerStatus.nullable().describe('New status, if the status changed.'),
    scheduledAt: moment().nullable().describe('New scheduled start, if it changed.'),
    reason: z.string().nullable().describe('Reason that a customer gave.'),
    name: z.string().nullable().describe('Name of the file, if it is about one.'),
  })
  .meta({ id: 'PortalHistoryEntry', description: 'Something that happened to a job, as a customer sees it.' })
const job = z
  .object({
    ...jobFacts,
    icon: z.string().describe('Name of the icon.'),
    group,
    version: recordVersion(),
    ticket: ticketOfJob,
    requested: shownRequest().nullable().describe('Start that was asked for.'),
    site: z.string().nullable().describe('ID of the site.'),
    createdBy: portalActor.describe('Who booked the job.'),
    template: named().describe('The service.'),
    fields: z.array(portalField).describe('Fields with their answers.'),
    progress: z
      .array(
        z.object({
          status: customerStatus,
          is: z.enum(['done', 'now', 'next']).describe('Whether the step is done, current or still to come.'),
          at: moment().nullable().describe('When the step was reached.'),
          by: portalActor.nullable().describe('Who brought it there.'),
        }),
      )
      .describe('Steps from the booking to completion.'),
    history: z.array(historyEntry).describe('What happened to the job, oldest first.'),
    comments: z.array(portalComment).describe('Comments, oldest first.'),
    files: z
      .array(
        storedFile.extend({
          field: z.string().nullable().describe('ID of the field that the file answers.'),
          by: portalActor.describe('Who uploaded it.'),
          at: moment().describe('When it was uploaded.'),
        }),
      )
      .describe('Files, oldest first.'),
    timeZone: timeZone(),
    currency: currency(),
    sites: z.array(siteChoice).describe('Sites that you may move the job to.'),
    can: z
      .object({
        edit: flag('Update the job.'),
        cancel: flag('Cancel the job.'),
        delete: flag('Delete the job.'),
        comment: flag('Add a comment.'),
      })
      .describe('What you may do now.'),
    closed: z
      .object({ edit: blockedBy, cancel: blockedBy, delete: blockedBy })
      .describe('What you are permitted to do but is too late.'),
  })
  .meta({ id: 'PortalJob', description: 'A job as a customer sees it.' })

const exampleRow = {
  id: '019ac000-0000-7000-8000-000000000001',
  number: 1068,
  title: 'Washing machine repair',
  status: 'requested',
  customer: { name: 'Rosa Martin' },
  address: '14 Quay Street, Portsmouth',
  requestedAt: '2026-12-07T14:00:00.000Z',
}
const you = { kind: 'you', name: 'Rosa Martin' }

export const portalJobs = contract(
  { name: 'Portal jobs', description: 'Jobs as the customers of a business see them.' },
  {
    listPortalJobs: operation({
      method: 'GET',
      path: '/portal/{portal}/jobs',
      audience: CUSTOMER_KINDS,
      summary: 'List your jobs',
      description: 'Jobs of the customers you act for, newest first.',
      query: z.strictObject({
        search: search(),
        group: group.optional(),
        customer: id().optional().describe('Only jobs of this customer.'),
        include: include(),
        cursor: cursor(),
        limit: limit(),
      }),
      output: z.object({
        ...page(row),
        timeZone: timeZone(),
        can: z.object({ create: flag('Book jobs.') }).describe('What you may do.'),
      }),
      example: {
        answer: { rows: [exampleRow], next: null, previous: null, timeZone: 'Europe/London', can: { create: true } },
      },
    }),
    getPortalJobsOverview: operation({
      method: 'GET',
      path: '/portal/{portal}/jobs/overview',
      audience: CUSTOMER_KINDS,
      summary: 'Get an overview of your jobs',
      description: 'How many jobs there are, the next visit, and the customers you act for.',
      query: z.strictObject({ search: search(), customer: id().optional().describe('Only jobs of this customer.') }),
      output: z.object({
        /** The list shows the same numbers for each group, with this search (PS-12). */
        counts: z
          .object({
            all: count('All jobs.'),
            open: count('Open jobs.'),
            completed: count('Completed jobs.'),
            canceled: count('Canceled jobs.'),
          })
          .describe('How many jobs match the search.'),
        upcoming: row.nullable().describe('Your next scheduled visit, whatever you search for.'),
        customers: z.array(named()).describe('Customers that you act for.'),
      }),
    }),
    getPortalJob: operation({
      method: 'GET',
      path: '/portal/{portal}/jobs/{job}',
      audience: CUSTOMER_KINDS,
      summary: 'Get your job',
      description: 'The job with its answers, progress, comments and files.',
      params: jobParams,
      output: job,
      example: {
        answer: {
          ...exampleRow,
          ticket: null,
          icon: 'washing-machine',
          group: 'open',
          customer: { id: '019ac000-0000-7000-8000-000000000010', name: 'Rosa Martin' },
          scheduledAt: null,
          durationMinutes: 90,
          completedAt: null,
          canceledAt: null,
          worker: null,
          createdAt: '2026-11-29T09:12:00.000Z',
          version: 1,
          requested: { at: '2026-12-07T14:00:00.000Z', day: '2026-12-07', time: '14:00' },
          site: '019ac000-0000-7000-8000-000000000011',
          createdBy: you,
          template: { id: '019ac000-0000-7000-8000-000000000020', name: 'Washing machine repair' },
          fields: [{ id: 'model', name: 'Model', type: 'text', permission: 'optional', value: 'WM 14-A' }],
          progress: [{ status: 'requested', is: 'now', at: '2026-11-29T09:12:00.000Z', by: you }],
          history: [],
          comments: [],
          files: [],
          timeZone: 'Europe/London',
          currency: 'GBP',
          sites: [],
          can: { edit: true, cancel: true, delete: true, comment: true },
          closed: { edit: null, cancel: null, delete: null },
        },
      },
    }),
    updatePortalJob: operation({
      method: 'PATCH',
      path: '/portal/{portal}/jobs/{job}',
      audience: CUSTOMER_KINDS,
      summary: 'Update your job',
      description: 'Changes a job that you booked, until it starts. What you leave out stays.',
      params: jobParams,
      body: z.strictObject({
        ...seen,
        site: id().optional().describe('Site of the customer.'),
        address: text(500).optional().describe('Service address, if it is not a site.'),
        requested: requestedStart().nullable().optional().describe('Start that you ask for; null removes it.'),
        fields: givenFields().default({}),
      }),
      output: z.object({ id: recordId(), number: jobNumber(), version: recordVersion() }),
      problems: ['jobChanged', 'jobStarted', 'editingClosed', 'editingNotAllowed'],
      writes: true,
      checksInput: true,
    }),
    cancelPortalJob: operation({
      method: 'POST',
      path: '/portal/{portal}/jobs/{job}/cancel',
      audience: CUSTOMER_KINDS,
      summary: 'Cancel your job',
      description: 'Cancels a job until it starts. It stays in the list.',
      params: jobParams,
      body: z.strictObject({ reason: reasonInput(500, 'The business sees it.') }),
      output: z.object({ id: recordId(), number: jobNumber() }),
      problems: ['jobStarted', 'cancelingClosed', 'cancelingNotAllowed'],
      writes: true,
    }),
    deletePortalJob: operation({
      method: 'DELETE',
      path: '/portal/{portal}/jobs/{job}',
      audience: CUSTOMER_KINDS,
      summary: 'Delete your job',
      description: 'Permanently deletes a job that is not scheduled yet.',
      params: jobParams,
      output: z.object({ number: jobNumber() }),
      problems: ['jobStarted', 'deletingClosed', 'deletingNotAllowed'],
      writes: true,
    }),
    addPortalComment: operation({
      method: 'POST',
      path: '/portal/{portal}/jobs/{job}/comments',
      audience: CUSTOMER_KINDS,
      summary: 'Add a comment to your job',
      description: 'The business and everyone who can see the job can read it.',
      params: jobParams,
      body: z.strictObject({ body: commentBody() }),
      output: addedComment(),
      creates: true,
      writes: true,
      limits: [{ by: 'caller', max: 60, seconds: 3_600 }],
    }),
  },
)
