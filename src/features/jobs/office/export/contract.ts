/** The office's list of jobs as a file, with the filters and orders that it shares with the list. */
import { z } from 'zod'
import { operation } from '../../../../platform/operation.ts'
import { empty, id, search, several } from '../../../../platform/schema.ts'
import { jobStatus } from '../../job/contract.ts'
import { JOB_SORTS } from '../../rules.ts'

/** What the office's list of jobs can be narrowed to. */
export const jobFilter = () => ({
  search: search(),
  status: several(jobStatus).describe('Only these statuses.'),
  worker: several(z.union([id(), z.literal('none')])).describe('Only jobs of these workers; `none` for unassigned.'),
  template: several(id()).describe('Only jobs of these templates.'),
  customer: id().optional().describe('Only jobs of this customer.'),
  scheduled: z
    .enum(['today', 'tomorrow', 'week'])
    .optional()
    .describe("Only jobs scheduled for then, in the business's time zone; `week` is this calendar week."),
  scheduledFrom: z.iso.date('format').optional().describe('Only jobs scheduled for this day or later.'),
  scheduledTo: z.iso.date('format').optional().describe('Only jobs scheduled for this day or earlier.'),
  comments: z.literal('unread').optional().describe('Only jobs with unread comments. Not for workers.'),
})

/** The order of the list and of its file. */
export const jobSort = () =>
  z
    .enum(JOB_SORTS)
    .default('newest')
    .describe(
      'By creation (`newest`, `oldest`), scheduled start (`soonest`, `latest`), last change (`changed`), customer, ' +
        'status or worker. A minus sign turns the order around.',
    )

export const jobExport = {
  exportJobs: operation({
    method: 'GET',
    path: '/office/{account}/jobs.csv',
    audience: ['staff'],
    summary: 'Export jobs as CSV',
    description:
      "The same list in one file, with all pages. Times are in the business's time zone. At most 20,000 rows; the name " +
      'of a file that leaves out rows says so. A worker exports only their own jobs.',
    query: z.strictObject({ ...jobFilter(), sort: jobSort() }),
    output: empty(),
    download: ['text/csv'],
  }),
}
