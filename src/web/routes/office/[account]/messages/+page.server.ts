import type { PageServerLoad } from './$types'

const statuses = ['waiting', 'sent', 'failed', 'canceled'] as const

export const load: PageServerLoad = async ({ locals, url }) => {
  const status = statuses.find((each) => each === url.searchParams.get('status'))
  return {
    ...locals.words('messages.office'),
    title: locals.t('messages.office.title'),
    list: await locals.api.listMessages({
      status,
      search: url.searchParams.get('q') || undefined,
      cursor: url.searchParams.get('cursor') ?? undefined,
    }),
  }
}
