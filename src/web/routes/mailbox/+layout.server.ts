import type { LayoutServerLoad } from './$types'

/** The demo's public mailbox; outside the demo its operation answers 404. */
export const load: LayoutServerLoad = async ({ locals, url }) => {
  const search = url.searchParams.get('q')?.trim() || undefined
  return {
    ...locals.words('messages.mailbox'),
    title: locals.t('messages.mailbox.title'),
    search: search ?? '',
    list: await locals.api.listMailbox({ search, cursor: url.searchParams.get('cursor') ?? undefined }),
  }
}
