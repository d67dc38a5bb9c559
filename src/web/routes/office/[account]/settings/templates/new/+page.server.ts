import { error } from '@sveltejs/kit'
import { fromDraft } from '../../../../../../../features/templates/ui/draft.ts'
import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../paths.ts'
import { contentOf, draftOf, rearranged } from '../drafts.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, parent }) => {
  const { office } = await parent()
  if (!office.can.manage) error(403, locals.t('problems.managersOnly'))
  return {
    ...locals.words('templates.edit', 'templates.icons', 'templates.types', 'templates.permissions'),
    title: locals.t('templates.edit.newTitle'),
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const draft = draftOf(typed)
    const other = rearranged(draft, typed)
    if (other) return { draft: other }
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.createTemplate({ ...contentOf(draft), fields: fromDraft(draft.fields) }),
    )
    if (failure) return { ...failure.data, draft }
    locals.finish(paths.office(params.account).template(output.id, { done: 'created' }))
  },
}
