import { confirmAccess } from '../../../../../../confirm-access.ts'
import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => ({
  ...locals.words('portal.office', 'portal-users.groups', 'access-preview'),
  title: locals.t('portal-users.groups.title'),
  groups: (await locals.api.listPermissionGroups()).rows,
})

export const actions: Actions = {
  delete: async (event) => {
    const { request, locals, params } = event
    const typed = await readForm(request)
    const moveTo = typed.text('moveTo')
    const change = { group: typed.string('group'), ...(moveTo && { moveTo }) }
    const asked = await confirmAccess(
      event,
      typed,
      { operation: 'deletePermissionGroup', input: change },
      { confirmLabel: locals.t('portal-users.groups.deletion.confirm') },
    )
    if (asked) return asked
    const { failure } = await attempt(locals, typed, () => locals.api.deletePermissionGroup(change))
    if (failure) return failure
    locals.finish(paths.office(params.account).permissionGroups({ done: 'deleted' }))
  },
}
