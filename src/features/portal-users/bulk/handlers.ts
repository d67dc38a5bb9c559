/** Several portal users at once: each is changed by the handler for one, so that rights, emails and the audit are the same. */
import { inSavepoint } from '../../../platform/database/statements.ts'
import { implement, type Context, type Implemented, type Input } from '../../../platform/operation.ts'
import { isProblem, problem } from '../../../platform/problem.ts'
import { mayManage } from '../../identity/policy.ts'
import { portalUsers } from '../contract.ts'
import { holdGroup } from '../groups/queries.ts'
import { listLinks } from '../links/queries.ts'
import { mayManageUser, maySeePortalUsers } from '../policy.ts'
import { lockPortalUser } from '../queries.ts'

type BulkContext = Context<(typeof portalUsers)['changePortalUsers']>
type BulkInput = Input<(typeof portalUsers)['changePortalUsers']>
type Change = (ctx: BulkContext, user: string) => Promise<void>
const { changePortalUsers } = portalUsers

/** `single`: the handlers for one portal user. */
export const createBulkHandlers = (single: readonly Implemented[]) =>
  implement(
    'portal-users',
    { changePortalUsers },
    {
      async changePortalUsers(ctx, input) {
        ctx.allow(maySeePortalUsers(ctx.actor))
        // Everything but an invitation that is sent again is for managers, also when nobody would be changed.
        if (input.change !== 'resend') ctx.allow(mayManage(ctx.actor))
        const change = changeOf(single, input)
        if (input.change === 'group' && input.group) await holdGroup(ctx.db, ctx.account.id, input.group)
        const ids = [...new Set(input.users)]
        const problems = new Map<string, string | null>()
        // In one order for everybody, so that two requests cannot wait for each other.
        for (const id of [...ids].sort()) problems.set(id, await changeOne(ctx, id, change))
        const rows = ids.map((id) => ({ id, problem: problems.get(id)!, changed: problems.get(id) === null }))
        return { changed: rows.filter((row) => row.changed).length, rows }
      },
    },
  )

const OPERATIONS = {
  suspend: 'suspendPortalUser',
  reactivate: 'reactivatePortalUser',
  resend: 'resendPortalInvitation',
  remove: 'removePortalUser',
} as const

/** @throws input when the change lacks its value */
function changeOf(single: readonly Implemented[], { change, group, signUp }: BulkInput): Change {
  const run = async (ctx: BulkContext, name: string, input: object) => {
    const { handler } = single.find((each) => each.name === name)!
    await (handler as unknown as (ctx: BulkContext, input: object) => Promise<unknown>)(ctx, input)
  }
  if (change !== 'group')
    return (ctx, user) => run(ctx, OPERATIONS[change], { user, ...(change === 'remove' && { signUp }) })
  if (group === undefined) throw problem('input', { fields: { group: 'required' } })
  return async (ctx, user) => {
    ctx.allow(mayManageUser(ctx.actor, 'customize', await lockPortalUser(ctx.db, ctx.account.id, user)))
    const links = await listLinks(ctx.db, ctx.account.id, user)
    if (links.length === 0) throw problem('noCustomerLinked')
    for (const { id: link } of links) await run(ctx, 'updatePortalLink', { user, link, group })
  }
}

/** Null, or the code of the problem for which this one stays as they are. */
async function changeOne(ctx: BulkContext, id: string, change: Change): Promise<string | null> {
  try {
    await inSavepoint(ctx.db, () => change(ctx, id))
    return null
  } catch (refusal) {
    if (!isProblem(refusal)) throw refusal
    return refusal.code
  }
}
