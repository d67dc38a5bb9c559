/** The days and hours in which a business works. No operations. */
import { z } from 'zod'

const timeOfDay = () => z.iso.time({ precision: -1, error: 'format' }).max(5)

export const workingHours = z
  .strictObject({
    days: z
      .array(z.number().int().min(1).max(7))
      .min(1, 'required')
      .max(7)
      .describe('Days of the week; 1 is Monday, 7 is Sunday.'),
    from: timeOfDay().describe('Start of work, such as 08:00.'),
    to: timeOfDay().describe('End of work, such as 18:00.'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'timeOrder' })
  .meta({ id: 'WorkingHours', description: 'Hours of work. Scheduling outside of them is warned of, not refused.' })
