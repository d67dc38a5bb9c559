/** A row of a customer's list of jobs: what the list shows, and what `include=details` adds. No operations. */
import { z } from 'zod'
import { moment, named, recordId } from '../../../../platform/schema.ts'
import { customerStatus, jobNumber, requestedAnyTime } from '../../job/contract.ts'
import { JOB_GROUPS } from '../../rules.ts'

export const group = z.enum(JOB_GROUPS).describe('`open`, `completed` or `canceled`.')
/** What a job and a row with `details` both say. */
export const jobFacts = {
  id: recordId(),
  number: jobNumber(),
  title: z.string().describe('What is to be done.'),
  status: customerStatus,
  customer: named().describe('Customer that the job is for.'),
  address: z.string().nullable().describe('Service address.'),
  requestedAt: moment().nullable().describe('Start that was asked for.'),
  requestedAnyTime: requestedAnyTime(),
  scheduledAt: moment().nullable().describe('Scheduled start, once it is settled.'),
  durationMinutes: z.number().nullable().describe('Planned duration in minutes.'),
  completedAt: moment().nullable().describe('When the job was completed.'),
  canceledAt: moment().nullable().describe('When the job was canceled.'),
  worker: z.string().nullable().describe('Name of the technician, once it is settled and if the business shows it.'),
  createdAt: moment().describe('When the job was booked.'),
}
/** What there is none of is left out: a page has 50 rows, and most facts concern few of them. */
export const row = z
  .object({
    id: jobFacts.id,
    number: jobFacts.number,
    title: jobFacts.title,
    status: jobFacts.status,
    customer: z
      .object({ id: z.string().optional().describe('ID. A detail.'), name: named().shape.name })
      .describe('Customer that the job is for.'),
    address: z.string().optional().describe('Service address.'),
    requestedAt: moment().optional().describe('Start that was asked for. A detail once there is a scheduled start.'),
    requestedAnyTime: jobFacts.requestedAnyTime,
    scheduledAt: moment().optional().describe('Scheduled start, once it is settled.'),
    durationMinutes: z.number().optional().describe('Planned duration in minutes, beside a scheduled start.'),
    completedAt: moment().optional().describe('When the job was completed.'),
    canceledAt: moment().optional().describe('When the job was canceled.'),
    worker: z.string().optional().describe('Name of the technician, once it is settled and if the business shows it.'),
    group: group.optional().describe('`open`, `completed` or `canceled`. A detail.'),
    createdAt: moment().optional().describe('When the job was booked. A detail.'),
  })
  .meta({ id: 'PortalJobRow', description: 'A job in the list of a customer. What there is none of is left out.' })
