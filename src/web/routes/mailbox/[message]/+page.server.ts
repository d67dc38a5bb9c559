import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const shown = await locals.api.getMailboxMessage({ message: params.message })
  return {
    shown,
    title: shown.message.subject ?? locals.t('messages.mailbox.noSubject'),
    tab: url.searchParams.get('tab') === 'text' ? ('text' as const) : ('look' as const),
  }
}
