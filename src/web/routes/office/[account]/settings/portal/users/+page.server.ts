import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { changeSelected } from './bulk-action.ts'
import type { Actions, PageServerLoad } from './$types'

type Query = NonNullable<Parameters<App.Locals['api']['listPortalUsers']>[0]>

export const load: PageServerLoad = async ({ locals, url, parent }) => {
  const { office } = await parent()
  const query = url.searchParams
  const parameter = (name: string) => query.get(name) || undefined
  const user = async (id: string | undefined) => (id ? locals.api.getPortalUser({ user: id }) : null)
  return {
    ...locals.words('portal.office', 'portal-users.office', 'portal-users.groups', 'portal-views.start'),
    groups: office.can.manage && query.has('select') ? (await locals.api.listPermissionGroups()).rows : null,
    title: locals.t('portal-users.office.label'),
    now: new Date().toISOString(),
    users: await locals.api.listPortalUsers({
      search: parameter('q'),
      displayStatus: parameter('displayStatus') as Query['displayStatus'],
      customer: parameter('customer'),
      sort: parameter('sort') as Query['sort'],
      cursor: parameter('cursor'),
    }),
    /** The user whose removal is to be confirmed. */
    removing: await user(parameter('remove')),
    /** The user of the success message; the name comes from the database, never from the address. */
    changed: await user(locals.outcome?.user),
  }
}

const listAddress = (url: URL, change: Record<string, string>) => {
  const query = new URLSearchParams(url.search)
  for (const key of [...query.keys()])
    if (key.startsWith('/') || ['remove', 'done', 'user'].includes(key)) query.delete(key)
  for (const [key, value] of Object.entries(change)) query.set(key, value)
  return `${url.pathname}?${query}`
}

export const actions: Actions = {
  resend: async ({ request, locals, url }) => {
    const typed = await readForm(request)
    const user = typed.string('user')
    const { failure } = await attempt(locals, typed, () => locals.api.resendPortalInvitation({ user }))
    if (failure) return failure
    locals.finish(listAddress(url, { done: 'resent', user }))
  },
  reactivate: async ({ request, locals, url }) => {
    const typed = await readForm(request)
    const user = typed.string('user')
    const { failure } = await attempt(locals, typed, () => locals.api.reactivatePortalUser({ user }))
    if (failure) return failure
    locals.finish(listAddress(url, { done: 'reactivated', user }))
  },
  remove: async ({ request, locals, url }) => {
    const typed = await readForm(request)
    const user = typed.string('user')
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.removePortalUser({ user, signUp: typed.ticked('blockSignUp') ? 'block' : 'allow' }),
    )
    if (failure) return failure
    locals.finish(listAddress(url, { done: output.outcome, user }))
  },
  bulk: changeSelected,
}
