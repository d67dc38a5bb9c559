import type { PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals }) => ({ title: locals.t('ui.landing.title') })
