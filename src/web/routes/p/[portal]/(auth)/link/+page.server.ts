import { attempt, readForm } from '../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

/** Where a visitor asks for a secure link. The answer is the same for every address. */
export const load: PageServerLoad = ({ locals }) => {
  const sent = locals.outcome?.sent ?? null
  return {
    ...locals.words('secure-links.request'),
    title: locals.t(`secure-links.request.${sent ? 'sentTitle' : 'title'}`),
    sent,
  }
}

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.requestSecureLink({ email: typed.string('email') }),
    )
    if (failure) return failure
    locals.finish(locals.paths.requestLink({ sent: typed.string('email') }))
  },
}
