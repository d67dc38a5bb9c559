import { redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad, RequestEvent } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const list = await locals.api.listStaff()
  const ask = url.searchParams.get('confirm')
  const about = list.members.find((member) => member.id === url.searchParams.get('member'))
  return {
    ...locals.words('staff.office', 'staff.roles', 'accounts.settings'),
    title: locals.t('staff.office.title'),
    list,
    inviting: url.searchParams.has('invite') && list.mayInvite.length > 0,
    asking:
      about && (ask === 'deactivate' || ask === 'withdraw' || ask === 'role')
        ? ({ deed: ask, member: about } as const)
        : null,
  }
}

/** One deed about one member, back to the list with its outcome in words. */
const deed =
  (done: string, call: (event: RequestEvent, member: string) => Promise<unknown>) => async (event: RequestEvent) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(event.locals, typed, () => call(event, typed.string('member')), 'deed')
    if (failure) return failure
    redirect(303, paths.office(event.params.account).staff({ done }))
  }

export const actions: Actions = {
  invite: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.inviteStaff({ email: typed.string('email'), role: typed.string('role') as 'worker' }),
      'invite',
    )
    if (failure) return failure
    redirect(303, paths.office(params.account).staff({ done: 'invited' }))
  },
  resend: deed('resent', ({ locals }, member) => locals.api.resendStaffInvitation({ member })),
  withdraw: deed('withdrawn', ({ locals }, member) => locals.api.revokeStaffInvitation({ member })),
  deactivate: deed('deactivated', ({ locals }, member) => locals.api.deactivateStaff({ member })),
  reactivate: deed('reactivated', ({ locals }, member) => locals.api.reactivateStaff({ member })),
  role: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.changeStaffRole({ member: typed.string('member'), role: typed.string('role') as 'worker' }),
      'deed',
    )
    if (failure) return failure
    redirect(303, paths.office(params.account).staff({ done: 'role' }))
  },
}
