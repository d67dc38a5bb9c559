import { publicPages, robotsText } from '../../../../robots.ts'
import type { RequestHandler } from './$types'

/** Of a portal's own host. The start page leads to the sign-in page. */
export const GET: RequestHandler = async ({ locals }) => {
  const portal = await locals.api.getPortal()
  return robotsText(portal.public ? ['/$', ...publicPages(locals.base)] : [])
}
