import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const delivery = await locals.api.getMailboxMessage({ message: params.message })
  return {
    delivery,
    title: delivery.message.subject ?? locals.t('messages.mailbox.noSubject'),
    tab: url.searchParams.get('tab') === 'text' ? ('text' as const) : ('preview' as const),
  }
}
