import { isHttpError, isRedirect } from '@sveltejs/kit'
import { passLink } from '../../../../../../links.ts'
import { linkedPath } from '../../../../../../first-page.ts'
import { attempt, isProblem, readForm } from '../../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

/**
 * The page of a secure link. Opening it changes nothing, so that a mail scanner cannot use the link: its button does. Whoever
 * acts for the customer already goes on as who they are.
 */
export const load: PageServerLoad = async ({ locals, params, cookies, url }) => {
  const link = await locals.api.getSecureLink({ token: params.token })
  const isStaff = link.status === 'open' && link.session === 'none' && (await isStaffHere(locals, params.portal))
  if (link.session === 'same' && link.status === 'open') locals.finish(linkedPath(locals, link.record))
  if (link.status === 'password' && link.session === 'none') {
    passLink(cookies, url, locals.paths.signIn(), params.token)
    locals.finish(signInPath(locals, link.record))
  }
  const page = isStaff ? 'staff' : link.status === 'password' ? 'open' : link.status
  return {
    ...locals.words('secure-links.entry'),
    title: locals.t(`secure-links.entry.${page}.title`),
    page,
    session: link.session,
    needsPassword: link.status === 'password',
  }
}

/** The password is asked for first, then the record opens. */
const signInPath = (locals: App.Locals, record: Parameters<typeof linkedPath>[1]) =>
  locals.paths.signIn({ done: 'linkClosed', next: record && linkedPath(locals, record) })

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
  default: async ({ request, locals, params, cookies, url }) => {
    const typed = await readForm(request)
    if (await isStaffHere(locals, params.portal)) locals.finish(locals.paths.secureLink(params.token))
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.openSecureLink({ token: params.token, leave: typed.string('leave') === '1' }),
    )
    if (failure) return failure
    if (output.outcome !== 'password') locals.finish(linkedPath(locals, output.record))
    passLink(cookies, url, locals.paths.signIn(), params.token)
    locals.finish(signInPath(locals, output.record))
  },
}
