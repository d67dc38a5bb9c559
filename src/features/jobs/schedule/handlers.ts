/** Checking a visit before it is planned. */
import { implement } from '../../../platform/operation.ts'
import { toLocalTime } from '../../../platform/zone.ts'
import { jobs } from '../contract.ts'
import { parseLocalTime, throwFieldErrors, type FieldErrors } from '../form/rules.ts'
import { mayRunJobs } from '../policy.ts'
import { findWorkingHours, listOverlaps } from './queries.ts'
import { ASSUMED_MINUTES, isOutsideHours } from './rules.ts'

const { getScheduleWarnings } = jobs

export const jobScheduleHandlers = implement(
  'jobs',
  { getScheduleWarnings },
  {
    async getScheduleWarnings(ctx, { day, time, minutes = ASSUMED_MINUTES, worker, job }) {
      ctx.allow(mayRunJobs(ctx.actor))
      const { id: account, timeZone } = ctx.account
      const fieldErrors: FieldErrors = {}
      const start = parseLocalTime({ day, time }, timeZone, 'scheduled', fieldErrors)
      throwFieldErrors(fieldErrors)
      const end = new Date(start!.getTime() + minutes * 60_000)
      const hours = await findWorkingHours(ctx.db, account)
      const overlaps = worker ? await listOverlaps(ctx.db, account, { worker, start: start!, end, except: job }) : []
      return {
        past: start! < ctx.now,
        outsideHours: isOutsideHours({ day, time }, toLocalTime(end, timeZone), hours),
        overlaps: overlaps.map(({ id, number, title, scheduled_at: scheduledAt }) => ({
          id,
          number,
          title,
          scheduledAt,
        })),
      }
    },
  },
)
