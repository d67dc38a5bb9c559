import type { PageServerLoad } from './$types'

/** The first page of a portal user for whom there are no jobs. */
export const load: PageServerLoad = async ({ locals }) => {
  await locals.api.getCurrentPortalUser()
  return { title: locals.t('identity.portal.welcome') }
}
