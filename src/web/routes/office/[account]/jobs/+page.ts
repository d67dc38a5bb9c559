import type { PageLoad } from './$types'

/** The open job and what changes several jobs are files of their own, so that the list alone loads and starts sooner. */
export const load: PageLoad = async ({ data, url }) => {
  const [panel, Bulk] = await Promise.all([
    data.open ? import('../../../../../features/jobs/office/ui/JobPanel.svelte') : null,
    url.searchParams.has('select') ? import('../../../../../features/jobs/office/ui/job-bulk.ts') : null,
  ])
  return { ...data, Panel: panel?.default ?? null, Bulk }
}
