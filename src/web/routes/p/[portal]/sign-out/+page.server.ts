import { redirect } from '@sveltejs/kit'
import type { Actions, PageServerLoad } from './$types'

/** Only a submitted form signs out; opening the address does nothing. */
export const load: PageServerLoad = ({ locals }) => redirect(303, locals.paths.home())

export const actions: Actions = {
  default: async ({ locals }) => {
    await locals.api.signOutOfPortal()
    locals.finish(locals.paths.signIn({ done: 'out' }))
  },
}
