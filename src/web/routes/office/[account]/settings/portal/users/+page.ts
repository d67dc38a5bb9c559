import type { PageLoad } from './$types'

/** What changes several portal users is a file of its own, so that the list alone loads and starts sooner. */
export const load: PageLoad = async ({ data, url }) => ({
  ...data,
  Bulk: url.searchParams.has('select')
    ? await import('../../../../../../../features/portal-users/ui/user-bulk.ts')
    : null,
})
