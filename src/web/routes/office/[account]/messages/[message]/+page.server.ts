import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const delivery = await locals.api.getMessage({ message: params.message })
  return {
    ...locals.words('messages.office'),
    title: delivery.message.subject ?? locals.t('messages.office.wiped'),
    delivery,
    tab: url.searchParams.get('tab') === 'text' ? ('text' as const) : ('preview' as const),
    confirming: url.searchParams.get('confirm') === 'link',
  }
}

export const actions: Actions = {
  resend: async ({ request, locals, params }) => {
    const { failure } = await attempt(locals, await readForm(request), () =>
      locals.api.resendMessage({ message: params.message }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).message(params.message, { done: 'resent' }))
  },
  // The link is in this one answer and in no address.
  link: async ({ request, locals, params }) => {
    const { failure, output } = await attempt(locals, await readForm(request), () =>
      locals.api.copyInvitationLink({ message: params.message }),
    )
    return failure ?? { link: output.link }
  },
}
