import { isHttpError, isRedirect } from '@sveltejs/kit'
import { attempt, isProblem, readForm } from '../../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

/**
 * The page of a secure link. Opening it changes nothing, so that a mail scanner cannot use the link: its button does. Whoever
 * acts for the customer already goes on as who they are.
 */
export const load: PageServerLoad = async ({ locals, params }) => {
  const link = await locals.api.getSecureLink({ token: params.token })
  const isStaff = link.status === 'open' && link.session === 'none' && (await isStaffHere(locals, params.portal))
  if (link.session === 'same' && link.status === 'open') locals.finish(locals.paths.home())
  if (link.status === 'password' && link.session === 'none') locals.finish(locals.paths.signIn({ done: 'linkClosed' }))
  const page = isStaff ? 'staff' : link.status === 'password' ? 'open' : link.status
  return {
    ...locals.words('secure-links.entry'),
    title: locals.t(`secure-links.entry.${page}.title`),
    page,
    session: link.session,
  }
}

/** Staff look at the portal from their office: a customer's session in their browser would be neither's (truth table 3). */
async function isStaffHere(locals: App.Locals, slug: string): Promise<boolean> {
  try {
    const { accounts } = await locals.api.getCurrentUser()
    return accounts.some((account) => account.slug === slug)
  } catch (refusal) {
    if (isRedirect(refusal) || isHttpError(refusal, 401) || isProblem(refusal)) return false
    throw refusal
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    if (await isStaffHere(locals, params.portal)) locals.finish(locals.paths.secureLink(params.token))
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.openSecureLink({ token: params.token, leave: typed.string('leave') === '1' }),
    )
    if (failure) return failure
    locals.finish(output.outcome === 'password' ? locals.paths.signIn({ done: 'linkClosed' }) : locals.paths.home())
  },
}
