/** Who may look at what was sent, and send it again. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { mayRunOffice } from '../identity/policy.ts'
import type { Actor } from '../identity/rules.ts'

/** Owners, admins and dispatchers; a worker's work needs no mailbox. */
export const maySeeMessages = (actor: Actor): Decision => mayRunOffice(actor)

export function mayResend(actor: Actor, message: object | undefined): Decision {
  const office = mayRunOffice(actor)
  return office.yes && !message ? notFound : office
}

/** A link lets its holder in, so handing it over by other means is the owner's own deed. */
export function mayCopyLink(actor: Actor, message: object | undefined): Decision {
  const office = mayResend(actor, message)
  return !office.yes || actor.kind !== 'staff' ? office : actor.role === 'owner' ? yes : no('ownerOnly')
}

/** An open mailbox exists in the demo and nowhere else. */
export const isDemo = (demo: boolean): Decision => (demo ? yes : notFound)
