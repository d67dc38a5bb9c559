import { fail } from '@sveltejs/kit'
import { PERMISSIONS } from '../../../../../../../../features/identity/rules.ts'
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
    ...locals.words('portal.office', 'portal-users.office', 'portal-users.groups', 'portal-views.start'),
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
 * customer, which stays in view.
 */
async function submit(
  { request, locals, params }: Event,
  form: string | null,
  done: string,
  call: (typed: Typed) => Promise<unknown>,
) {
  const typed = await readForm(request)
  const link = typed.string('link')
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
  link: (event) =>
    submit(event, 'link', 'linked', (typed) =>
      event.locals.api.linkCustomer({ user: event.params.user, customer: typed.string('customer') }),
    ),
  unlink: (event) =>
    submit(event, 'link', 'unlinked', (typed) =>
      event.locals.api.unlinkCustomer({ user: event.params.user, link: typed.string('link') }),
    ),
  linkPermissions: (event) =>
    submit(event, null, 'linkPermissions', (typed) =>
      event.locals.api.updatePortalLink({
        user: event.params.user,
        link: typed.string('link'),
        permissions: typed.ticked('customize') ? customPermissions(typed) : null,
        group: typed.text('group') ?? null,
      }),
    ),
  permissions: (event) =>
    submit(event, 'permissions', 'permissions', (typed) =>
      typed.ticked('customize')
        ? event.locals.api.customizePermissions({
            user: event.params.user,
            version: typed.number('version') ?? 0,
            permissions: customPermissions(typed),
          })
        : event.locals.api.resetPermissions({ user: event.params.user }),
    ),
  templates: (event) =>
    submit(event, 'templates', 'templates', (typed) =>
      event.locals.api.setTemplateAccess({
        user: event.params.user,
        version: typed.number('version') ?? 0,
        mode: typed.string('templatesMode') as 'default' | 'add' | 'replace' | 'hide',
        templates: typed.all('templates'),
      }),
    ),
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
