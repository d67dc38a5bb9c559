import type { PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals }) => ({
  ...locals.words('accounts.settings'),
  title: locals.t('accounts.settings.title'),
})
