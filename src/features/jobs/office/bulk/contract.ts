/** The same change for several jobs at once. */
import { z } from 'zod'
import { operation } from '../../../../platform/operation.ts'
import { count, flag, id } from '../../../../platform/schema.ts'
import { jobStatus, local, reasonInput } from '../../job/contract.ts'

/** Jobs of one request. */
const JOBS_MAX = 200

export const jobBulkChanges = {
  changeJobs: operation({
    method: 'POST',
    path: '/office/{account}/jobs/bulk',
    audience: ['staff'],
    summary: 'Change several jobs',
    description:
      'Assigns, schedules, moves or cancels each job as the operation for one job does. A job that refuses stays as it ' +
      'is, and its row says why; the others change.',
    body: z.strictObject({
      jobs: z.array(id()).min(1, 'required').max(JOBS_MAX, 'tooMany').describe('IDs of the jobs, at most 200.'),
      change: z.enum(['assign', 'schedule', 'status', 'cancel']).describe('What to do with each of them.'),
      worker: id().nullable().optional().describe('For `assign`: the staff member; null unassigns.'),
      scheduled: local().nullable().optional().describe('For `schedule`: the scheduled start; null removes it.'),
      to: jobStatus.optional().describe('For `status`: the new status.'),
      reason: reasonInput(1_000, 'Only staff see it.'),
    }),
    output: z.object({
      changed: count('How many jobs were changed.'),
      rows: z
        .array(
          z.object({
            id: z.string().describe('ID of the job.'),
            number: z.number().nullable().describe('Number of the job; null if you cannot see it.'),
            changed: flag('Whether the job was changed.'),
            problem: z.string().nullable().describe('Code of the problem that the operation for one job answers.'),
            fields: z
              .record(
                z.string(),
                z.object({
                  code: z.string().describe('What is wrong, such as `required`.'),
                  vars: z
                    .record(z.string(), z.union([z.string(), z.number()]))
                    .optional()
                    .describe('Values for the text of the error.'),
                }),
              )
              .nullable()
              .describe('For the problem `input`: what is wrong with each field.'),
          }),
        )
        .describe('Each job once, in the order that you sent.'),
    }),
    writes: true,
  }),
}
