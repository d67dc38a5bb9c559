import { redirect } from '@sveltejs/kit'
import type { PageServerLoad } from './$types'

/** A stable address for websites and emails (RS-12): the account page, and before it the sign-in page. */
export const load: PageServerLoad = async ({ locals, parent }) => {
  const { currentUser } = (await parent()).portal
  redirect(303, currentUser ? locals.paths.account() : locals.paths.signIn({ next: locals.paths.account() }))
}
