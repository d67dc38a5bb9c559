import { redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { appendQuery } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals, url }) => {
  const sent = url.searchParams.get('sent')
  return { title: locals.t(`portal-users.auth.forgotPage.${sent ? 'sentTitle' : 'title'}`), sent }
}

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.requestPortalPasswordReset({ email: typed.string('email') }),
    )
    if (failure) return failure
    redirect(303, appendQuery(locals.paths.forgotPassword(), { sent: typed.string('email') }))
  },
}
