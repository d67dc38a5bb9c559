/** Who may look at the business and change it. */
import type { Decision } from '../../platform/problem.ts'
import { isStaff, mayManage } from '../identity/policy.ts'
import type { Actor } from '../identity/rules.ts'

/** Everyone who works there sees its name and looks. */
export const maySeeOffice = (actor: Actor): Decision => isStaff(actor)

/** Settings are the owner's and the admins'. */
export const mayChangeAccount = (actor: Actor): Decision => mayManage(actor)
