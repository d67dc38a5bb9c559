/** Forms of the secure links on a customer's page. */
import type { RequestEvent } from '@sveltejs/kit'
import { LOCK_MODES } from '../features/identity/rules.ts'
import { attempt, readForm, type Typed } from '../ui/forms.ts'
import { paths } from '../paths.ts'

type Event = RequestEvent<{ account: string; customer: string }>

async function act(
  { request, locals, params }: Event,
  done: string,
  call: (typed: Typed, customer: string) => Promise<unknown>,
) {
  const typed = await readForm(request)
  const { failure } = await attempt(locals, typed, () => call(typed, params.customer), 'secureLinks')
  if (failure) return failure
  locals.finish(paths.office(params.account).customer(params.customer, { done }))
}

const contactOf = (typed: Typed) => {
  const contact = typed.text('contact')
  return contact === 'customer' ? undefined : contact
}

export const secureLinkActions = {
  createLink: (event: Event) =>
    act(event, 'linkCreated', (typed, customer) =>
      event.locals.api.createSecureLink({ customer, contact: contactOf(typed) }),
    ),
  replaceLink: (event: Event) =>
    act(event, 'linkReplaced', (typed, customer) =>
      event.locals.api.createSecureLink({ customer, contact: contactOf(typed), replace: true }),
    ),
  revokeLink: (event: Event) =>
    act(event, 'linkRevoked', (typed, customer) =>
      event.locals.api.revokeSecureLink({ customer, secureLink: typed.string('link') }),
    ),
  linkLock: (event: Event) =>
    act(event, 'linkLock', (typed, customer) =>
      event.locals.api.updateLinkLock({
        customer,
        lockMode: LOCK_MODES.find((mode) => mode === typed.string('lockMode')) ?? null,
      }),
    ),
}
