import type { PageLoad } from './$types'

/** The open ticket is a file of its own, so that the list alone loads and starts sooner. */
export const load: PageLoad = async ({ data }) => {
  const panel = data.open ? await import('../../../../../features/tickets/office/ui/TicketPanel.svelte') : null
  return { ...data, Panel: panel?.default ?? null }
}
