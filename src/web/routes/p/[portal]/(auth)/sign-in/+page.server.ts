import { redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { firstPage } from '../../../../../first-page.ts'
import { passedLink } from '../../../../../links.ts'
import { safeNext, appendQuery } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

/** Where to go after signing in: a page of this portal, else its first page (PS-58). */
const destination = (locals: App.Locals, next: string | null, otherwise = locals.paths.home()) =>
  safeNext(next?.startsWith(`${locals.base}/`) ? next : null, otherwise)

const DONE = ['out', 'password', 'activated', 'email', 'ended'] as const

/**
 * The email in the form comes from a used link's token, or from `sent`, the email just typed in another form. Anything
 * else in the address could come from a stranger.
 */
export const load: PageServerLoad = async ({ locals, parent, url, cookies }) => {
  const { portal } = await parent()
  const next = url.searchParams.get('next')
  if (portal.currentUser) redirect(303, destination(locals, next, firstPage(locals, portal.currentUser)))
  locals.isIndexable = portal.public
  const token = passedLink(cookies)
  const link = locals.outcome?.link && token
  const reset = locals.outcome?.reset && token
  const activation = link ? await locals.api.getActivation({ token: link }) : undefined
  const password = reset ? await locals.api.getPortalPasswordReset({ token: reset }) : undefined
  const sent = locals.outcome?.sent ?? null
  const done =
    activation?.status === 'accepted'
      ? 'activated'
      : password?.status === 'accepted'
        ? 'password'
        : DONE.find((each) => each === locals.outcome?.done)
  return {
    ...locals.words('identity.demo'),
    title: locals.t('portal-users.auth.signIn'),
    demo: locals.demo,
    email:
      sent ??
      (activation?.status === 'accepted'
        ? activation.email
        : password?.status === 'accepted'
          ? password.email
          : null) ??
      '',
    sent,
    resent: locals.outcome?.resent !== undefined,
    done: done ?? null,
    next: next ?? '',
    signInAction: appendQuery('', { next, again: url.searchParams.get('again') }).replace('?', '&'),
  }
}

export const actions: Actions = {
  signIn: async ({ request, locals, url }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.signInToPortal({ email: typed.string('email'), password: typed.raw('password') }),
    )
    if (failure) return failure
    // Their form waits in another tab.
    if (url.searchParams.has('again')) locals.finish(locals.paths.jobs({ done: 'again' }))
    redirect(303, destination(locals, url.searchParams.get('next')))
  },
  /** "Resend email", after a sign-up and after signing in to an account that is not activated. */
  resend: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.resendActivation({ email: typed.string('email') }),
    )
    if (failure) return failure
    locals.finish(locals.paths.signIn({ sent: typed.string('email'), resent: 1 }))
  },
}
