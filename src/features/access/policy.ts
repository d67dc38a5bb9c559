/**
 * Whoever sees every record of the account and its portal users may ask who sees one: the answer is made of nothing else.
 */
import type { Decision } from '../../platform/problem.ts'
import { notFound } from '../../platform/problem.ts'
import type { Actor } from '../identity/rules.ts'
import { maySeePortalUsers } from '../portal-users/policy.ts'

/** Undefined: the record or portal user is not in view. */
export function mayExplain(actor: Actor, subject: object | undefined): Decision {
  const office = maySeePortalUsers(actor)
  return office.yes && !subject ? notFound : office
}
