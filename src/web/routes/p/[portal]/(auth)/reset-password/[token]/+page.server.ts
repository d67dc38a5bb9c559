import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { passLink } from '../../../../../../links.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const link = await locals.api.getPortalPasswordReset({ token: params.token })
  const title = {
    open: 'title',
    accepted: 'usedTitle',
    expired: 'expiredTitle',
    replaced: 'replacedTitle',
    unknown: 'unknownTitle',
  }[link.status]
  return { title: locals.t(`portal-users.auth.reset.${title}`), link }
}

export const actions: Actions = {
  default: async ({ request, locals, params, cookies, url }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.resetPortalPassword({ token: params.token, password: typed.raw('password') }),
    )
    if (failure) return failure
    passLink(cookies, url, locals.paths.signIn(), params.token)
    locals.finish(locals.paths.signIn({ reset: 1 }))
  },
}
