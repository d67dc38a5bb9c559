/**
 * The parts of a job that its contracts share: places, times, answers to fields, files and history. No operations.
 */
import { z } from 'zod'
import { count, id, line, moment, named, recordId, recordVersion, seenVersion, text } from '../../../platform/schema.ts'
import { actor, audience, storedFile } from '../../records/contract.ts'
import { fieldPermission, fieldType } from '../../templates/contract.ts'
import { CUSTOMER_STATUSES, JOB_STATUSES } from '../rules.ts'

export const jobStatus = z.enum(JOB_STATUSES).meta({
  id: 'JobStatus',
  description: 'Status of a job as the office sees it. `pending` waits for the worker to accept.',
})
export const customerStatus = z.enum(CUSTOMER_STATUSES).meta({
  id: 'PortalJobStatus',
  description: 'Status of a job as a customer sees it.',
})
// ---- times ----

/** A local day and time in the account's zone, as a form brings it. */
export const local = () => localTime
const localTime = z
  .strictObject({
    day: z.iso.date('format').describe('Day, such as 2026-12-07.'),
    time: z.iso.time({ precision: -1, error: 'format' }).max(5).describe('Time of day in 24 hours, such as 14:00.'),
  })
  .meta({ id: 'LocalTime', description: "Day and time in the business's time zone." })
/** A requested start: a day alone is enough. */
export const requestedStart = () => requestedTime
const requestedTime = z
  .strictObject({
    day: localTime.shape.day,
    time: localTime.shape.time.optional().describe('Time of day, such as 14:00. Leave out if any time suits.'),
  })
  .meta({ id: 'RequestedTime', description: "Day and, if it matters, time in the business's time zone." })
/** The same in an answer, beside the moment itself. */
export const shownMoment = () => localMoment
const localMoment = z
  .object({
    at: moment().describe('The moment.'),
    day: z.string().describe("Its day in the business's time zone, such as 2026-12-07."),
    time: z.string().describe('Its time of day there, such as 14:00.'),
  })
  .meta({ id: 'LocalMoment', description: "A moment, with its day and time in the business's time zone." })
/** A requested start in an answer. */
export const shownRequest = () => requestedMoment
const requestedMoment = z
  .object({
    ...localMoment.shape,
    at: localMoment.shape.at.describe('The moment; noon of the day if any time suits.'),
    time: z.string().nullable().describe('Its time of day there, such as 14:00; null if any time suits.'),
  })
  .meta({ id: 'RequestedMoment', description: "A requested start in the business's time zone." })
/** Beside `requestedAt` in a row of a list. */
export const requestedAnyTime = () => anyTime.optional()
const anyTime = z.boolean().meta({
  id: 'AnyTime',
  description: 'Any time of the requested day suits; `requestedAt` is its noon. Left out if not.',
})
export const timeZone = () => z.string().describe("The business's time zone, such as Europe/London.")
export const currency = () => z.string().describe("The business's currency, such as USD.")

// ---- answers to the fields of a template ----

/** A value of a field: see templates/fields/rules.ts. */
const fieldValue = () => value
const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]).meta({
  id: 'FieldValue',
  description:
    'Answer to a field. Numbers are text, money is in minor units such as cents, files are a list of file IDs.',
})
/** Given answers by field id; null empties one. What they may be is checked against the template. */
export const givenFields = () => fieldValues
const fieldValues = z
  .record(
    z.string().max(60),
    z.union([z.string().max(20_000), z.number(), z.boolean(), z.array(z.string().max(2_000)).max(200), z.null()]),
  )
  .meta({ id: 'FieldValues', description: 'Answers by field ID. Null clears an answer; fields left out stay.' })

/** What the office and the portal both show of a field. */
export const fieldParts = {
  id: z.string().describe('ID of the field, the same in every version of the template.'),
  name: z.string().describe('Label of the field.'),
  type: fieldType,
  hint: z.string().optional().describe('Help text.'),
  options: z.array(z.string()).optional().describe('Options of a pick list.'),
  unit: z.string().optional().describe('Unit shown after a number, such as kWh.'),
  value: fieldValue().optional().describe('Answer, if there is one.'),
}
export const jobField = z
  .object({
    ...fieldParts,
    portal: fieldPermission.describe('What a customer may do with the field.'),
    worker: fieldPermission.describe('What the worker on the job may do with the field.'),
  })
  .meta({ id: 'JobField', description: 'A field of the job with its answer.' })

