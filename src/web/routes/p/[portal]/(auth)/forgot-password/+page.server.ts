import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { appendQuery } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals }) => {
  const sent = locals.outcome?.sent ?? null
  return { title: locals.t(`portal-users.auth.forgotPage.${sent ? 'sentTitle' : 'title'}`), sent }
}

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const typed = await readForm(request)
    // From the sign-in page, with the email that was typed there: only the form opens.
    if (typed.string('do') === 'open') return { values: typed.values, form: 'form', problem: undefined }
    const { failure } = await attempt(locals, typed, () =>
      locals.api.requestPortalPasswordReset({ email: typed.string('email') }),
    )
    if (failure) return failure
    locals.finish(appendQuery(locals.paths.forgotPassword(), { sent: typed.string('email') }))
  },
}
