/**
 * Jobs: a piece of work for a customer, from the request to the end. This contract is the office's view;
 * `booking/` and `portal/` are the customer's, `files/` holds attachments for both.
 * A job keeps the version of the template it was made with (E-20); its statuses and moves are the table in rules.ts.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { cursor, id, line, moment, page, search, seenVersion, text } from '../../platform/schema.ts'
import { JOB_STATUSES } from './rules.ts'

declareProblems({
  /** Somebody else changed it since it was opened. */
  jobChanged: 409,
  /** A customer's deed came after the start (E-41). */
  jobStarted: 409,
  /** The table of moves has no such move for this person. */
  transitionNotAllowed: 409,
  schedulingClosed: 409,
  jobCanceled: 409,
  /** What a customer may no longer do in this status. */
  editingClosed: 409,
  cancelingClosed: 409,
  deletingClosed: 409,
  noCustomer: 409,
  bookingNotAllowed: 403,
  editingNotAllowed: 403,
  cancelingNotAllowed: 403,
  deletingNotAllowed: 403,
})

const status = z.enum(JOB_STATUSES)
/** A repeated query parameter: one or several. */
const several = <T extends z.ZodType>(one: T) =>
  z
    .union([one, z.array(one).max(50)])
    .transform((value) => [value].flat() as z.output<T>[])
    .optional()

/** A local day and time in the account's zone, as a form brings it. */
export const local = () =>
  z.strictObject({ day: z.iso.date('format'), time: z.iso.time({ precision: -1, error: 'format' }) })
/** The same in an answer, beside the moment itself. */
export const shownMoment = () => z.object({ at: moment(), day: z.string(), time: z.string() })

/** A value of a field: see templates/rules.ts. */
export const fieldValue = () => z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])
/** Given answers by field id; null empties one. What they may be is checked against the template. */
export const givenFields = () =>
  z.record(
    z.string().max(60),
    z.union([z.string().max(20_000), z.number(), z.boolean(), z.array(z.string().max(2_000)).max(200), z.null()]),
  )

const person = z.object({ kind: z.string(), id: z.string().nullable(), name: z.string().nullable() })
const place = z.object({
  site: z.string().nullable(),
  address: z.string().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
})
/** Where the work is: a site of the customer, or an address of its own, with or without coordinates (E-44). */
const placeIn = {
  site: id().nullable().optional(),
  address: text(500).nullable().optional(),
  latitude: z.number().min(-90).max(90).nullable().optional(),
  longitude: z.number().min(-180).max(180).nullable().optional(),
}
const tags = () => z.array(line(40)).max(20, 'tooMany')
const minutes = () => z.number().int().min(5).max(14_400)
const seen = { version: seenVersion() }
const job = z.strictObject({ job: id() })
const changed = z.object({ id: z.string(), number: z.number(), status, version: z.number() })

const row = z.object({
  id: z.string(),
  number: z.number(),
  title: z.string(),
  status,
  customer: z.object({ id: z.string(), name: z.string() }),
  template: z.object({ id: z.string(), name: z.string(), icon: z.string() }),
  worker: z.object({ id: z.string(), name: z.string() }).nullable(),
  address: z.string().nullable(),
  tags: z.array(z.string()),
  requestedAt: moment().nullable(),
  scheduledAt: moment().nullable(),
  durationMinutes: z.number().nullable(),
  createdBy: person,
  createdAt: moment(),
  updatedAt: moment(),
  version: z.number(),
})
const facet = z.object({ id: z.string(), name: z.string(), count: z.number() })

const historyEntry = z.object({
  id: z.string(),
  at: moment(),
  event: z.string(),
  audience: z.enum(['internal', 'customer']),
  from: status.nullable(),
  to: status.nullable(),
  by: person,
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
})
const storedFile = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  size: z.number(),
  audience: z.enum(['internal', 'customer']),
  field: z.string().nullable(),
  comment: z.string().nullable(),
  by: person,
  at: moment(),
})
const field = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  hint: z.string().optional(),
  options: z.array(z.string()).optional(),
  portal: z.string(),
  worker: z.string(),
  unit: z.string().optional(),
  value: fieldValue().optional(),
})

