import { enteredEmails } from '../../../../entered-emails.ts'
import { attempt, readForm } from '../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => {
  const { api } = locals
  const [profile, sessions, choices, views] = await Promise.all([
    api.getPortalProfile(),
    api.listPortalSessions(),
    api.getPortalEmailChoices(),
    api.listPortalViews(),
  ])
  return {
    ...locals.words('portal-users.account', 'portal-users.auth', 'notifications.portal', 'portal-views.account'),
    title: locals.t('portal-users.account.title'),
    profile,
    sessions: sessions.rows,
    emails: choices.emails,
    views: views.rows,
  }
}

export const actions: Actions = {
  profile: async ({ request, locals }) => {
    const typed = await readForm(request)
    // A field that is not on the page stays unchanged; an empty one is cleared.
    const answer = (name: string) => (name in typed.values ? (typed.text(name) ?? null) : undefined)
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.updatePortalProfile({
          version: typed.number('version') ?? 0,
          name: answer('name'),
          phone: answer('phone'),
          company: answer('company'),
          address: answer('address'),
        }),
      'profile',
    )
    if (failure) return failure
    locals.finish(locals.paths.account({ done: 'profile' }))
  },
  emails: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.updatePortalEmailChoices({ emails: enteredEmails(typed) }),
      'emails',
    )
    if (failure) return failure
    locals.finish(locals.paths.account({ done: 'emails' }))
  },
  password: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.changePortalPassword({ current: typed.raw('current'), password: typed.raw('password') }),
      'password',
    )
    if (failure) return failure
    locals.finish(locals.paths.account({ done: 'password' }))
  },
  endSession: async ({ request, locals }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.endPortalSession({ session: typed.string('session') }),
      'devices',
    )
    // A session that has already ended is the wanted result.
    if (failure && failure.data.problem.code !== 'notFound') return failure
    locals.finish(locals.paths.account({ done: 'session' }))
  },
  endOthers: async ({ request, locals }) => {
    const { failure } = await attempt(
      locals,
      await readForm(request),
      () => locals.api.endOtherPortalSessions({}),
      'devices',
    )
    if (failure) return failure
    locals.finish(locals.paths.account({ done: 'others' }))
  },
}
