/**
 * Jobs: a piece of work for a customer, from the request to the end. This contract is the office's view;
 * `booking/` and `portal/` are the customer's, `files/` holds attachments for both.
 * A job keeps the version of the template that it was created with (E-20); its statuses and transitions are in rules.ts.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { count, cursor, flag, include, limit, moment, named, page, recordId } from '../../platform/schema.ts'
import { jobBulkChanges } from './office/bulk/contract.ts'
import { jobComments } from './office/comments/contract.ts'
import { jobForm } from './office/editing/contract.ts'
import { jobExport, jobFilter, jobSort } from './office/export/contract.ts'
import { contact } from '../customers/contacts/contract.ts'
import { comment } from '../records/contract.ts'
import {
  customerStatus,
  historyEntry,
  jobFacts,
  jobField,
  jobFile,
  jobParams,
  jobStatus,
  shownMoment,
  shownRequest,
  ticketOfJob,
  timeZone,
} from './job/contract.ts'
import { jobStatusChanges } from './office/status/contract.ts'
import { jobSchedule } from './schedule/contract.ts'

declareProblems({
  jobChanged: [409, 'Someone else changed the job since the `version` you sent. Read it again.'],
  jobStarted: [409, 'The job has started, so the customer can no longer do this (E-41).'],
  transitionNotAllowed: [409, 'The job cannot change from its status to this one, or not by you.'],
  schedulingClosed: [409, 'The job has started or ended, so it can no longer be scheduled.'],
  jobCanceled: [409, 'The job is canceled. Reinstate it first.'],
  editingClosed: [409, 'The status of the job no longer allows changes by the customer.'],
  cancelingClosed: [409, 'The status of the job no longer allows canceling by the customer.'],
  deletingClosed: [409, 'The job is scheduled, so the customer can no longer delete it.'],
  undoExpired: [
    409,
    'The change can no longer be undone: it is not yours or over a minute old, the job has changed since, or its worker is inactive.',
  ],
  noCustomer: [409, 'No active customer is linked to this portal user.'],
  bookingNotAllowed: [403, 'This portal user may not book jobs.'],
  editingNotAllowed: [403, 'This portal user may not change the job.'],
  cancelingNotAllowed: [403, 'This portal user may not cancel the job.'],
  deletingNotAllowed: [403, 'This portal user may not delete the job.'],
})

const withDetails = { ...named().shape, id: recordId().optional() }
/** What there is none of is left out: a page has 50 rows, and most facts concern few of them. */
const row = z
  .object({
    id: jobFacts.id,
    number: jobFacts.number,
    title: jobFacts.title,
    status: jobFacts.status,
    customer: z.object(withDetails).describe('Customer that the job is for. Its ID is a detail.'),
    worker: z.object(withDetails).optional().describe('Assigned worker. The ID is a detail.'),
    address: z.string().optional().describe('Service address.'),
    tags: jobFacts.tags.optional().describe('Tags.'),
    requestedAt: moment()
      .optional()
      .describe('Start that the customer asked for. A detail once there is a scheduled start.'),
    requestedAnyTime: jobFacts.requestedAnyTime,
    scheduledAt: moment().optional().describe('Scheduled start.'),
    viaPortal: flag('A portal user created the job. Left out if not.').optional(),
    unreadComments: jobFacts.unreadComments,
    template: jobFacts.template.optional().describe('Template of the job. A detail.'),
    durationMinutes: z.number().optional().describe('Planned duration in minutes. A detail.'),
    createdBy: jobFacts.createdBy.optional().describe('Who created the job. A detail.'),
    createdAt: moment().optional().describe('When the job was created. A detail.'),
    updatedAt: moment().optional().describe('When the job last changed. A detail.'),
    version: jobFacts.version.optional().describe('Version of the job. A detail.'),
  })
  .meta({ id: 'JobRow', description: 'A job in a list. What there is none of is left out.' })
