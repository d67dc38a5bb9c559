import { redirect } from '@sveltejs/kit'
import { attempt, attemptPassword, readForm } from '../../../../../ui/forms.ts'
import { paths } from '../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const { status, invitation } = await locals.api.getStaffInvitation({ token: params.token })
  locals.brand = invitation?.accent ?? null
  return {
    ...locals.words('staff.join', 'staff.roles'),
    link: status,
    invitation,
    /** Without the token, which must not get into the address of the sign-in page. */
    path: url.pathname,
    title: invitation
      ? locals.t('staff.join.title', { business: invitation.business })
      : locals.t('staff.join.closed.unknown'),
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const accept = (password?: string) =>
      locals.api.acceptStaffInvitation({ token: params.token, name: typed.text('name'), password })
    // Someone who has an account is not asked for a password.
    const { failure, output } = typed.has('password')
      ? await attemptPassword(locals, typed, accept)
      : await attempt(locals, typed, () => accept())
    if (failure) return failure
    redirect(303, paths.office(output.slug).home())
  },
}
