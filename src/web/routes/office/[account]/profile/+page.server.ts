import { enteredEmails } from '../../../../entered-emails.ts'
import { attempt, attemptPassword, readForm } from '../../../../../ui/forms.ts'
import { paths } from '../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => ({
  ...locals.words('identity.people', 'notifications.office'),
  title: locals.t('identity.people.profile.title'),
  person: await locals.api.getCurrentUser(),
  sessions: (await locals.api.listSessions()).sessions,
  emails: (await locals.api.getEmailChoices()).emails,
})

export const actions: Actions = {
  name: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.updateCurrentUser({ name: typed.string('name') }),
      'name',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).profile({ done: 'name' }))
  },
  password: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attemptPassword(
      locals,
      typed,
      (password) => locals.api.changePassword({ currentPassword: typed.raw('currentPassword'), password }),
      'password',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).profile({ done: 'password' }))
  },
  emails: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.updateEmailChoices({ emails: enteredEmails(typed) }),
      'emails',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).profile({ done: 'emails' }))
  },
  end: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.endSession({ session: typed.string('session') }),
      'sessions',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).profile({ done: 'ended' }))
  },
  endOthers: async ({ request, locals, params }) => {
    const { failure } = await attempt(locals, await readForm(request), () => locals.api.endOtherSessions(), 'sessions')
    if (failure) return failure
    locals.finish(paths.office(params.account).profile({ done: 'endedOthers' }))
  },
}
