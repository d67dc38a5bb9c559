import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => ({
  ...locals.words('accounts.home'),
  title: locals.t('accounts.home.title'),
  home: await locals.api.getOfficeHome(),
})
