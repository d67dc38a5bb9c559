import { redirect } from '@sveltejs/kit'
import type { PageServerLoad } from './$types'

/** The other name people know this page by (V-11). */
export const load: PageServerLoad = ({ locals, url }) =>
  redirect(308, locals.paths.signUp(Object.fromEntries(url.searchParams)))
