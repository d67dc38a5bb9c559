import { previewAccess } from '../../../../../confirm-access.ts'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import { portalAccessActions } from './portal-access.ts'
import { secureLinkActions } from '../../../../../secure-link-actions.ts'
import { loadTicketSection } from '../../../../../ticket-section.ts'
import type { Actions, PageServerLoad } from './$types'

const QUESTIONS = ['suspend', 'unlink', 'removeUser']

export const load: PageServerLoad = async ({ locals, params, parent, url }) => {
  const { office } = await parent()
  const customer = await locals.api.getCustomer({ customer: params.customer })
  const links = customer.office ? await locals.api.listSecureLinks({ customer: params.customer }) : null
  const asked = QUESTIONS.includes(url.searchParams.get('confirm') ?? '') ? url.searchParams.get('user') : null
  // Of another customer's users nobody asks on this page.
  const isUser = customer.office?.portalUsers.some(({ id }) => id === asked)
  return {
    ...locals.words(
      'customers.page',
      'customers.done',
      'customers.access',
      'customers.form',
      'portal-users.office',
      'portal-users.groups',
      'secure-links.office',
      'tickets.section',
      'portal-views.start',
      'access-preview',
      'portal.office.permission',
    ),
    title: customer.name,
    now: new Date().toISOString(),
    customer,
    links,
    section: await loadTicketSection(locals, { customer: customer.id }, office.tickets),
    groups: office.can.manage ? (await locals.api.listPermissionGroups()).rows : null,
    ...(asked && isUser && (await loadQuestion(locals, params.customer, asked, url.searchParams.get('confirm')!))),
  }
}

/** The portal user whom a question is about, and what its answer changes. */
async function loadQuestion(locals: App.Locals, customer: string, id: string, question: string) {
  const user = await locals.api.getPortalUser({ user: id })
  const link = user.links.find((each) => each.customer.id === customer)?.id
  const preview = () => {
    if (question === 'unlink') return link ? previewAccess(locals, 'unlinkCustomer', { user: id, link }) : null
    return previewAccess(locals, question === 'suspend' ? 'suspendPortalUser' : 'removePortalUser', { user: id })
  }
  return { asked: user, accessPreview: await preview() }
}

export const actions: Actions = {
  ...secureLinkActions,
  ...portalAccessActions,
  archive: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.archiveCustomer({ customer: params.customer }),
      'archive',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'archived' }))
  },
  restore: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.restoreCustomer({ customer: params.customer }),
      'restore',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'restored' }))
  },
  copyBilling: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.copyBillingContact({
          customer: params.customer,
          version: typed.number('version') ?? 0,
          contact: typed.string('contact'),
        }),
      'copyBilling',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'billing' }))
  },
}
