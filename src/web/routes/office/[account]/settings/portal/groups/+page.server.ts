import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => ({
  ...locals.words('portal.office', 'portal-users.groups'),
  title: locals.t('portal-users.groups.title'),
  groups: (await locals.api.listPermissionGroups()).rows,
})

export const actions: Actions = {
  delete: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const moveTo = typed.text('moveTo')
    const { failure } = await attempt(locals, typed, () =>
      locals.api.deletePermissionGroup({ group: typed.string('group'), ...(moveTo && { moveTo }) }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).permissionGroups({ done: 'deleted' }))
  },
}
