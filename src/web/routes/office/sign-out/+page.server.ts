import { isHttpError, isRedirect } from '@sveltejs/kit'
import { isProblem } from '../../../../ui/forms.ts'
import { paths } from '../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals }) => ({
  ...locals.words('identity.people'),
  title: locals.t('identity.people.signOut.title'),
})

export const actions: Actions = {
  default: async ({ locals }) => {
    try {
      await locals.api.signOut()
    } catch (refusal) {
      // Signed out already, in another tab or by time: what was asked for is so.
      if (!isProblem(refusal) && !isRedirect(refusal) && !isHttpError(refusal, 401)) throw refusal
    }
    locals.finish(paths.officeSignIn({ done: 'out' }))
  },
}
