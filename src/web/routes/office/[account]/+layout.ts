import type { LayoutLoad } from './$types'

/** The dialog of keys is a file of its own: few pages show it. */
export const load: LayoutLoad = async ({ data, url }) => ({
  ...data,
  Shortcuts: url.searchParams.has('shortcuts') ? (await import('../../../../ui/ShortcutsDialog.svelte')).default : null,
})
