import { attempt, readForm } from '../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals }) => ({
  ...locals.words('identity.people'),
  title: locals.t('identity.people.forgot.title'),
})

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const typed = await readForm(request)
    // From the sign-in page, with the email that was typed there: only the form opens.
    if (typed.string('do') === 'open') return { values: typed.values, form: 'form', problem: undefined }
    const email = typed.string('email')
    const { failure } = await attempt(locals, typed, () => locals.api.requestPasswordReset({ email }))
    // The same answer for every address: whether it belongs to somebody is told by the mail alone.
    return failure ?? { sent: email }
  },
}