const job = z
  .object({
    ...jobFacts,
    place: z
      .object({
        site: z.string().nullable().describe('ID of the site.'),
        address: z.string().nullable().describe('Service address.'),
        latitude: z.number().nullable().describe('Latitude in degrees (WGS 84).'),
        longitude: z.number().nullable().describe('Longitude in degrees.'),
      })
      .describe('Where the work is.'),
    customer: z
      .object({
        ...named().shape,
        reference: z.string().nullable().describe("The business's own number for the customer."),
        contacts: z
          .array(contact.omit({ isPrimary: true, status: true }))
          .describe(
            'People to call or write, the primary contact first; at most five. Empty if you may not see the customer.',
          ),
        billingPhone: z.string().nullable().describe('Phone number for invoices; null for a worker.'),
        /** Created by a booking: other customers with the booker's address, for staff to check (E-24). */
        possibleDuplicates: z
          .array(named())
          .describe('If a booking created the customer: others with the same email address.'),
      })
      .describe('Customer that the job is for.'),
    ticket: ticketOfJob,
    customerStatus: customerStatus.describe('Status as the customer sees it.'),
    requested: shownRequest().nullable().describe('Start that the customer asked for.'),
    scheduled: shownMoment().nullable().describe('Scheduled start.'),
    startedAt: moment().nullable().describe('When work started.'),
    completedAt: moment().nullable().describe('When the job was completed.'),
    canceledAt: moment().nullable().describe('When the job was canceled.'),
    templateVersion: z.number().describe('Version of the template that the job was created with.'),
    externalReference: z.string().nullable().describe('ID of the job in the system it was imported from.'),
    fields: z.array(jobField).describe('Fields with their answers.'),
    comments: z.array(comment).describe('Comments, oldest first.'),
    files: z.array(jobFile).describe('Files, oldest first.'),
    history: z.array(historyEntry).describe('What happened to the job, oldest first.'),
    timeZone: timeZone(),
    transitions: z
      .array(
        z.object({
          to: jobStatus,
          reason: flag('Whether a reason is required.'),
          needsWorker: flag('Whether a worker is required.'),
        }),
      )
      .describe('Statuses that you may change the job to.'),
    can: z
      .object({
        edit: flag('Update the job.'),
        assign: flag('Assign a worker.'),
        schedule: flag('Schedule the job.'),
        cancel: flag('Cancel the job.'),
        reinstate: flag('Reinstate the job.'),
        delete: flag('Delete the job.'),
        duplicate: flag('Create another job like it.'),
        undo: flag('Undo the last change, which was yours and is less than a minute old.'),
        comment: flag('Add a comment.'),
      })
      .describe('What you may do now.'),
  })
  .meta({ id: 'Job', description: 'A job as the office sees it.' })
const facet = z
  .object({ ...named().shape, count: count('How many jobs match.') })
  .meta({ id: 'JobFacet', description: 'A value of a filter, with the number of jobs that match it.' })

const person = { kind: 'staff', id: '019ac000-0000-7000-8000-000000000030', name: 'Leila Haddad' }
const exampleFacts = {
  id: '019ac000-0000-7000-8000-000000000001',
  number: 1068,
  title: 'Washing machine repair',
  status: 'assigned',
  address: '14 Quay Street, Portsmouth',
  tags: ['warranty'],
  scheduledAt: '2026-12-07T14:00:00.000Z',
}
const exampleRow = { ...exampleFacts, customer: { name: 'Rosa Martin' }, worker: { name: person.name } }

