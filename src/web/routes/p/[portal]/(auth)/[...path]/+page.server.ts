import { error } from '@sveltejs/kit'
import type { PageServerLoad } from './$types'

/** An address that a portal does not have: the error page shows the business, and a portal that is off nothing. */
export const load: PageServerLoad = async ({ locals, parent }) => {
  await parent()
  error(404, {
    code: 'notFound',
    message: locals.t('problems.notFound'),
    ...(locals.requestId && { requestId: locals.requestId }),
  })
}
