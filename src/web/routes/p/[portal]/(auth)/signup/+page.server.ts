import { error, redirect } from '@sveltejs/kit'
import { findMissingAnswers } from '../../../../../../features/portal-users/activation/rules.ts'
import { addMissing, attempt, readForm } from '../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, parent }) => {
  const { portal } = await parent()
  if (portal.currentUser) redirect(303, locals.paths.home())
  // A private portal refuses the page itself (CP-05).
  if (!portal.public)
    error(403, {
      code: 'signUpClosed',
      message: locals.t('problems.signUpClosed'),
      ...(locals.requestId && { requestId: locals.requestId }),
    })
  // A form that is sent twice is one browser's, also when the answer to the first was never read.
  locals.startSignUp()
  locals.isIndexable = true
  return { title: locals.t('portal-users.auth.signUp') }
}

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.signUp({
        email: typed.string('email'),
        password: typed.raw('password'),
        name: typed.text('name'),
        phone: typed.text('phone'),
        company: typed.text('company'),
        address: typed.text('address'),
      }),
    )
    if (failure) {
      const { signUpFields } = await locals.api.getPortal()
      addMissing(failure, Object.keys(findMissingAnswers(signUpFields, typed.values)), locals)
      return failure
    }
    locals.finish(locals.paths.signIn({ sent: typed.string('email') }))
  },
}
