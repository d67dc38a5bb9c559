import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const link = await locals.api.getEmailChange({ token: params.token })
  const title = {
    open: 'title',
    accepted: 'usedTitle',
    expired: 'expiredTitle',
    replaced: 'replacedTitle',
    unknown: 'unknownTitle',
  }[link.status]
  return { title: locals.t(`portal-users.auth.confirm.${title}`), link }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.confirmEmailChange({ token: params.token, password: typed.raw('password') || undefined }),
    )
    if (failure) return failure
    locals.finish(locals.paths.signIn({ done: 'email' }))
  },
}
