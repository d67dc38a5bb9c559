/** Who may see the business and change its settings. */
import type { Decision } from '../../platform/problem.ts'
import { isStaff, mayManage } from '../identity/policy.ts'
import type { Actor } from '../identity/rules.ts'

/** All staff see the name and branding of the business. */
export const maySeeOffice = (actor: Actor): Decision => isStaff(actor)

/** Only owners and admins change settings. */
export const mayChangeAccount = (actor: Actor): Decision => mayManage(actor)