// ---- parts of a job ----

export const siteChoice = z
  .object({
    id: recordId(),
    name: z.string().nullable().describe('Name of the site.'),
    address: z.string().describe('Service address.'),
  })
  .meta({ id: 'SiteChoice', description: 'A site that a job can be for.' })
/** Where the work is: a site of the customer, or an address of its own, with or without coordinates (E-44). */
export const placeInput = {
  site: id().nullable().optional().describe("Site of the customer. Its address and coordinates become the job's."),
  address: text(500).nullable().optional().describe('Service address, if it is not a site.'),
  latitude: z.number().min(-90).max(90).nullable().optional().describe('Latitude of the address in degrees (WGS 84).'),
  longitude: z.number().min(-180).max(180).nullable().optional().describe('Longitude of the address in degrees.'),
}
export const tagsInput = () => z.array(line(40)).max(20, 'tooMany').optional().describe('Tags; they replace the list.')
export const minutesInput = () =>
  z
    .number()
    .int()
    .min(5, 'duration')
    .max(14_400, 'duration')
    .nullable()
    .optional()
    .describe('Planned duration in minutes.')
export const reasonInput = (max: number, who: string) => text(max).optional().describe(`Reason. ${who}`)
export const seen = { version: seenVersion() }
export const jobParams = z.strictObject({ job: id().describe('ID of the job.') })
const number = z.number().meta({ id: 'JobNumber', description: 'Number of the job, unique in the account.' })
export const jobNumber = () => number

export const changedJob = z
  .object({ id: recordId(), number: jobNumber(), status: jobStatus, version: recordVersion() })
  .meta({ id: 'ChangedJob', description: 'The job after the change.' })

/** What a job and a row with `details` both say. */
export const jobFacts = {
  id: recordId(),
  number: jobNumber(),
  title: z.string().describe('What is to be done; the name of the template unless it was changed.'),
  status: jobStatus,
  customer: named().describe('Customer that the job is for.'),
  template: z
    .object({ ...named().shape, icon: z.string().describe('Name of the icon.') })
    .describe('Template of the job.'),
  worker: named().nullable().describe('Assigned worker.'),
  address: z.string().nullable().describe('Service address.'),
  tags: z.array(z.string()).describe('Tags.'),
  requestedAt: moment().nullable().describe('Start that the customer asked for.'),
  requestedAnyTime: requestedAnyTime(),
  scheduledAt: moment().nullable().describe('Scheduled start.'),
  durationMinutes: z.number().nullable().describe('Planned duration in minutes.'),
  createdBy: actor.describe('Who created the job.'),
  createdAt: moment().describe('When the job was created.'),
  updatedAt: moment().describe('When the job last changed.'),
  unreadComments: count('Comments by the customer that the office has not read. Left out at zero.').optional(),
  version: recordVersion(),
}

export const ticketOfJob = z
  .object({
    id: recordId(),
    number: z.number().describe('Number of the ticket.'),
    subject: z.string().describe('Subject.'),
  })
  .nullable()
  .meta({ id: 'TicketOfJob', description: 'Ticket that the job was created from, if you may see it.' })
export const jobFile = storedFile
  .extend({
    audience,
    field: z.string().nullable().describe('ID of the field that the file answers.'),
    comment: z.string().nullable().describe('ID of the comment that the file belongs to.'),
    by: actor.describe('Who uploaded the file.'),
    at: moment().describe('When it was uploaded.'),
  })
  .meta({ id: 'JobFile', extends: 'File', description: 'A file of a job.' })
export const historyEntry = z
  .object({
    id: recordId(),
    at: moment().describe('When it happened.'),
    event: z.string().describe('What happened: `created`, `moved`, `assigned`, `scheduled`, `edited` and others.'),
    audience,
    from: jobStatus.nullable().describe('Status before, if the status changed.'),
    to: jobStatus.nullable().describe('Status after, if the status changed.'),
    by: actor.describe('Who did it.'),
    details: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]))
      .describe('Details of the event, such as the new start.'),
  })
  .meta({ id: 'HistoryEntry', description: 'Something that happened to a job.' })
