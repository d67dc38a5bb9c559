import { redirect } from '@sveltejs/kit'
import { firstPage } from '../../../../first-page.ts'
import type { PageServerLoad } from './$types'

/** The portal's root redirects to the jobs, to the first page of a user without jobs, or to the sign-in page. */
export const load: PageServerLoad = async ({ locals, parent }) => {
  const { currentUser, visitor } = (await parent()).portal
  const reader = currentUser ?? visitor
  if (!reader) redirect(303, locals.paths.signIn())
  redirect(303, firstPage(locals, reader, locals.outcome ?? {}))
}