const reading = {
  listJobs: operation({
    method: 'GET',
    path: '/office/{account}/jobs',
    audience: ['staff'],
    summary: 'List jobs',
    description: 'Jobs that match the search and filters. A worker sees only their own jobs.',
    query: z.strictObject({
      ...jobFilter(),
      sort: jobSort(),
      include: include(),
      cursor: cursor(),
      limit: limit(),
    }),
    output: z.object({
      ...page(row),
      timeZone: timeZone(),
      can: z.object({ create: flag('Create jobs.') }).describe('What you may do.'),
    }),
    example: {
      answer: { rows: [exampleRow], next: null, previous: null, timeZone: 'Europe/London', can: { create: true } },
    },
  }),
  countJobs: operation({
    method: 'GET',
    path: '/office/{account}/jobs/counts',
    audience: ['staff'],
    summary: 'Count jobs by filter',
    description: 'For each value of a filter, how many jobs match it together with all other filters (PS-12).',
    query: z.strictObject(jobFilter()),
    output: z.object({
      all: count('How many jobs match all filters.'),
      capped: flag('True if there are more than were counted.'),
      unread: count('How many of them have unread comments; with other filters than this one.').optional(),
      status: z.array(z.object({ id: jobStatus, count: count('How many jobs match.') })).describe('By status.'),
      worker: z.array(facet).describe('By worker.'),
      template: z.array(facet).describe('By template.'),
      customer: z.array(facet).describe('By customer.'),
    }),
  }),
  getJob: operation({
    method: 'GET',
    path: '/office/{account}/jobs/{job}',
    audience: ['staff'],
    summary: 'Get a job',
    description: 'The job with its fields, comments, files and history.',
    params: jobParams,
    output: job,
    example: {
      answer: {
        ...exampleFacts,
        template: {
          id: '019ac000-0000-7000-8000-000000000020',
          name: 'Washing machine repair',
          icon: 'washing-machine',
        },
        worker: { id: person.id, name: person.name },
        requestedAt: null,
        durationMinutes: 90,
        createdBy: person,
        createdAt: '2026-11-29T09:12:00.000Z',
        updatedAt: '2026-11-29T09:20:00.000Z',
        version: 3,
        customer: {
          id: '019ac000-0000-7000-8000-000000000010',
          name: 'Rosa Martin',
          reference: 'C-204',
          contacts: [
            {
              id: '019ac000-0000-7000-8000-000000000012',
              name: 'Rosa Martin',
              role: null,
              email: 'rosa.martin@example.com',
              phone: '023 9249 0012',
            },
          ],
          billingPhone: null,
          possibleDuplicates: [],
        },
        place: {
          site: '019ac000-0000-7000-8000-000000000011',
          address: exampleFacts.address,
          latitude: null,
          longitude: null,
        },
        ticket: null,
        customerStatus: 'scheduled',
        requested: null,
        scheduled: { at: '2026-12-07T14:00:00.000Z', day: '2026-12-07', time: '14:00' },
        startedAt: null,
        completedAt: null,
        canceledAt: null,
        templateVersion: 2,
        externalReference: null,
        fields: [
          {
            id: 'model',
            name: 'Model',
            type: 'text',
            portal: 'optional',
            worker: 'optional',
            value: 'WM 14-A',
          },
        ],
        comments: [],
        files: [],
        history: [],
        timeZone: 'Europe/London',
        transitions: [{ to: 'started', reason: false, needsWorker: false }],
        can: {
          edit: true,
          assign: true,
          schedule: true,
          cancel: true,
          reinstate: false,
          duplicate: true,
          delete: false,
          undo: false,
          comment: true,
        },
      },
    },
  }),
  getJobHistory: operation({
    method: 'GET',
    path: '/office/{account}/jobs/{job}/history',
    audience: ['staff'],
    summary: 'Get the history of a job',
    description: 'What happened to the job and who did it, oldest first.',
    params: jobParams,
    output: z.object({ rows: z.array(historyEntry).describe('All entries.') }),
  }),
}

export const jobs = contract(
  { name: 'Jobs', description: 'Work for customers, from the request to completion, as the office sees it.' },
  { ...reading, ...jobExport, ...jobForm, ...jobStatusChanges, ...jobBulkChanges, ...jobSchedule, ...jobComments },
)
