import { isHttpError, isRedirect, redirect } from '@sveltejs/kit'
import type { Actions, PageServerLoad } from './$types'

/** Only a submitted form signs out; opening the address does nothing. */
export const load: PageServerLoad = ({ locals }) => redirect(303, locals.paths.home())

export const actions: Actions = {
  default: async ({ locals }) => {
    try {
      await locals.api.signOutOfPortal()
    } catch (refusal) {
      // The session had ended: what was asked for is so.
      if (!isRedirect(refusal) && !isHttpError(refusal, 401)) throw refusal
    }
    locals.finish(locals.paths.signIn({ done: 'out' }))
  },
}
