import { attemptPassword, readForm } from '../../../../../ui/forms.ts'
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
    const { failure } = await attemptPassword(locals, typed, (password) =>
      locals.api.resetPassword({ token: params.token, password }),
    )
    if (failure) return failure
    locals.finish(paths.officeSignIn({ done: 'password' }))
  },
}
