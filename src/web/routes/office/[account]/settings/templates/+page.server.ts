import { redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const status = url.searchParams.get('status') === 'archived' ? ('archived' as const) : ('active' as const)
  return {
    ...locals.words('templates.list', 'templates.done'),
    title: locals.t('templates.list.title'),
    status,
    list: await locals.api.listTemplates({ status }),
  }
}

export const actions: Actions = {
  /** `move` = `up:<id>` or `down:<id>`; the others keep their order. */
  order: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, async () => {
      const [way, id] = typed.string('move').split(':')
      const ids = (await locals.api.listTemplates({ status: 'active' })).rows.map((row) => row.id)
      const from = ids.indexOf(id ?? ''),
        to = way === 'up' ? from - 1 : from + 1
      if (from >= 0 && ids[to] !== undefined) [ids[from], ids[to]] = [ids[to]!, ids[from]!]
      return locals.api.reorderTemplates({ templates: ids })
    })
    if (failure) return failure
    redirect(303, paths.office(params.account).templates())
  },
}
