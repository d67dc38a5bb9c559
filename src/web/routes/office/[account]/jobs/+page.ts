import type { PageLoad } from './$types'

/** The open job's part is a file of its own, so that the list alone loads and starts sooner. */
export const load: PageLoad = async ({ data }) => ({
  ...data,
  Panel: data.open ? (await import('../../../../../features/jobs/office/ui/JobPanel.svelte')).default : null,
})
