/** Pure decisions about customers, their contacts and sites. Runs on server and screen. */

export const CUSTOMER_STATUSES = ['active', 'archived'] as const
export type CustomerStatus = (typeof CUSTOMER_STATUSES)[number]

/** By name, by when they were made, by how many jobs they have; with `-` the other way round. */
export const CUSTOMER_SORTS = ['name', '-name', 'created', '-created', 'jobs', '-jobs'] as const
export type CustomerSort = (typeof CUSTOMER_SORTS)[number]

/** Rows of one page of the list, and of one export. */
export const PAGE = 50
export const MAX_EXPORT = 20_000
/** Counts of the filters stop here: beyond it nobody needs the exact figure. */
export const MAX_COUNT = 10_000

/** A customer with open work is not put away: somebody still has to go there. */
export const archiveBlockedBy = (customer: { status: CustomerStatus; openJobs: number }): 'openJobs' | null =>
  customer.status === 'active' && customer.openJobs > 0 ? 'openJobs' : null
