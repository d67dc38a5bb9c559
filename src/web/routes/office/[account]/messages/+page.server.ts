import type { PageServerLoad } from './$types'

const states = ['waiting', 'sent', 'failed', 'canceled'] as const

export const load: PageServerLoad = async ({ locals, url }) => {
  const state = states.find((each) => each === url.searchParams.get('state'))
  return {
    ...locals.words('messages.office'),
    title: locals.t('messages.office.title'),
    list: await locals.api.listMessages({
      state,
      search: url.searchParams.get('q') || undefined,
      cursor: url.searchParams.get('cursor') ?? undefined,
    }),
  }
}
