import { error } from '@sveltejs/kit'
import type { PageServerLoad } from './$types'

/** An address that the office does not have: the error page keeps the sidebar. */
export const load: PageServerLoad = async ({ locals, parent }) => {
  await parent()
  error(404, {
    code: 'notFound',
    message: locals.t('problems.notFound'),
    ...(locals.requestId && { requestId: locals.requestId }),
  })
}