const filter = () => ({
  search: search(),
  status: several(status),
  worker: several(z.union([id(), z.literal('none')])),
  template: several(id()),
  customer: id().optional(),
})

export const jobs = contract('jobs', {
  listJobs: operation({
    method: 'GET',
    path: '/office/{account}/jobs',
    audience: ['staff'],
    summary: 'Jobs by search and filter',
    query: z.strictObject({
      ...filter(),
      sort: z.enum(['newest', 'oldest', 'soonest', 'latest', 'changed']).default('newest'),
      cursor: cursor(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    output: z.object({ ...page(row), timeZone: z.string(), can: z.object({ create: z.boolean() }) }),
  }),
  countJobs: operation({
    method: 'GET',
    path: '/office/{account}/jobs/counts',
    audience: ['staff'],
    summary: 'What a list of jobs would show for each value of its filters',
    query: z.strictObject(filter()),
    /** For each value, all other filters as they are (PS-12). `capped`: there are more than counted. */
    output: z.object({
      all: z.number(),
      capped: z.boolean(),
      status: z.array(z.object({ id: status, count: z.number() })),
      worker: z.array(facet),
      template: z.array(facet),
      customer: z.array(facet),
    }),
  }),
  getJob: operation({
    method: 'GET',
    path: '/office/{account}/jobs/{job}',
    audience: ['staff'],
    summary: 'One job with everything that hangs on it',
    params: job,
    output: row.extend({
      place,
      customer: z.object({
        id: z.string(),
        name: z.string(),
        reference: z.string().nullable(),
        /** Made by itself at a booking: other customers with the booker's address, to be looked at by a person (E-24). */
        possibleDuplicates: z.array(z.object({ id: z.string(), name: z.string() })),
      }),
      customerStatus: z.string(),
      requested: shownMoment().nullable(),
      scheduled: shownMoment().nullable(),
      startedAt: moment().nullable(),
      completedAt: moment().nullable(),
      canceledAt: moment().nullable(),
      templateVersion: z.number(),
      externalReference: z.string().nullable(),
      fields: z.array(field),
      comments: z.array(
        z.object({
          id: z.string(),
          audience: z.enum(['internal', 'customer']),
          body: z.string(),
          by: person,
          at: moment(),
        }),
      ),
      files: z.array(storedFile),
      history: z.array(historyEntry),
      timeZone: z.string(),
      moves: z.array(z.object({ to: status, reason: z.boolean(), needsWorker: z.boolean() })),
      can: z.object({
        edit: z.boolean(),
        assign: z.boolean(),
        schedule: z.boolean(),
        cancel: z.boolean(),
        reinstate: z.boolean(),
        delete: z.boolean(),
        comment: z.boolean(),
      }),
    }),
  }),
  getJobHistory: operation({
    method: 'GET',
    path: '/office/{account}/jobs/{job}/history',
    audience: ['staff'],
    summary: 'What happened to a job and who did it, oldest first',
    params: job,
    output: z.object({ rows: z.array(historyEntry) }),
  }),
  getJobFormOptions: operation({
    method: 'GET',
    path: '/office/{account}/job-choices',
    audience: ['staff'],
    summary:
      'What a job form of the office offers: templates, workers, and the sites of a customer or the fields of a template',
    query: z.strictObject({ template: id().optional(), customer: id().optional() }),
    output: z.object({
      templates: z.array(
        z.object({ id: z.string(), name: z.string(), icon: z.string(), durationMinutes: z.number().nullable() }),
      ),
      workers: z.array(z.object({ id: z.string(), name: z.string(), role: z.string() })),
      sites: z.array(z.object({ id: z.string(), name: z.string().nullable(), address: z.string() })),
      customer: z.object({ id: z.string(), name: z.string() }).nullable(),
      fields: z.array(field),
      timeZone: z.string(),
      currency: z.string(),
    }),
  }),
  createJob: operation({
    method: 'POST',
    path: '/office/{account}/jobs',
    audience: ['staff'],
    summary: 'Create a job for a customer',
    body: z.strictObject({
      customer: id(),
      template: id(),
      title: line(200).optional(),
      ...placeIn,
      fields: givenFields().optional(),
      requested: local().nullable().optional(),
      scheduled: local().nullable().optional(),
      durationMinutes: minutes().nullable().optional(),
      worker: id().nullable().optional(),
      outright: z.boolean().default(true),
      tags: tags().optional(),
      note: text(5_000).optional(),
    }),
    output: changed,
    creates: true,
    writes: true,
  }),
  updateJob: operation({
    method: 'PATCH',
    path: '/office/{account}/jobs/{job}',
    audience: ['staff'],
    summary: 'Correct a job: place, answers, wish, tags',
    params: job,
    body: z.strictObject({
      ...seen,
      title: line(200).optional(),
      ...placeIn,
      fields: givenFields().optional(),
      requested: local().nullable().optional(),
      durationMinutes: minutes().nullable().optional(),
      tags: tags().optional(),
    }),
    output: changed,
    problems: ['jobChanged', 'jobCanceled'],
    writes: true,
  }),
  changeJobStatus: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/moves',
    audience: ['staff'],
    summary: 'Move a job to another status, as the table of moves allows',
    params: job,
    body: z.strictObject({
      ...seen,
      to: status,
      reason: text(1_000).optional(),
      worker: id().optional(),
      scheduled: local().optional(),
      requested: local().optional(),
    }),
    output: changed,
    problems: ['jobChanged', 'transitionNotAllowed'],
    writes: true,
  }),
  assignJob: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/worker',
    audience: ['staff'],
    summary: 'Give a job to a worker, to another one, or take it away',
    params: job,
    body: z.strictObject({ ...seen, worker: id().nullable(), outright: z.boolean().default(true) }),
    output: changed,
    problems: ['jobChanged', 'transitionNotAllowed'],
    writes: true,
  }),
  scheduleJob: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/schedule',
    audience: ['staff'],
    summary: 'Set, change or take away the scheduled start',
    params: job,
    body: z.strictObject({ ...seen, scheduled: local().nullable(), durationMinutes: minutes().nullable().optional() }),
    output: changed,
    problems: ['jobChanged', 'schedulingClosed'],
    writes: true,
  }),
  cancelJob: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/cancel',
    audience: ['staff'],
    summary: 'Cancel a job; it stays, without its times',
    params: job,
    body: z.strictObject({ ...seen, reason: text(1_000).optional() }),
    output: changed,
    problems: ['jobChanged', 'transitionNotAllowed'],
    writes: true,
  }),
  reinstateJob: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/reinstate',
    audience: ['staff'],
    summary: 'Bring a canceled job back, unassigned',
    params: job,
    body: z.strictObject(seen),
    output: changed,
    problems: ['jobChanged', 'transitionNotAllowed'],
    writes: true,
  }),
  deleteJob: operation({
    method: 'DELETE',
    path: '/office/{account}/jobs/{job}',
    audience: ['staff'],
    summary: 'Delete a job for good',
    params: job,
    output: z.object({}),
    writes: true,
  }),
  addJobComment: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/comments',
    audience: ['staff'],
    summary: 'Say something about a job, among staff or to the customer',
    params: job,
    body: z.strictObject({
      audience: z.enum(['internal', 'customer']),
      body: text(5_000).pipe(z.string().min(1, 'required')),
    }),
    output: z.object({ id: z.string(), at: moment() }),
    creates: true,
    writes: true,
  }),
})
