/** What changing several portal users adds to their list; only then is it loaded. */
export { default as Bar } from './UserBulkBar.svelte'
export { default as Report } from './UserBulkReport.svelte'
