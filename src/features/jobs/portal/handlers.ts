/** Reading a customer's own jobs. `editing/` changes them. */
import { prefetching, implement } from '../../../platform/operation.ts'
import { customersWithJobs, type PortalConfig, type CustomerActor } from '../../identity/rules.ts'
import { loadPortalJobPage } from '../page/queries.ts'
import { bookableCustomers, mayBookUnlinked, mayDo, maySeeJob, mayUseJobs } from '../policy.ts'
import { portalJobs } from './contract.ts'
import { countMatches, countUnsearched, loadOverview } from './overview/queries.ts'
import { listPortalJobs as listJobsInReach, searchPortalJobs } from './queries.ts'
import { jobPatterns } from '../search/queries.ts'
import { presentPortalJob, presentPortalJobRow } from './rules.ts'

/** A visit that began this long ago is still shown as the next one. */
const VISIT_MS = 4 * 3600_000
const visitsSince = (now: Date) => new Date(now.getTime() - VISIT_MS)
const { listPortalJobs, getPortalJobsOverview, getPortalJob } = portalJobs

export const portalJobReadingHandlers = implement(
  'jobs',
  { listPortalJobs, getPortalJobsOverview, getPortalJob },
  {
    listPortalJobs: prefetching({
      // A search depends on the number of customers, which is not known before the caller is.
      prefetch: (db, { search, include: _, ...filters }) =>
        jobPatterns(search).length > 0 ? undefined : listJobsInReach(db, filters),
      async respond(ctx, { search, group, customer, include, cursor, limit }, prefetched) {
        const { id: account, timeZone, portal } = ctx.account
        ctx.allow(mayUseJobs(ctx.actor, portal))
        const { rows, ...cursors } =
          prefetched ??
          (await searchPortalJobs(ctx.db, account, customersOf(ctx.actor, portal, customer), {
            search: search!,
            group,
            cursor,
            limit,
          }))
        return {
          rows: rows.map((row) => presentPortalJobRow(ctx, row, include)),
          ...cursors,
          timeZone,
          can: { create: bookableCustomers(ctx.actor, portal).length > 0 || mayBookUnlinked(ctx.actor, portal) },
        }
      },
    }),

    getPortalJobsOverview: prefetching({
      prefetch: (db, { search, customer }, now) =>
        jobPatterns(search).length > 0 ? undefined : loadOverview(db, visitsSince(now), countUnsearched(customer)),
      async respond(ctx, { search, customer }, prefetched) {
        const { portal } = ctx.account
        ctx.allow(mayUseJobs(ctx.actor, portal))
        const countFound = () => countMatches(ctx.account.id, customersOf(ctx.actor, portal, customer), search!)
        const { counts, upcoming, customers } =
          prefetched ?? (await loadOverview(ctx.db, visitsSince(ctx.now), countFound()))
        return { counts, upcoming: upcoming ? presentPortalJobRow(ctx, upcoming) : null, customers }
      },
    }),

    getPortalJob: prefetching({
      prefetch: (db, { job }) => loadPortalJobPage(db, job),
      async respond(ctx, _input, records) {
        const job = records?.job
        ctx.allow(maySeeJob(ctx.actor, job))
        return presentPortalJob(ctx, records!, (action) => mayDo(ctx.actor, ctx.account.portal, job, action).yes)
      },
    }),
  },
)

/** Customers whose jobs this user sees; only the given one when there is one. */
const customersOf = (actor: CustomerActor, portal: PortalConfig, only: string | undefined): string[] =>
  customersWithJobs(actor, portal).filter((customer) => !only || customer === only)
