import { fromDraft } from '../../../../../../../features/templates/ui/draft.ts'
import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../paths.ts'
import { contentOf, draftOf, rearranged } from '../drafts.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const template = await locals.api.getTemplate({ template: params.template })
  return {
    ...locals.words('templates.edit', 'templates.icons', 'templates.types', 'templates.permissions', 'templates.done'),
    title: template.name,
    template,
  }
}

export const actions: Actions = {
  save: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const draft = draftOf(typed)
    const other = rearranged(draft, typed)
    if (other) return { draft: other, values: typed.values }
    const { failure } = await attempt(locals, typed, async () => {
      const seen = typed.number('version') ?? 0
      const { fields: before } = await locals.api.getTemplate({ template: params.template })
      return locals.api.updateTemplate({
        template: params.template,
        version: seen,
        ...contentOf(draft),
        fields: fromDraft(draft.fields, before),
      })
    })
    if (failure) return { ...failure.data, draft }
    locals.finish(paths.office(params.account).template(params.template, { done: 'saved' }))
  },
  archive: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.archiveTemplate({ template: params.template }),
      'archive',
    )
    if (failure) return { ...failure.data, draft: undefined }
    locals.finish(paths.office(params.account).templates({ done: 'archived' }))
  },
  restore: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.restoreTemplate({ template: params.template }),
      'restore',
    )
    if (failure) return { ...failure.data, draft: undefined }
    locals.finish(paths.office(params.account).template(params.template, { done: 'restored' }))
  },
}
