/** What changes where a job is in its life: status, worker, scheduled start, cancellation. */
import { z } from 'zod'
import { operation } from '../../../../platform/operation.ts'
import { id } from '../../../../platform/schema.ts'
import {
  changedJob,
  jobParams,
  jobStatus,
  local,
  minutesInput,
  reasonInput,
  requestedStart,
  seen,
} from '../../job/contract.ts'

const changing = {
  method: 'POST',
  audience: ['staff'],
  params: jobParams,
  output: changedJob,
  writes: true,
  checksInput: true,
} as const
const outright = () => z.boolean().default(true).describe('False: the worker must accept the job first.')

export const jobStatusChanges = {
  changeJobStatus: operation({
    ...changing,
    path: '/office/{account}/jobs/{job}/status',
    summary: 'Change the status of a job',
    description:
      'Changes the job to a status listed in its `transitions`. Declining a job and reopening a completed one need a `reason`.',
    body: z.strictObject({
      ...seen,
      to: jobStatus.describe('The new status.'),
      reason: reasonInput(1_000, 'Only staff see it.'),
      worker: id().optional().describe('Staff member to assign with the change.'),
      scheduled: local().optional().describe('Scheduled start to set with the change.'),
      requested: requestedStart().optional().describe('Requested start to set with the change.'),
    }),
    problems: ['jobChanged', 'transitionNotAllowed'],
    example: {
      body: { version: 3, to: 'started' },
      answer: { id: '019ac000-0000-7000-8000-000000000001', number: 1068, status: 'started', version: 4 },
    },
  }),
  assignJob: operation({
    ...changing,
    path: '/office/{account}/jobs/{job}/worker',
    summary: 'Assign a worker',
    description: 'Assigns or reassigns the job. With `worker` null the job becomes unassigned.',
    body: z.strictObject({
      ...seen,
      worker: id().nullable().describe('Staff member to assign; null unassigns the job.'),
      outright: outright(),
    }),
    problems: ['jobChanged', 'transitionNotAllowed'],
  }),
  scheduleJob: operation({
    ...changing,
    path: '/office/{account}/jobs/{job}/schedule',
    summary: 'Schedule a job',
    description: 'Sets, changes or removes the scheduled start, with `worker` also the worker, in one change.',
    body: z.strictObject({
      ...seen,
      scheduled: local().nullable().describe('Scheduled start; null removes it.'),
      durationMinutes: minutesInput(),
      worker: id().nullable().optional().describe('Staff member to assign; null unassigns the job. Left out it stays.'),
      outright: outright(),
    }),
    problems: ['jobChanged', 'schedulingClosed', 'transitionNotAllowed'],
  }),
  undoJobChange: operation({
    ...changing,
    path: '/office/{account}/jobs/{job}/undo',
    summary: 'Undo the last change of a job',
    description:
      'Takes back your own change of status, worker or schedule within a minute, if nothing has changed since and the worker is still active. Emails about it are not sent.',
    body: z.strictObject(seen),
    problems: ['undoExpired'],
  }),
  cancelJob: operation({
    ...changing,
    path: '/office/{account}/jobs/{job}/cancel',
    summary: 'Cancel a job',
    description: 'The job stays on record without its schedule. It can be reinstated.',
    body: z.strictObject({ ...seen, reason: reasonInput(1_000, 'Only staff see it.') }),
    problems: ['jobChanged', 'transitionNotAllowed'],
  }),
  reinstateJob: operation({
    ...changing,
    path: '/office/{account}/jobs/{job}/reinstate',
    summary: 'Reinstate a canceled job',
    description: 'The job becomes unassigned and unscheduled.',
    body: z.strictObject(seen),
    problems: ['jobChanged', 'transitionNotAllowed'],
  }),
}
