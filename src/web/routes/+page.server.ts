import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => ({
  ...locals.words('identity.demo'),
  title: locals.t('ui.landing.title'),
  demo: locals.demo,
  isSetUp: locals.demo !== null || (await locals.api.getInstallation()).isSetUp,
  origin: url.origin,
})
