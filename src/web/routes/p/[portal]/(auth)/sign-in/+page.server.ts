import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { firstPage } from '../../../../../first-page.ts'
import { passedLink } from '../../../../../links.ts'
import { safeNext, appendQuery } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

/** Where to go after signing in: a page of this portal that exists for the user, else their first page (PS-58). */
function destination(locals: App.Locals, user: Parameters<typeof firstPage>[1], next: string | null): string {
  const { jobs, tickets } = locals.paths
  const hidden = [...(user.can.viewJobs ? [] : [jobs()]), ...(user.can.viewTickets ? [] : [tickets()])]
  const isReachable = next?.startsWith(`${locals.base}/`) && !hidden.some((path) => next.startsWith(path))
  return safeNext(isReachable ? next : null, firstPage(locals, user, locals.outcome ?? {}))
}

const DONE = ['out', 'password', 'activated', 'email', 'ended'] as const

/**
 * The email in the form comes from the token of a used link or of a secure link that is closed, or from `sent`, the email just typed in another form. Anything
 * else in the address could come from a stranger.
 */
export const load: PageServerLoad = async ({ locals, parent, url, cookies }) => {
  const { portal } = await parent()
  const next = url.searchParams.get('next')
  if (portal.currentUser) locals.finish(destination(locals, portal.currentUser, next))
  locals.isIndexable = portal.public
  const token = passedLink(cookies)
  const link = locals.outcome?.link && token
  const reset = locals.outcome?.reset && token
  const activation = link ? await locals.api.getActivation({ token: link }) : undefined
  const password = reset ? await locals.api.getPortalPasswordReset({ token: reset }) : undefined
  const isLinkClosed = locals.outcome?.done === 'linkClosed'
  const secureLink = isLinkClosed && token ? await locals.api.getSecureLink({ token }) : undefined
  const sent = locals.outcome?.sent ?? null
  const done =
    activation?.status === 'accepted'
      ? 'activated'
      : password?.status === 'accepted'
        ? 'password'
        : DONE.find((each) => each === locals.outcome?.done)
  return {
    ...locals.words('identity.demo', 'secure-links.request', 'secure-links.password'),
    title: locals.t('portal-users.auth.signIn'),
    demo: locals.demo,
    email:
      sent ??
      (activation?.status === 'accepted'
        ? activation.email
        : password?.status === 'accepted'
          ? password.email
          : null) ??
      secureLink?.email ??
      '',
    sent,
    resent: locals.outcome?.resent !== undefined,
    done: done ?? null,
    linkIsNotEnough: isLinkClosed,
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
    // This page knows the user when it is opened the next time. After `again`, their form waits in another tab.
    const isReturn = url.searchParams.has('again')
    locals.finish(locals.paths.signIn(isReturn ? { done: 'again' } : { next: url.searchParams.get('next') }))
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
