import { redirect } from '@sveltejs/kit'
import { paths } from '../../../paths.ts'
import type { PageServerLoad } from './$types'

/** Staff of one account go straight to it; staff of several accounts choose. */
export const load: PageServerLoad = async ({ locals }) => {
  const person = await locals.api.getCurrentUser()
  const [only] = person.accounts
  if (person.accounts.length === 1 && only) redirect(303, paths.office(only.slug).home())
  return {
    ...locals.words('identity.people', 'staff.roles'),
    title: locals.t('identity.people.accounts.title'),
    person,
  }
}
