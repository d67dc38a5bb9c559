import { redirect } from '@sveltejs/kit'
import { paths } from '../../../paths.ts'
import type { PageServerLoad } from './$types'

/** Staff of one account go straight in; staff of several choose. */
export const load: PageServerLoad = async ({ locals }) => {
  const me = await locals.api.getCurrentUser()
  const [only] = me.accounts
  if (me.accounts.length === 1 && only) redirect(303, paths.office(only.slug).home())
  return { ...locals.words('identity.people', 'staff.roles'), title: locals.t('identity.people.accounts.title'), me }
}
