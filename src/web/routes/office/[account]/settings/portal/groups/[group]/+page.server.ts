import { error } from '@sveltejs/kit'
import { confirmAccess } from '../../../../../../../confirm-access.ts'
import { attempt, readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import { enteredPermissions } from '../../entered-permissions.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const { rows } = await locals.api.listPermissionGroups()
  const group = rows.find(({ id, kind }) => id === params.group && kind !== 'none')
  if (!group) error(404, locals.t('problems.notFound'))
  return {
    ...locals.words('portal.office', 'portal-users.groups', 'access-preview'),
    title: group.name ?? locals.t(`portal-users.groups.kind.${group.kind}`),
    group,
    switches: (await locals.api.getPortalSettings()).switches,
  }
}

export const actions: Actions = {
  save: async (event) => {
    const { request, locals, params } = event
    const typed = await readForm(request)
    const change = {
      group: params.group,
      version: typed.number('version') ?? 0,
      // A built-in group has no field for it.
      ...('name' in typed.values && { name: typed.string('name') }),
      permissions: enteredPermissions(typed),
    }
    const asked = await confirmAccess(event, typed, { operation: 'updatePermissionGroup', input: change })
    if (asked) return asked
    const { failure } = await attempt(locals, typed, () => locals.api.updatePermissionGroup(change))
    if (failure) return failure
    locals.finish(paths.office(params.account).permissionGroups({ done: 'saved' }))
  },
}
