/** Settings of tickets. Staff who answer tickets read them, managers change them. */
import { implement, type Context } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { mayManage } from '../../identity/policy.ts'
import { isActiveStaff } from '../../jobs/form/queries.ts'
import { maySeeTickets } from '../policy.ts'
import { ticketSettings } from './contract.ts'
import { getTicketSettings, updateTicketSettings } from './queries.ts'
import { unknownPlaceholder, type CannedReply } from './rules.ts'

type Row = Awaited<ReturnType<typeof getTicketSettings>>

export const ticketSettingsHandlers = implement('tickets', ticketSettings, {
  async getTicketSettings(ctx) {
    ctx.allow(maySeeTickets(ctx.actor))
    return present(ctx, await getTicketSettings(ctx.db, ctx.account.id), mayManage(ctx.actor).yes)
  },

  async updateTicketSettings(ctx, { version, defaultAssignee, emailTickets, cannedReplies }) {
    ctx.allow(mayManage(ctx.actor))
    const before = await getTicketSettings(ctx.db, ctx.account.id)
    const isUnknown = defaultAssignee && !(await isActiveStaff(ctx.db, ctx.account.id, defaultAssignee))
    const fields = { ...(isUnknown && { defaultAssignee: 'choice' }), ...faultsOf(cannedReplies ?? []) }
    if (Object.keys(fields).length > 0) throw problem('input', { fields })
    const replies = cannedReplies?.map(({ id = ctx.newId(), name, text }) => ({ id, name, text }))
    const row = await updateTicketSettings(ctx.db, ctx.account.id, {
      seen: version,
      assignee: defaultAssignee === undefined ? before.assignee_id : defaultAssignee,
      emailTickets: emailTickets ?? before.email_tickets,
      replies: replies?.sort((one, other) => one.name.localeCompare(other.name, 'en')) ?? before.canned_replies,
      at: ctx.now,
    })
    if (!row) throw problem('accountChanged')
    await ctx.audit({
      event: 'ticketSettingsChanged',
      subjectKind: 'account',
      subjectId: ctx.account.id,
      details: changesOf(before, row),
    })
    return present(ctx, row, true)
  },
})

const present = (
  { urls }: Pick<Context, 'urls'>,
  { assignee_id, assignee, email_tickets: emailTickets, canned_replies, version }: Row,
  edit: boolean,
) => ({
  defaultAssignee: assignee_id ? { id: assignee_id, name: assignee ?? '' } : null,
  cannedReplies: canned_replies,
  emailTickets,
  inbox: urls.inbox,
  signInUrl: urls.portal('/my_profile'),
  version,
  can: { edit },
})

const faultsOf = (replies: readonly Pick<CannedReply, 'text'>[]) =>
  Object.fromEntries(
    replies.flatMap(({ text }, index) => {
      const name = unknownPlaceholder(text)
      return name === undefined
        ? []
        : [[`cannedReplies.${index}.text`, { code: 'placeholder', vars: { name: `{{${name}}}` } }]]
    }),
  )

/** The assignee, and the names of replies that were added, changed or deleted. */
const changesOf = (before: Row, after: Row) => ({
  ...(before.assignee_id !== after.assignee_id && { assignee: { from: before.assignee, to: after.assignee } }),
  ...(before.email_tickets !== after.email_tickets && { emailTickets: after.email_tickets }),
  replies: [...after.canned_replies, ...before.canned_replies]
    .filter((reply) => {
      const same = (each: CannedReply) => each.id === reply.id && each.name === reply.name && each.text === reply.text
      return !(before.canned_replies.some(same) && after.canned_replies.some(same))
    })
    .map(({ name }) => name)
    .filter((name, index, names) => names.indexOf(name) === index),
})
