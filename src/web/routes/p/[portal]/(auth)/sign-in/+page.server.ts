import { redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { safeNext, appendQuery } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

/** Where to go after signing in: a page of this very portal, else the jobs (PS-58). */
const onward = (locals: App.Locals, next: string | null) =>
  safeNext(next?.startsWith(`${locals.base}/`) ? next : null, locals.paths.jobs())

const SAID = ['out', 'password', 'activated', 'email', 'ended'] as const

/**
 * Whose address stands in the form comes from the link that led here, and never from what a stranger may write into an
 * address, save the one they typed themselves a moment ago (`sent`).
 */
export const load: PageServerLoad = async ({ locals, parent, url }) => {
  const { portal } = await parent()
  const next = url.searchParams.get('next')
  if (portal.me) redirect(303, onward(locals, next))
  const [link, reset] = [url.searchParams.get('link'), url.searchParams.get('reset')]
  const activation = link ? await locals.api.getActivation({ token: link }) : undefined
  const password = reset ? await locals.api.getPortalPasswordReset({ token: reset }) : undefined
  const sent = url.searchParams.get('sent')
  const said =
    activation?.status === 'accepted'
      ? 'activated'
      : password?.status === 'accepted'
        ? 'password'
        : SAID.find((each) => each === url.searchParams.get('done'))
  return {
    title: locals.t('portal-users.auth.signIn'),
    email:
      sent ??
      (activation?.status === 'accepted'
        ? activation.email
        : password?.status === 'accepted'
          ? password.email
          : null) ??
      '',
    sent,
    again: url.searchParams.has('again'),
    said: said ?? null,
    next: next ?? '',
    signInAction: appendQuery('', { next }).replace('?', '&'),
  }
}

export const actions: Actions = {
  signIn: async ({ request, locals, url }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.signInToPortal({ email: typed.string('email'), password: typed.raw('password') }),
    )
    if (failure) return failure
    redirect(303, onward(locals, url.searchParams.get('next')))
  },
  /** "Send it again", from the refused sign-in and from the message after signing up. */
  resend: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.resendActivation({ email: typed.string('email') }),
    )
    if (failure) return failure
    redirect(303, locals.paths.signIn({ sent: typed.string('email'), again: 1 }))
  },
}
