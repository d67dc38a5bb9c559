import { redirect } from '@sveltejs/kit'
import { findMissingAnswers } from '../../../../../../../features/portal-users/activation/rules.ts'
import { addMissing, attempt, readForm } from '../../../../../../../ui/forms.ts'
import { passLink } from '../../../../../../links.ts'
import type { Actions, PageServerLoad } from './$types'

/** Opening the link changes nothing (E-05). A used link redirects to the sign-in page, or to the jobs (E-04). */
export const load: PageServerLoad = async ({ locals, params, parent, cookies, url }) => {
  const { portal } = await parent()
  const link = await locals.api.getActivation({ token: params.token })
  if (link.status === 'accepted') {
    if (portal.currentUser) redirect(303, locals.paths.jobs())
    passLink(cookies, url, locals.paths.signIn(), params.token)
    redirect(303, locals.leaveOutcome(locals.paths.signIn({ link: 1 })))
  }
  const open = link.kind === 'activation' ? 'title' : 'detailsTitle'
  const title = { open, expired: 'expiredTitle', replaced: 'replacedTitle', unknown: 'unknownTitle' }[link.status]
  return { title: locals.t(`portal-users.auth.activate.${title}`), link }
}

export const actions: Actions = {
  activate: async ({ request, locals, params }) => {
    const { failure } = await attempt(locals, await readForm(request), () =>
      locals.api.activateAccount({ token: params.token }),
    )
    if (failure) return failure
    redirect(303, locals.paths.jobs())
  },
  accept: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.acceptInvitation({
        token: params.token,
        password: typed.raw('password'),
        name: typed.text('name'),
        phone: typed.text('phone'),
        company: typed.text('company'),
        address: typed.text('address'),
      }),
    )
    if (failure) {
      const { signUpFields } = await locals.api.getPortal()
      addMissing(failure, Object.keys(findMissingAnswers(signUpFields, typed.values)), locals)
      return failure
    }
    redirect(303, locals.paths.jobs())
  },
  renew: async ({ request, locals, params }) => {
    const { failure, output } = await attempt(locals, await readForm(request), () =>
      locals.api.renewActivation({ token: params.token }),
    )
    if (failure) return failure
    locals.finish(locals.paths.signIn({ sent: output.email, resent: 1 }))
  },
}
