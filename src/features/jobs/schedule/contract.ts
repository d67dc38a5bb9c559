/** What is unusual about a visit before it is planned: overlaps, the past, hours outside work. */
import { z } from 'zod'
import { operation } from '../../../platform/operation.ts'
import { id, moment, recordId } from '../../../platform/schema.ts'
import { jobNumber, local } from '../job/contract.ts'

const { day, time } = local().shape

export const jobSchedule = {
  getScheduleWarnings: operation({
    method: 'GET',
    path: '/office/{account}/schedule-warnings',
    audience: ['staff'],
    summary: 'Check a planned visit',
    description:
      'What is unusual about a visit: other visits of the worker at that time, a start in the past, or hours outside work. Nothing of it is refused when you schedule the job.',
    query: z.strictObject({
      day: day.describe("Day of the start in the business's time zone, such as 2026-12-07."),
      time: time.describe('Time of the start, such as 14:00.'),
      minutes: z.coerce
        .number()
        .int()
        .min(5, 'duration')
        .max(14_400, 'duration')
        .optional()
        .describe('Planned duration; 60 minutes if absent.'),
      worker: id().optional().describe('Staff member who would do the job.'),
      job: id().optional().describe('The job itself, which is no overlap.'),
    }),
    output: z.object({
      past: z.boolean().describe('The start is in the past.'),
      outsideHours: z.boolean().describe("The visit is not within the business's working hours."),
      overlaps: z
        .array(
          z
            .object({
              id: recordId(),
              number: jobNumber(),
              title: z.string().describe('What is to be done.'),
              scheduledAt: moment().describe('Scheduled start.'),
            })
            .meta({ id: 'Overlap', description: 'A visit of the same worker at the same time.' }),
        )
        .describe('Other visits of the worker at that time, at most five.'),
    }),
  }),
}
