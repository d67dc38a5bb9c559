import { fail } from '@sveltejs/kit'
import { PERMISSIONS } from '../../../../../../../../features/identity/rules.ts'
import { confirmAccess, previewAccess, type Change } from '../../../../../../../confirm-access.ts'
import { attempt, isProblem, readForm, type Typed } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url, parent }) => {
  const { office } = await parent()
  const user = await locals.api.getPortalUser({ user: params.user })
  const find = url.searchParams.get('find')
  const linked = new Set(user.links.map((link) => link.customer.id))
  const results = find && user.can.manage ? (await locals.api.listCustomers({ search: find })).rows.slice(0, 10) : null
  const settings = office.can.manage ? await locals.api.getPortalSettings() : null
  return {
    ...locals.words(
      'portal.office',
      'portal-users.office',
      'portal-users.groups',
      'portal-views.start',
      'access-preview',
      'access.open',
    ),
    title: user.name ?? user.email,
    now: new Date().toISOString(),
    user,
    matches:
      results?.map(({ id, name, reference, address }) => ({
        id,
        name,
        second: [reference, address].filter(Boolean).join(' · '),
        linked: linked.has(id),
      })) ?? null,
    groups: office.can.manage ? (await locals.api.listPermissionGroups()).rows : [],
    createsCustomers: settings && settings.createCustomers,
    accessPreview: await previewQuestion(locals, params.user, url.searchParams),
  }
}

/** What the question that the address asks is about. */
async function previewQuestion(locals: App.Locals, user: string, query: URLSearchParams) {
  const link = query.get('link')
  switch (query.get('confirm')) {
    case 'suspend':
      return previewAccess(locals, 'suspendPortalUser', { user })
    case 'remove':
      return previewAccess(locals, 'removePortalUser', { user })
    case 'unlink':
      return link ? previewAccess(locals, 'unlinkCustomer', { user, link }) : null
    default:
      return null
  }
}

/** The permissions set to yes or no; inherited ones are left out. */
const customPermissions = (typed: Typed) =>
  Object.fromEntries(
    PERMISSIONS.flatMap((name) => {
      const choice = typed.string(name)
      return choice === 'yes' || choice === 'no' ? [[name, choice === 'yes']] : []
    }),
  )

type Event = Parameters<Actions[string]>[0]
/**
 * Runs the operation of one form and returns to the page with a success message. Without a name it is the form of one
 * customer, which stays in view. A change of access is asked about first.
 */
async function submit(
  event: Event,
  form: string | null,
  done: string,
  call: (typed: Typed) => Promise<unknown>,
  changeOf?: (typed: Typed) => Change,
) {
  const { request, locals, params } = event
  const typed = await readForm(request)
  const link = typed.string('link')
  const asked = changeOf && (await confirmAccess(event, typed, changeOf(typed), { form: form ?? link }))
  if (asked) return asked
  const { failure } = await attempt(locals, typed, () => call(typed), form ?? link)
  if (failure) return failure
  const query = { done, ...(form === null && { for: link }) }
  locals.finish(paths.office(params.account!).portalUser(params.user!, query))
}

export const actions: Actions = {
  resend: (event) =>
    submit(event, 'form', 'resent', () => event.locals.api.resendPortalInvitation({ user: event.params.user })),
  resetPassword: (event) =>
    submit(event, 'form', 'resetSent', () => event.locals.api.sendPortalPasswordReset({ user: event.params.user })),
  reactivate: (event) =>
    submit(event, 'form', 'reactivated', () => event.locals.api.reactivatePortalUser({ user: event.params.user })),
  suspend: (event) =>
    submit(event, 'form', 'suspended', () => event.locals.api.suspendPortalUser({ user: event.params.user })),
  link: (event) => {
    const enteredLink = (typed: Typed) => ({ user: event.params.user, customer: typed.string('customer') })
    return submit(
      event,
      'link',
      'linked',
      (typed) => event.locals.api.linkCustomer(enteredLink(typed)),
      (typed) => ({ operation: 'linkCustomer', input: enteredLink(typed) }),
    )
  },
  unlink: (event) =>
    submit(event, 'link', 'unlinked', (typed) =>
      event.locals.api.unlinkCustomer({ user: event.params.user, link: typed.string('link') }),
    ),
  linkPermissions: (event) => {
    const enteredChange = (typed: Typed) => ({
      user: event.params.user,
      link: typed.string('link'),
      permissions: typed.ticked('customize') ? customPermissions(typed) : null,
      group: typed.text('group') ?? null,
    })
    return submit(
      event,
      null,
      'linkPermissions',
      (typed) => event.locals.api.updatePortalLink(enteredChange(typed)),
      (typed) => ({ operation: 'updatePortalLink', input: enteredChange(typed) }),
    )
  },
  permissions: (event) => {
    const { user } = event.params
    const enteredChange = (typed: Typed) => ({
      user,
      version: typed.number('version') ?? 0,
      permissions: customPermissions(typed),
    })
    return submit(
      event,
      'permissions',
      'permissions',
      (typed) =>
        typed.ticked('customize')
          ? event.locals.api.customizePermissions(enteredChange(typed))
          : event.locals.api.resetPermissions({ user }),
      (typed) =>
        typed.ticked('customize')
          ? { operation: 'customizePermissions', input: enteredChange(typed) }
          : { operation: 'resetPermissions', input: { user } },
    )
  },
  templates: (event) => {
    const enteredChange = (typed: Typed) => ({
      user: event.params.user,
      version: typed.number('version') ?? 0,
      mode: typed.string('templatesMode') as 'default' | 'add' | 'replace' | 'hide',
      templates: typed.all('templates'),
    })
    return submit(
      event,
      'templates',
      'templates',
      (typed) => event.locals.api.setTemplateAccess(enteredChange(typed)),
      (typed) => ({ operation: 'setTemplateAccess', input: enteredChange(typed) }),
    )
  },
  remove: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.removePortalUser({ user: params.user, signUp: typed.ticked('blockSignUp') ? 'block' : 'allow' }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).portalUsers({ done: output.outcome, user: params.user }))
  },
  email: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    let existing: string | null = null
    const { failure, output } = await attempt(
      locals,
      typed,
      async () => {
        try {
          return await locals.api.updatePortalUser({
            user: params.user,
            version: typed.number('version') ?? 0,
            email: typed.string('email'),
          })
        } catch (refusal) {
          if (isProblem(refusal) && refusal.code === 'alreadyPortalUser') existing = String(refusal.vars?.user ?? '')
          throw refusal
        }
      },
      'email',
    )
    if (failure) return fail(failure.status, { ...failure.data, existing })
    locals.finish(
      paths
        .office(params.account)
        .portalUser(params.user, { done: output.outcome === 'confirmationSent' ? 'emailPending' : 'email' }),
    )
  },
}
