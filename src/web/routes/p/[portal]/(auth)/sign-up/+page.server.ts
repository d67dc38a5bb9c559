import { redirect } from '@sveltejs/kit'
import type { PageServerLoad } from './$types'

/** Another common address of this page (V-11). */
export const load: PageServerLoad = ({ locals, url }) =>
  redirect(308, locals.paths.signUp(Object.fromEntries(url.searchParams)))
