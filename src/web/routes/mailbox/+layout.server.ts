import type { LayoutServerLoad } from './$types'

/** The demo's open mailbox; anywhere else its operation answers that there is nothing here. */
export const load: LayoutServerLoad = async ({ locals, url }) => {
  const search = url.searchParams.get('q')?.trim() || undefined
  return {
    ...locals.words('messages.mailbox'),
    title: locals.t('messages.mailbox.title'),
    search: search ?? '',
    list: await locals.api.listMailbox({ search, cursor: url.searchParams.get('cursor') ?? undefined }),
  }
}
