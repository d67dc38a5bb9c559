/** Tickets in the office: reading, creating, editing, assigning, moving and commenting. */
import { implement, prefetching, type Read } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { customerOf, workersOf } from '../../jobs/form/queries.ts'
import { addHistory } from '../../records/queries.ts'
import { actorStamp } from '../../records/rules.ts'
import { tickets } from '../contract.ts'
import {
  checkPeople,
  commentOnTicket,
  createTicket,
  filesForTicket,
  moveTicket,
  type TicketContext,
} from '../handlers.ts'
import { loadTicketPage } from '../page/queries.ts'
import {
  mayCommentOnTicket,
  mayEditTicket,
  mayMoveTicket,
  mayRunTickets,
  maySeeTicket,
  maySeeTickets,
} from '../policy.ts'
import { changeTicket, listContactsOf, lockTicket, refuseOlder, type TicketRecord } from '../queries.ts'
import { changedFacts, ticketParent, transitionsFrom } from '../rules.ts'
import { recordTicketUpdate } from '../updates/queries.ts'
import { countTickets, listTicketsInReach } from './queries.ts'
import { presentTicket, presentTicketRow } from './rules.ts'

// Files are downloaded by `records`.
const { downloadTicketFile: _records, ...operations } = tickets

export const ticketsHandlers = implement('tickets', operations, {
  listTickets: prefetching({
    prefetch: (db, { sort, cursor, limit, ...filter }) => listTicketsInReach(db, filter, { sort, cursor, limit }),
    async respond(ctx, _input, listed) {
      const { rows, ...cursors } = listed!
      ctx.allow(maySeeTickets(ctx.actor))
      return {
        rows: rows.map(presentTicketRow),
        ...cursors,
        timeZone: ctx.account.timeZone,
        can: { create: mayRunTickets(ctx.actor).yes },
      }
    },
  }),

  async countTickets(ctx, filter) {
    ctx.allow(maySeeTickets(ctx.actor))
    return countTickets(ctx.db, filter)
  },

  getTicket: prefetching({
    prefetch: (db, { ticket }) => loadTicketPage(db, ticket),
    async respond(ctx, _input, records) {
      ctx.allow(maySeeTicket(ctx.actor, records?.ticket))
      const { ticket } = records!
      const edit = mayEditTicket(ctx.actor, ticket).yes
      const comment = mayCommentOnTicket(ctx.actor, ticket).yes
      return {
        ...presentTicket(records!),
        timeZone: ctx.account.timeZone,
        transitions: ticket.merged_into_id ? [] : transitionsFrom(ticket.status, 'staff'),
        can: { edit, comment, merge: edit, createJob: edit },
      }
    },
  }),

  async getTicketFormOptions(ctx, { customer }) {
    ctx.allow(mayRunTickets(ctx.actor))
    const account = ctx.account.id
    const [staff, found, contacts] = await Promise.all([
      workersOf(ctx.db, account),
      customer ? customerOf(ctx.db, account, customer) : undefined,
      customer ? listContactsOf(ctx.db, account, customer) : [],
    ])
    return {
      assignees: staff.map(({ id, name, email }) => ({ id, name: name ?? email })),
      customer: found ? { id: found.id, name: found.name } : null,
      contacts,
    }
  },

  async createTicket(ctx, { customer, contact = null, assignee = null, files, participants, ...facts }) {
    ctx.allow(mayRunTickets(ctx.actor))
    const found = await customerOf(ctx.db, ctx.account.id, customer)
    if (found?.status !== 'active') throw problem('input', { fields: { customer: 'choice' } })
    await checkPeople(ctx, customer, { contact, participants })
    await checkAssignee(ctx, assignee)
    const fields = {
      ...facts,
      customer_id: customer,
      contact_id: contact,
      participants: others(participants, contact),
      assignee_id: assignee,
      source: 'office' as const,
    }
    const created = await createTicket(ctx, fields, await filesForTicket(ctx, files))
    if (assignee !== null) await recordAssignment(ctx, { account_id: ctx.account.id, id: created.id }, assignee)
    return created
  },

  async updateTicket(ctx, { ticket: ticketId, version, contact, participants, ...facts }) {
    const ticket = await lockTicket(ctx.db, ctx.account.id, ticketId)
    ctx.allow(mayEditTicket(ctx.actor, ticket))
    refuseOlder(ticket!, version)
    await checkPeople(ctx, ticket!.customer_id, { contact, participants })
    const contact_id = contact === undefined ? ticket!.contact_id : contact
    const changes = {
      ...withoutUndefined(facts),
      ...((contact !== undefined || participants !== undefined) && {
        contact_id,
        participants: others(participants ?? ticket!.participants, contact_id),
      }),
    }
    const next = await changeTicket(ctx.db, ticket!, changes, ctx.now)
    const fields = changedFacts(ticket!, changes)
    const parent = ticketParent({ ...ticket!, ...changes })
    if (fields.length > 0)
      await addHistory(
        ctx.db,
        [parent],
        [{ event: 'edited', audience: 'internal', details: { fields } }],
        actorStamp(ctx),
        ctx.newId,
      )
    return { id: ticket!.id, version: next }
  },

  async changeTicketStatus(ctx, { ticket: ticketId, version, to }) {
    const ticket = await lockTicket(ctx.db, ctx.account.id, ticketId)
    ctx.allow(mayMoveTicket(ctx.actor, ticket, to))
    refuseOlder(ticket!, version)
    return moveTicket(ctx, ticket!, to, 'staff')
  },

  async assignTicket(ctx, { ticket: ticketId, version, assignee }) {
    const ticket = await lockTicket(ctx.db, ctx.account.id, ticketId)
    ctx.allow(mayEditTicket(ctx.actor, ticket))
    refuseOlder(ticket!, version)
    const member = await checkAssignee(ctx, assignee)
    const next = await changeTicket(ctx.db, ticket!, { assignee_id: assignee }, ctx.now)
    await addHistory(
      ctx.db,
      [ticketParent(ticket!)],
      [{ event: 'assigned', audience: 'internal', details: { to: member } }],
      actorStamp(ctx),
      ctx.newId,
    )
    const isNew = assignee !== ticket!.assignee_id
    if (isNew && assignee !== null) await recordAssignment(ctx, ticket!, assignee)
    return { id: ticket!.id, version: next }
  },

  async addTicketComment(ctx, { ticket: ticketId, audience, body, files }) {
    const ticket = await lockTicket(ctx.db, ctx.account.id, ticketId)
    ctx.allow(mayCommentOnTicket(ctx.actor, ticket))
    return commentOnTicket(ctx, ticket!, { audience, body, files: await filesForTicket(ctx, files) })
  },
})

/** For the email to whoever it was assigned to. */
const recordAssignment = (ctx: TicketContext, ticket: Pick<TicketRecord, 'account_id' | 'id'>, to: string) =>
  recordTicketUpdate(ctx.db, ticket, { kind: 'assigned', details: { to } }, actorStamp(ctx), ctx.newId)

/** A contact does not also take part in their own ticket. */
const others = (participants: readonly string[], contact: string | null): string[] => [
  ...new Set(participants.filter((each) => each !== contact)),
]

const withoutUndefined = <T extends object>(given: T) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/** The name of an active member of staff. @throws input for anybody else */
async function checkAssignee(
  { db, account }: { db: Read; account: { id: string } },
  assignee: string | null,
): Promise<string | null> {
  if (assignee === null) return null
  const member = (await workersOf(db, account.id)).find(({ id }) => id === assignee)
  if (!member) throw problem('input', { fields: { assignee: 'choice' } })
  return member.name ?? member.email
}
