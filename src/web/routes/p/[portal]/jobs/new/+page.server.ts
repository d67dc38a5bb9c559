import { redirect } from '@sveltejs/kit'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => {
  const bookable = await locals.api.getBookingOptions({})
  // A single service needs no choice (V-32).
  if (bookable.allowed && bookable.templates.length === 1)
    redirect(303, locals.paths.newJobOf(bookable.templates[0]!.id, { form: crypto.randomUUID() }))
  return { ...locals.words('jobs.portal'), title: locals.t('jobs.portal.new'), bookable, formKey: crypto.randomUUID() }
}
