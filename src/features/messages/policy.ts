/** Who may see the messages of a business, and resend them. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { mayRunOffice } from '../identity/policy.ts'
import type { Actor } from '../identity/rules.ts'

/** Owners, admins and dispatchers, but not workers. */
export const maySeeMessages = (actor: Actor): Decision => mayRunOffice(actor)

export function mayResend(actor: Actor, message: object | undefined): Decision {
  const decision = mayRunOffice(actor)
  return decision.yes && !message ? notFound : decision
}

/** Only the owner, because anyone with the link can sign up as the invited person. */
export function mayCopyLink(actor: Actor, message: object | undefined): Decision {
  const decision = mayResend(actor, message)
  if (!decision.yes || actor.kind !== 'staff') return decision
  return actor.role === 'owner' ? yes : no('ownerOnly')
}

/** The open mailbox shows mails of every account with their links, so it exists only in the demo. */
export const isDemo = (demo: boolean): Decision => (demo ? yes : notFound)
