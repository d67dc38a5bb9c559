import { redirect } from '@sveltejs/kit'
import { attempt, readForm, refuse } from '../../../../../ui/forms.ts'
import { paths } from '../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => ({
  ...locals.words('identity.people'),
  title: locals.t('identity.people.reset.title'),
  reset: await locals.api.getPasswordReset({ token: params.token }),
})

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    if (typed.raw('password') !== typed.raw('repeat')) {
      return refuse(typed, {
        title: locals.t('problems.input'),
        fields: { repeat: locals.t('identity.people.reset.passwordMismatch') },
      })
    }
    const { failure } = await attempt(locals, typed, () =>
      locals.api.resetPassword({ token: params.token, password: typed.raw('password') }),
    )
    if (failure) return failure
    redirect(303, paths.officeSignIn({ done: 'password' }))
  },
}
