import { attempt, readForm } from '../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals }) => ({ title: locals.t('portal-users.auth.resendPage.title') })

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.resendActivation({ email: typed.string('email') }),
    )
    if (failure) return failure
    locals.finish(locals.paths.signIn({ sent: typed.string('email'), resent: 1 }))
  },
}
