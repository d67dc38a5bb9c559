import { redirect } from '@sveltejs/kit'
import type { PageServerLoad } from './$types'

/** The portal's root redirects to the jobs, or to the sign-in page. */
export const load: PageServerLoad = async ({ locals, parent }) => {
  const { portal } = await parent()
  redirect(303, portal.currentUser ? locals.paths.jobs() : locals.paths.signIn())
}
