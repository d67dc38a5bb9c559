import { error } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import { enteredPermissions } from '../../entered-permissions.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const { rows } = await locals.api.listPermissionGroups()
  const group = rows.find(({ id, kind }) => id === params.group && kind !== 'none')
  if (!group) error(404, locals.t('problems.notFound'))
  return {
    ...locals.words('portal.office', 'portal-users.groups'),
    title: group.name ?? locals.t(`portal-users.groups.kind.${group.kind}`),
    group,
    switches: (await locals.api.getPortalSettings()).switches,
  }
}

export const actions: Actions = {
  save: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const name = typed.text('name')
    const { failure } = await attempt(locals, typed, () =>
      locals.api.updatePermissionGroup({
        group: params.group,
        version: typed.number('version') ?? 0,
        // A built-in group has no field for it.
        ...('name' in typed.values && { name: name ?? '' }),
        permissions: enteredPermissions(typed),
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).permissionGroups({ done: 'saved' }))
  },
}
