/**
 * A customer's view of jobs: what is booked, how it goes, what was said. Nothing internal is in these answers: no
 * hidden fields, internal comments, reasons, workers' phones or other customers.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { cursor, id, moment, page, search, seenVersion, text } from '../../../platform/schema.ts'
import { portalField } from '../booking/contract.ts'
import { givenFields, local, shownMoment } from '../contract.ts'
import { CUSTOMER_STATUSES, JOB_GROUPS } from '../rules.ts'

const status = z.enum(CUSTOMER_STATUSES)
const job = z.strictObject({ job: id() })
const seen = { version: seenVersion() }
const why = z.enum(['started', 'completed', 'canceled', 'waiting', 'planned']).nullable()
/** `you` · a `colleague` who books for the same customer · `staff`, named as the business chose · nobody (`system`). */
const who = z.object({ kind: z.enum(['you', 'colleague', 'staff', 'system']), name: z.string() })

const row = z.object({
  id: z.string(),
  number: z.number(),
  title: z.string(),
  icon: z.string(),
  status,
  group: z.enum(JOB_GROUPS),
  customer: z.object({ id: z.string(), name: z.string() }),
  address: z.string().nullable(),
  requestedAt: moment().nullable(),
  scheduledAt: moment().nullable(),
  durationMinutes: z.number().nullable(),
  completedAt: moment().nullable(),
  canceledAt: moment().nullable(),
  worker: z.string().nullable(),
  createdAt: moment(),
})

export const portalJobs = contract('jobs', {
  listPortalJobs: operation({
    method: 'GET',
    path: '/portal/{portal}/jobs',
    audience: ['portalUser'],
    summary: 'The jobs I may see, newest first',
    query: z.strictObject({
      search: search(),
      group: z.enum(JOB_GROUPS).optional(),
      customer: id().optional(),
      cursor: cursor(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    output: z.object({ ...page(row), timeZone: z.string(), can: z.object({ create: z.boolean() }) }),
  }),
  getPortalJobsOverview: operation({
    method: 'GET',
    path: '/portal/{portal}/jobs/overview',
    audience: ['portalUser'],
    summary: 'What stands above my list: how many there are, the next visit, whom I act for',
    query: z.strictObject({ search: search(), customer: id().optional() }),
    output: z.object({
      /** How many the list shows for each group, with this search (PS-12). */
      counts: z.object({ all: z.number(), open: z.number(), completed: z.number(), canceled: z.number() }),
      /** The next visit that has a time, whatever is searched for. */
      upcoming: row.nullable(),
      /** Whom I act for; the list names the customer when there are several. */
      customers: z.array(z.object({ id: z.string(), name: z.string() })),
    }),
  }),
  getPortalJob: operation({
    method: 'GET',
    path: '/portal/{portal}/jobs/{job}',
    audience: ['portalUser'],
    summary: 'One of my jobs: answers, progress, comments, files',
    params: job,
    output: row.extend({
      version: z.number(),
      requested: shownMoment().nullable(),
      site: z.string().nullable(),
      createdBy: who,
      template: z.object({ id: z.string(), name: z.string() }),
      fields: z.array(portalField),
      progress: z.array(
        z.object({ status, is: z.enum(['done', 'now', 'next']), at: moment().nullable(), by: who.nullable() }),
      ),
      history: z.array(
        z.object({
          id: z.string(),
          at: moment(),
          by: who,
          event: z.enum(['created', 'moved', 'scheduled', 'edited', 'attached', 'removedFile']),
          to: status.nullable(),
          scheduledAt: moment().nullable(),
          reason: z.string().nullable(),
          name: z.string().nullable(),
        }),
      ),
      comments: z.array(z.object({ id: z.string(), body: z.string(), by: who, at: moment() })),
      files: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          type: z.string(),
          size: z.number(),
          field: z.string().nullable(),
          by: who,
          at: moment(),
        }),
      ),
      timeZone: z.string(),
      currency: z.string(),
      sites: z.array(z.object({ id: z.string(), name: z.string().nullable(), address: z.string() })),
      can: z.object({ edit: z.boolean(), cancel: z.boolean(), delete: z.boolean(), comment: z.boolean() }),
      /** Permitted, but too late: why, so that the screen can say so. */
      closed: z.object({ edit: why, cancel: why, delete: why }),
    }),
  }),
  updatePortalJob: operation({
    method: 'PATCH',
    path: '/portal/{portal}/jobs/{job}',
    audience: ['portalUser'],
    summary: 'Change a job I booked, before it starts',
    params: job,
    body: z.strictObject({
      ...seen,
      site: id().optional(),
      address: text(500).optional(),
      requested: local().nullable().optional(),
      fields: givenFields().default({}),
    }),
    output: z.object({ id: z.string(), number: z.number(), version: z.number() }),
    problems: ['jobChanged', 'jobStarted', 'editingClosed', 'editingNotAllowed'],
    writes: true,
  }),
  cancelPortalJob: operation({
    method: 'POST',
    path: '/portal/{portal}/jobs/{job}/cancel',
    audience: ['portalUser'],
    summary: 'Cancel a job before it starts',
    params: job,
    body: z.strictObject({ reason: text(500).optional() }),
    output: z.object({ id: z.string(), number: z.number() }),
    problems: ['jobStarted', 'cancelingClosed', 'cancelingNotAllowed'],
    writes: true,
  }),
  deletePortalJob: operation({
    method: 'DELETE',
    path: '/portal/{portal}/jobs/{job}',
    audience: ['portalUser'],
    summary: 'Delete a job nobody has planned yet',
    params: job,
    output: z.object({ number: z.number() }),
    problems: ['jobStarted', 'deletingClosed', 'deletingNotAllowed'],
    writes: true,
  }),
  addPortalComment: operation({
    method: 'POST',
    path: '/portal/{portal}/jobs/{job}/comments',
    audience: ['portalUser'],
    summary: 'Say something about one of my jobs to the business',
    params: job,
    body: z.strictObject({ body: text(5_000).pipe(z.string().min(1, 'required')) }),
    output: z.object({ id: z.string(), at: moment() }),
    creates: true,
    writes: true,
    limits: [{ by: 'caller', max: 60, seconds: 3_600 }],
  }),
})
