import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad, RequestEvent } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const list = await locals.api.listStaff()
  const action = url.searchParams.get('confirm')
  const member = list.members.find((each) => each.id === url.searchParams.get('member'))
  return {
    ...locals.words('staff.office', 'staff.roles', 'accounts.settings'),
    title: locals.t('staff.office.title'),
    list,
    inviting: url.searchParams.has('invite') && list.mayInvite.length > 0,
    confirming:
      member && (action === 'deactivate' || action === 'revoke' || action === 'role')
        ? ({ action, member } as const)
        : null,
  }
}

/** An action on one member that leads back to the list and its success message. */
const memberAction =
  (done: string, call: (event: RequestEvent, member: string) => Promise<unknown>) => async (event: RequestEvent) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(event.locals, typed, () => call(event, typed.string('member')), 'action')
    if (failure) return failure
    event.locals.finish(paths.office(event.params.account).staff({ done }))
  }

export const actions: Actions = {
  invite: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.inviteStaff({
          email: typed.string('email'),
          name: typed.text('name'),
          role: typed.string('role') as 'worker',
        }),
      'invite',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).staff({ done: 'invited' }))
  },
  resend: memberAction('resent', ({ locals }, member) => locals.api.resendStaffInvitation({ member })),
  revoke: memberAction('revoked', ({ locals }, member) => locals.api.revokeStaffInvitation({ member })),
  deactivate: memberAction('deactivated', ({ locals }, member) => locals.api.deactivateStaff({ member })),
  reactivate: memberAction('reactivated', ({ locals }, member) => locals.api.reactivateStaff({ member })),
  role: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.changeStaffRole({ member: typed.string('member'), role: typed.string('role') as 'worker' }),
      'action',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).staff({ done: 'role' }))
  },
}
