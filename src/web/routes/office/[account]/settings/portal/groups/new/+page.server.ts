import { attempt, readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import { enteredPermissions } from '../../entered-permissions.ts'
import type { Actions, PageServerLoad } from './$types'

/** `?copy=` names the group that the new one begins with. */
export const load: PageServerLoad = async ({ locals, url }) => {
  const { rows } = await locals.api.listPermissionGroups()
  return {
    ...locals.words('portal.office', 'portal-users.groups'),
    title: locals.t('portal-users.groups.newTitle'),
    copied: rows.find(({ id }) => id === url.searchParams.get('copy')) ?? null,
    switches: (await locals.api.getPortalSettings()).switches,
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const copyOf = typed.text('copyOf')
    const { failure } = await attempt(locals, typed, () =>
      locals.api.createPermissionGroup({
        name: typed.string('name'),
        permissions: enteredPermissions(typed),
        ...(copyOf && { copyOf }),
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).permissionGroups({ done: 'created' }))
  },
}
