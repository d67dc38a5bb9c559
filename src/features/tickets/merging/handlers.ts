/** Merging a ticket into another of the same customer. */
import { implement, type Context } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { addComment, addHistory, moveRecords } from '../../records/queries.ts'
import { actorStamp } from '../../records/rules.ts'
import { mayEditTicket } from '../policy.ts'
import { changeTicket, refuseOlder, type TicketRecord } from '../queries.ts'
import { MAX_PARTICIPANTS, ticketParent } from '../rules.ts'
import { ticketMerging } from './contract.ts'
import { lockBothTickets, redirectReferences } from './queries.ts'
import { firstComment, mergedParticipants } from './rules.ts'

type MergeContext = Context<(typeof ticketMerging)['mergeTickets']>

export const ticketMergingHandlers = implement('tickets', ticketMerging, {
  async mergeTickets(ctx, { ticket, version, into }) {
    const { source, target } = await lockBothTickets(ctx.db, ctx.account.id, ticket, into)
    ctx.allow(mayEditTicket(ctx.actor, source))
    refuseOlder(source!, version)
    const survivor = checkTarget(source!, target)
    const participants = mergedParticipants(survivor, source!)
    if (participants.length > MAX_PARTICIPANTS) throw problem('input', { fields: { into: 'tooMany' } })
    const after = { ...survivor, participants }
    await moveConversation(ctx, source!, after)
    await redirectReferences(ctx.db, ctx.account.id, source!.id, survivor.id)
    const next = await changeTicket(ctx.db, survivor, { participants }, ctx.now)
    await changeTicket(ctx.db, source!, { status: 'closed', merged_into_id: survivor.id }, ctx.now)
    await recordMerge(ctx, source!, after)
    return { id: survivor.id, number: survivor.number, version: next }
  },
})

/** @throws input when the other ticket is not one of the same customer, ticketClosed when it is closed */
function checkTarget(source: TicketRecord, target: TicketRecord | undefined): TicketRecord {
  const fits = target && target.customer_id === source.customer_id && target.id !== source.id && !target.merged_into_id
  if (!fits) throw problem('input', { fields: { into: 'choice' } })
  if (target.status === 'closed') throw problem('ticketClosed')
  return target
}

/** What the ticket was about becomes a comment of whoever created it, at its time; comments and files follow. */
async function moveConversation(ctx: MergeContext, source: TicketRecord, target: TicketRecord): Promise<void> {
  const first = { id: ctx.newId(), audience: 'customer' as const, body: firstComment(source) }
  const creator = {
    kind: source.created_by_kind,
    id: source.created_by_id,
    name: source.created_by_name,
    at: source.created_at,
  }
  await addComment(ctx.db, ticketParent(target), first, creator)
  await moveRecords(ctx.db, ticketParent(source), ticketParent(target), first.id)
}

async function recordMerge(ctx: MergeContext, source: TicketRecord, target: TicketRecord): Promise<void> {
  const stamp = actorStamp(ctx)
  await addHistory(
    ctx.db,
    [ticketParent(source)],
    [
      {
        event: 'merged',
        audience: 'customer',
        from: source.status,
        to: 'closed',
        details: { number: target.number },
      },
    ],
    stamp,
    ctx.newId,
  )
  await addHistory(
    ctx.db,
    [ticketParent(target)],
    [{ event: 'mergedFrom', audience: 'internal', details: { number: source.number } }],
    stamp,
    ctx.newId,
  )
  await ctx.audit({
    event: 'ticketsMerged',
    subjectKind: 'ticket',
    subjectId: source.id,
    details: { number: source.number, into: target.number },
  })
}
