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
    const { currentUser } = portal
    const isOwner = link.email === null || link.email.toLowerCase() === currentUser?.email.toLowerCase()
    if (currentUser && isOwner) redirect(303, locals.paths.home())
    // Someone else is signed in here: their jobs are not what the link's reader came for.
    if (currentUser) return { title: locals.t('portal-users.auth.activate.otherUserTitle'), link }
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
    redirect(303, locals.paths.home())
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
    redirect(303, locals.paths.home())
  },
  /** Leads to the sign-in page with the address of the link's owner, whoever is signed in. */
  switchUser: async ({ locals, params, cookies, url }) => {
    const link = await locals.api.getActivation({ token: params.token })
    if (link.status !== 'accepted') redirect(303, locals.paths.signIn())
    await locals.api.signOutOfPortal()
    passLink(cookies, url, locals.paths.signIn(), params.token)
    redirect(303, locals.leaveOutcome(locals.paths.signIn({ link: 1 })))
  },
  renew: async ({ request, locals, params }) => {
    const { failure, output } = await attempt(locals, await readForm(request), () =>
      locals.api.renewActivation({ token: params.token }),
    )
    if (failure) return failure
    locals.finish(locals.paths.signIn({ sent: output.email, resent: 1 }))
  },
}
