import { fail } from '@sveltejs/kit'
import { attempt, isProblem, readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, parent }) => {
  const { office } = await parent()
  return {
    ...locals.words('portal.office', 'portal-users.office', 'portal-users.groups'),
    title: locals.t('portal-users.office.new.title'),
    // Only managers may give permissions and templates beyond the defaults.
    groups: office.can.manage ? (await locals.api.listPermissionGroups()).rows : null,
    templates: office.can.manage
      ? (await locals.api.getPortalSettings()).choices.filter((each) => !each.archived)
      : null,
  }
}

const noProblem = { problem: undefined }

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const find = typed.text('find')
    const action = typed.string('do')
    const customers = typed.all('customers')
    const names = typed.record('name') as Record<string, string>
    const picked = customers.map((id) => ({ id, name: names[id] ?? '' }))
    // The Return key in the search box searches for a customer; it must not send the invitation.
    if (action === 'find' || (action !== 'add' && find)) {
      const { rows } = find ? await locals.api.listCustomers({ search: find }) : { rows: [] }
      const matches = rows
        .filter(({ id }) => !customers.includes(id))
        .slice(0, 10)
        .map((row) => ({
          id: row.id,
          name: row.name,
          second: [row.reference, row.address].filter(Boolean).join(' · '),
        }))
      return { values: typed.values, picked, matches, search: find ?? '', form: 'form', existing: null, ...noProblem }
    }
    const mode = (typed.text('templatesMode') ?? 'default') as 'default' | 'add' | 'replace' | 'hide'
    const group = typed.text('group')
    let existing: string | null = null
    const { failure, output } = await attempt(locals, typed, async () => {
      try {
        return await locals.api.addPortalUser({
          email: typed.string('email'),
          ...(customers.length > 0 && { customers }),
          ...(group && { group }),
          ...(mode !== 'default' && { templatesMode: mode, templates: typed.all('templates') }),
        })
      } catch (refusal) {
        if (isProblem(refusal) && refusal.code === 'alreadyPortalUser') existing = String(refusal.vars?.user ?? '')
        throw refusal
      }
    })
    if (failure) return fail(failure.status, { ...failure.data, picked, matches: [], search: '', existing })
    locals.finish(paths.office(params.account).portalUsers({ done: 'added', user: output.id }))
  },
}
