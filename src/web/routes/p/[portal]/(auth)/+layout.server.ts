import { error } from '@sveltejs/kit'
import type { LayoutServerLoad } from './$types'

export const load: LayoutServerLoad = async ({ locals, parent }) => {
  const { portal } = await parent()
  if (!portal.enabled)
    error(404, {
      code: 'portalOff',
      message: `${locals.t('problems.portalOff')} ${locals.t('problems.portalOffDetail')}`,
      ...(locals.requestId && { requestId: locals.requestId }),
    })
  return locals.words('portal-users.auth')
}
