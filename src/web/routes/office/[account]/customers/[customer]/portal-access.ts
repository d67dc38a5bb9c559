/** Form actions of the section Portal access on the page of a customer. */
import { fail } from '@sveltejs/kit'
import { contactIn } from '../../../../../../features/customers/ui/form-input.ts'
import { primaryToInvite } from '../../../../../../features/customers/ui/portal-access.ts'
import { confirmAccess, type Change } from '../../../../../confirm-access.ts'
import { attempt, isProblem, readForm, type Typed } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'

interface Event {
  request: Request
  url: URL
  locals: App.Locals
  params: { account: string; customer: string }
}

/** Runs the operation of one form and returns to the page, which says what was done. A change of access is asked about first. */
async function submit(
  event: Event,
  form: string,
  done: string,
  call: (typed: Typed) => Promise<unknown>,
  changeOf?: (typed: Typed) => Change,
) {
  const { request, locals, params } = event
  const typed = await readForm(request)
  const asked = changeOf && (await confirmAccess(event, typed, changeOf(typed), { form }))
  if (asked) return asked
  const { failure } = await attempt(locals, typed, () => call(typed), form)
  if (failure) return failure
  locals.finish(paths.office(params.account).customer(params.customer, { done }))
}

/** Who the portal user will be: one contact, or the customer as a whole. */
const attachedTo = (typed: Typed) => {
  const contact = typed.text('contact')
  return contact ? { scope: 'contact' as const, contact } : {}
}

export const portalAccessActions = {
  addUser: async ({ request, locals, params }: Event) => {
    const { api } = locals
    const typed = await readForm(request)
    const { customer: id } = params
    const customer = await api.getCustomer({ customer: id })
    const contact = customer.contacts.find((each) => each.id === typed.string('contact'))
    const email = typed.text('email') ?? contact?.email ?? ''
    const primary = typed.ticked('alsoPrimary') ? primaryToInvite(customer) : undefined
    const group = typed.text('group')
    let existing: string | null = null
    const { failure } = await attempt(
      locals,
      typed,
      async () => {
        try {
          await api.addPortalUser({ email, customers: [id], ...attachedTo(typed), ...(group && { group }) })
        } catch (refusal) {
          if (isProblem(refusal) && refusal.code === 'alreadyPortalUser') existing = String(refusal.vars?.user ?? '')
          throw refusal
        }
      },
      'addUser',
    )
    if (failure) return fail(failure.status, { ...failure.data, values: { ...failure.data.values, email }, existing })
    let done = 'invited'
    if (primary && primary.id !== contact?.id) {
      const person = { email: primary.email!, customers: [id], contact: primary.id }
      const second = await attempt(locals, typed, () => api.addPortalUser(person), 'addUser')
      if (second.failure) return second.failure
      done = 'invitedBoth'
    }
    locals.finish(paths.office(params.account).customer(id, { done }))
  },

  /** The person has a login already: it opens this customer too. */
  linkUser: (event: Event) => {
    const enteredLink = (typed: Typed) => ({
      user: typed.string('user'),
      customer: event.params.customer,
      ...attachedTo(typed),
      ...(typed.text('group') && { group: typed.string('group') }),
    })
    return submit(
      event,
      'addUser',
      'linked',
      (typed) => event.locals.api.linkCustomer(enteredLink(typed)),
      (typed) => ({ operation: 'linkCustomer', input: enteredLink(typed) }),
    )
  },

  accessContact: async ({ request, locals, params }: Event) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(
      locals,
      typed,
      () =>
        locals.api.addContact({
          customer: params.customer,
          ...contactIn(typed),
          isPrimary: typed.ticked('isPrimary'),
        }),
      'accessContact',
    )
    if (failure) return failure
    const query = { add: output.id, done: 'accessContactAdded' }
    locals.finish(paths.office(params.account).customer(params.customer, query))
  },

  attach: (event: Event) => {
    const enteredChange = (typed: Typed) => {
      const contact = typed.text('attach')
      return {
        user: typed.string('user'),
        link: typed.string('link'),
        ...(contact ? { scope: 'contact' as const, contact } : { scope: 'whole' as const }),
      }
    }
    return submit(
      event,
      'attach',
      'attached',
      (typed) => event.locals.api.updatePortalLink(enteredChange(typed)),
      (typed) => ({ operation: 'updatePortalLink', input: enteredChange(typed) }),
    )
  },

  group: (event: Event) => {
    const enteredChange = (typed: Typed) => ({
      user: typed.string('user'),
      link: typed.string('link'),
      group: typed.text('group') ?? null,
    })
    return submit(
      event,
      'group',
      'group',
      (typed) => event.locals.api.updatePortalLink(enteredChange(typed)),
      (typed) => ({ operation: 'updatePortalLink', input: enteredChange(typed) }),
    )
  },

  password: async (event: Event) => {
    const { api } = event.locals
    const typed = await readForm(event.request)
    const user = typed.string('user')
    const isReset = typed.string('send') === 'reset'
    const { failure } = await attempt(
      event.locals,
      typed,
      () => (isReset ? api.sendPortalPasswordReset({ user }) : api.resendPortalInvitation({ user })),
      'password',
    )
    if (failure) return failure
    const query = { done: isReset ? 'passwordSent' : 'resent' }
    event.locals.finish(paths.office(event.params.account).customer(event.params.customer, query))
  },

  suspend: (event: Event) =>
    submit(event, 'suspend', 'suspended', (typed) =>
      event.locals.api.suspendPortalUser({ user: typed.string('user') }),
    ),
  reactivate: (event: Event) =>
    submit(event, 'reactivate', 'reactivated', (typed) =>
      event.locals.api.reactivatePortalUser({ user: typed.string('user') }),
    ),
  unlink: (event: Event) =>
    submit(event, 'unlink', 'unlinked', (typed) =>
      event.locals.api.unlinkCustomer({ user: typed.string('user'), link: typed.string('link') }),
    ),
  removeUser: (event: Event) =>
    submit(event, 'removeUser', 'userRemoved', (typed) =>
      event.locals.api.removePortalUser({
        user: typed.string('user'),
        signUp: typed.ticked('blockSignUp') ? 'block' : 'allow',
      }),
    ),
}
