/** What a portal user may book, and for which customer. */
import type { Decision } from '../../../platform/problem.ts'
import { isNewCustomer, type PortalConfig, type CustomerActor } from '../../identity/rules.ts'
import { bookableCustomers, mayBook, mayBookUnlinked, mayChooseTemplate } from '../policy.ts'

/** Of the active job types those this user may book, in the account's order; one only for who may not choose. */
export function offeredTemplates(
  actor: CustomerActor,
  portal: PortalConfig,
  active: readonly string[],
  customers: readonly string[],
): string[] {
  const bookable = actor.bookable.filter((id) => active.includes(id))
  const mayChoose =
    customers.length > 0
      ? customers.some((customer) => mayChooseTemplate(actor, portal, customer))
      : mayChooseTemplate(actor, portal, null)
  return mayChoose ? bookable : bookable.slice(0, 1)
}

/** Why this user may book nothing; null: they may. */
export function bookingBlockedReason(
  actor: CustomerActor,
  portal: PortalConfig,
  templates: readonly string[],
): 'permission' | 'noCustomer' | 'noJobTypes' | null {
  const mayBookSomething = bookableCustomers(actor, portal).length > 0 || mayBookUnlinked(actor, portal)
  if (mayBookSomething) return templates.length > 0 ? null : 'noJobTypes'
  return actor.links.length === 0 && !isNewCustomer(actor, portal) ? 'noCustomer' : 'permission'
}

export interface CustomerChoice {
  decision: Decision
  /** Null: a customer is to be created. */
  id: string | null
  fieldErrors: Record<string, string>
}

/** Which customer a booking is for, by the links of this very moment (E-23). */
export function chooseCustomer(
  actor: CustomerActor,
  portal: PortalConfig,
  requested: string | undefined,
): CustomerChoice {
  const { links } = actor
  if (links.length === 0) {
    const fieldErrors: Record<string, string> = requested ? { customer: 'choice' } : {}
    return { decision: mayBook(actor, portal, null), id: null, fieldErrors }
  }
  const [first, ...others] = bookableCustomers(actor, portal)
  const isLinked = links.some((link) => link.customer === requested && link.scope === 'whole')
  const decision = mayBook(actor, portal, requested && isLinked ? requested : (first ?? links[0]!.customer))
  if (requested) {
    if (isLinked) return { decision, id: requested, fieldErrors: {} }
    return { decision, id: first ?? null, fieldErrors: { customer: 'choice' } }
  }
  const isOnlyOne = first !== undefined && others.length === 0
  return { decision, id: first ?? null, fieldErrors: isOnlyOne ? {} : { customer: 'required' } }
}
