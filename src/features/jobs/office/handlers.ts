/** Reading jobs in the office. `editing/` and `status/` change them. */
import { EXPORT_PAGE_ROWS, exportFile, MAX_EXPORT_ROWS } from '../../../platform/csv.ts'
import { implement, prefetching, withEffect, type Context, type Input } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { isOffice } from '../../identity/rules.ts'
import { getDefaultValues } from '../../templates/fields/rules.ts'
import { jobs } from '../contract.ts'
import { activeTemplates, customerOf, findTemplate, listSites, workersOf } from '../form/queries.ts'
import { withValues } from '../form/rules.ts'
import { loadJobPage } from '../page/queries.ts'
import { mayDeleteJob, mayTransition, mayRunJobs, maySeeJob, maySeeJobs, transitionRolesFor } from '../policy.ts'
import type { JobRecord } from '../queries.ts'
import { isEditable, isPlannable } from '../rules.ts'
import { transitionsFrom } from '../transitions/rules.ts'
import { jobPatterns, searchOffice } from '../search/queries.ts'
import { isUndoable } from '../undo/rules.ts'
import { countOfficeJobs } from './counts/queries.ts'
import { scheduledBetween } from './days/rules.ts'
import { jobColumns } from './export/rules.ts'
import { listJobsInReach, listOfficeJobs, possibleDuplicatesOf, readOfficeJobs, type JobFilter } from './queries.ts'
import { presentJob, presentJobRow } from './rules.ts'

type ReadContext = Pick<Context<(typeof jobs)['getJob']>, 'actor' | 'db' | 'now'>
const { listJobs, countJobs, exportJobs, getJob, getJobFormOptions } = jobs

export const jobReadingHandlers = implement(
  'jobs',
  { listJobs, countJobs, exportJobs, getJob, getJobFormOptions },
  {
    listJobs: prefetching({
      // A search reads as far as its reader may, and days are those of the account.
      prefetch: (db, { search, scheduled, scheduledFrom, scheduledTo, sort, cursor, limit, ...filter }) =>
        jobPatterns(search).length > 0 || scheduled || scheduledFrom || scheduledTo
          ? undefined
          : listJobsInReach(db, filter, { sort, cursor, limit }),
      async respond(ctx, { sort, include, cursor, limit, ...filters }, prefetched) {
        ctx.allow(maySeeJobs(ctx.actor))
        refuseHiddenFilter(ctx, filters)
        const { rows, ...cursors } =
          prefetched ??
          (await listOfficeJobs(ctx.db, ctx.account.id, await readFilter(ctx, filters), { sort, cursor, limit }))
        return {
          rows: rows.map((row) => presentJobRow(row, isOffice(ctx.actor.role), include)),
          ...cursors,
          timeZone: ctx.account.timeZone,
          can: { create: mayRunJobs(ctx.actor).yes },
        }
      },
    }),

    async countJobs(ctx, filters) {
      ctx.allow(maySeeJobs(ctx.actor))
      const { unread, ...counts } = await countOfficeJobs(ctx.db, ctx.account.id, await readFilter(ctx, filters))
      return { ...counts, ...(isOffice(ctx.actor.role) && { unread }) }
    },

    async exportJobs(ctx, { sort, ...filters }) {
      ctx.allow(maySeeJobs(ctx.actor))
      const filter = await readFilter(ctx, filters)
      // One more than is exported tells that there are more.
      const part = { sort, limit: MAX_EXPORT_ROWS + 1, pageSize: EXPORT_PAGE_ROWS }
      const pages = readOfficeJobs(ctx.db, ctx.account.id, filter, part)
      return withEffect({}, await exportFile('jobs', jobColumns(ctx.account.timeZone, isOffice(ctx.actor.role)), pages))
    },

    async getJob(ctx, input) {
      const account = ctx.account.id
      const records = await loadJobPage(ctx.db, account, input.job)
      ctx.allow(maySeeJob(ctx.actor, records?.job))
      const { job } = records!
      const office = mayRunJobs(ctx.actor).yes
      const possibleDuplicates = office ? await possibleDuplicatesOf(ctx.db, account, job.customer_id) : []
      return {
        ...presentJob(records!, { isOffice: office, timeZone: ctx.account.timeZone }),
        customer: {
          id: job.customer_id,
          name: job.customer,
          reference: job.reference,
          contacts: records!.contacts,
          billingPhone: office ? records!.billingPhone : null,
          possibleDuplicates,
        },
        transitions: transitionsFrom(job.status, transitionRolesFor(ctx.actor, job)),
        can: actionsOn(ctx, job),
      }
    },

    async getJobFormOptions(ctx, input) {
      ctx.allow(mayRunJobs(ctx.actor))
      const account = ctx.account.id
      const [templates, workers, template, customer, sites] = await Promise.all([
        activeTemplates(ctx.db, account),
        workersOf(ctx.db, account),
        input.template ? findTemplate(ctx.db, account, input.template) : undefined,
        input.customer ? customerOf(ctx.db, account, input.customer) : undefined,
        input.customer ? listSites(ctx.db, account, [input.customer]) : [],
      ])
      return {
        templates: templates.map(({ id, name, icon, duration_minutes: durationMinutes }) => ({
          id,
          name,
          icon,
          durationMinutes,
        })),
        workers: workers.map(({ id, name, email, role }) => ({ id, name: name ?? email, role })),
        sites: sites.map(({ id, name, address }) => ({ id, name, address })),
        customer: customer ? { id: customer.id, name: customer.name } : null,
        fields: template ? withValues(template.fields, getDefaultValues(template.fields)) : [],
        timeZone: ctx.account.timeZone,
        currency: ctx.account.currency,
      }
    },
  },
)

type FilterContext = Pick<Context<(typeof jobs)['listJobs']>, 'actor' | 'db' | 'account' | 'now'>
type FilterInput = Omit<Input<(typeof jobs)['countJobs']>, 'account'>

/** The filters of a request, with what its search found in the index. */
async function readFilter(ctx: FilterContext, input: FilterInput): Promise<JobFilter> {
  const { search, scheduled, scheduledFrom, scheduledTo, ...filters } = input
  refuseHiddenFilter(ctx, filters)
  return {
    ...filters,
    scheduled: scheduledBetween({ scheduled, scheduledFrom, scheduledTo }, ctx.account, ctx.now),
    search: await searchOffice(ctx.db, search),
    assignedTo: isOffice(ctx.actor.role) ? undefined : ctx.actor.id,
  }
}

/** Workers are not shown what the office has read, so they cannot filter by it either (PS-14). */
function refuseHiddenFilter(
  { actor }: Pick<FilterContext, 'actor'>,
  { comments }: Pick<FilterInput, 'comments'>,
): void {
  if (comments && !isOffice(actor.role)) throw problem('input', { fields: { comments: 'unknown' } })
}

function actionsOn({ actor, now }: ReadContext, job: JobRecord) {
  const office = mayRunJobs(actor).yes
  return {
    edit: office && isEditable(job.status),
    assign: office && isPlannable(job.status),
    schedule: office && isPlannable(job.status),
    cancel: mayTransition(actor, job, 'canceled').yes,
    reinstate: office && job.status === 'canceled',
    delete: mayDeleteJob(actor).yes,
    duplicate: office,
    undo: isUndoable(job, actor.id, now),
    comment: true,
  }
}
