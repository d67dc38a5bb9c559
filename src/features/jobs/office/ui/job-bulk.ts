/** What changing several jobs adds to the list; only then is it loaded. */
export { default as Bar } from './JobBulkBar.svelte'
export { default as Report } from './JobBulkReport.svelte'
