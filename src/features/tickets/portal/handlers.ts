/** Tickets in the portal: reading, creating, replying, closing and reopening. */
import { setImmediate } from 'node:timers/promises'
import { EXPORT_PAGE_ROWS, exportFile, MAX_EXPORT_ROWS } from '../../../platform/csv.ts'
import { implement, prefetching, withEffect, type Context, type Input } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import type { CustomerLink } from '../../identity/rules.ts'
import { listCustomerNames } from '../../jobs/booking/customer/queries.ts'
import { checkPeople, commentOnTicket, createIncomingTicket, filesForTicket, moveTicket } from '../handlers.ts'
import { loadPortalTicketPage } from '../page/queries.ts'
import {
  hasOwnTickets,
  linksForNewTickets,
  mayAddParticipants,
  mayCreateTicket,
  mayOnTicket,
  maySetPriority,
  mayUseTickets,
  reachesContacts,
} from '../policy.ts'
import { addHistory } from '../../records/queries.ts'
import { actorStamp } from '../../records/rules.ts'
import { changeTicket, findTicket, listContactsOf, lockTicket, refuseOlder, type TicketRecord } from '../queries.ts'
import { changedFacts, isTransition, MAX_PARTICIPANTS, ticketParent } from '../rules.ts'
import { portalTickets } from './contract.ts'
import { countPortalTickets, listPortalTickets as listTicketsInReach, readPortalTickets } from './queries.ts'
import { presentPortalTicket, presentPortalTicketRow, ticketColumns } from './rules.ts'

type CreateContext = Context<(typeof portalTickets)['createPortalTicket']>
type CreateInput = Input<(typeof portalTickets)['createPortalTicket']>
type OptionsContext = Context<(typeof portalTickets)['getPortalTicketOptions']>
type StatusContext = Context<(typeof portalTickets)['closePortalTicket']>

export const portalTicketsHandlers = implement('tickets', portalTickets, {
  listPortalTickets: prefetching({
    prefetch: (db, input) => listTicketsInReach(db, input),
    async respond(ctx, _input, listed) {
      const { rows, ...cursors } = listed!
      ctx.allow(mayUseTickets(ctx.actor, ctx.account.portal))
      return {
        rows: rows.map(presentPortalTicketRow),
        ...cursors,
        timeZone: ctx.account.timeZone,
        can: {
          create: mayCreateTicket(ctx.actor, ctx.account.portal).yes,
          onlyMine: hasOwnTickets(ctx.actor, ctx.account.portal),
        },
      }
    },
  }),

  async exportPortalTickets(ctx, filter) {
    ctx.allow(mayUseTickets(ctx.actor, ctx.account.portal))
    // One more than is exported tells that there are more.
    const rows = await readPortalTickets(ctx.db, { ...filter, limit: MAX_EXPORT_ROWS + 1 })
    return withEffect({}, await exportFile('tickets', ticketColumns(ctx.account.timeZone), inPages(rows)))
  },

  countPortalTickets: prefetching({
    prefetch: (db, input) => countPortalTickets(db, input),
    async respond(ctx, _input, counts) {
      ctx.allow(mayUseTickets(ctx.actor, ctx.account.portal))
      return counts!
    },
  }),

  async getPortalTicketOptions(ctx, { ticket }) {
    const { portal } = ctx.account
    if (ticket) return optionsOfTicket(ctx, await findTicket(ctx.db, ctx.account.id, ticket))
    ctx.allow(mayCreateTicket(ctx.actor, portal))
    const links = linksForNewTickets(ctx.actor, portal)
    const names = await listCustomerNames(
      ctx.db,
      ctx.account.id,
      links.map(({ customer }) => customer),
    )
    const customers = names.map(async ({ id, name }) => {
      const link = links.find(({ customer }) => customer === id)!
      const contacts = link.scope === 'whole' ? await listContactsOf(ctx.db, ctx.account.id, id) : []
      return { id, name, contacts, priority: maySetPriority(ctx.actor, portal, link) }
    })
    return { customers: await Promise.all(customers) }
  },

  getPortalTicket: prefetching({
    prefetch: (db, { ticket }) => loadPortalTicketPage(db, ticket),
    async respond(ctx, _input, records) {
      const ticket = records?.ticket
      const may = (permission: Parameters<typeof mayOnTicket>[3]) =>
        mayOnTicket(ctx.actor, ctx.account.portal, ticket, permission)
      ctx.allow(may('viewTickets'))
      const canMove = may('closeTickets').yes && !ticket!.merged_into_id
      return {
        ...presentPortalTicket(ctx, records!),
        can: {
          reply: may('replyTickets').yes && ticket!.status !== 'closed',
          close: canMove && isTransition(ticket!.status, 'closed', 'customer'),
          reopen: canMove && isTransition(ticket!.status, 'open', 'customer'),
          setPriority: may('setTicketPriority').yes && ticket!.status !== 'closed',
          addParticipants: mayAddParticipants(ctx.actor, ctx.account.portal, ticket).yes && ticket!.status !== 'closed',
        },
      }
    },
  }),

  async createPortalTicket(ctx, input) {
    ctx.allow(mayCreateTicket(ctx.actor, ctx.account.portal))
    const link = chooseLink(ctx, input.customer)
    const people = await choosePeople(ctx, link, input)
    const isPriorityRefused = input.priority !== undefined && !maySetPriority(ctx.actor, ctx.account.portal, link)
    if (isPriorityRefused) throw problem('input', { fields: { priority: 'unknown' } })
    const fields = {
      ...people,
      customer_id: link.customer,
      subject: input.subject,
      description: input.description,
      priority: input.priority ?? ('normal' as const),
      source: ctx.actor.kind === 'linkVisitor' ? ('link' as const) : ('portal' as const),
      tags: [],
    }
    const { id, number } = await createIncomingTicket(ctx, fields, await filesForTicket(ctx, input.files))
    return { id, number }
  },

  async updatePortalTicket(ctx, { ticket: ticketId, version, priority, addParticipants }) {
    const ticket = await lockTicket(ctx.db, ctx.account.id, ticketId)
    const permission = priority === undefined ? 'viewTickets' : 'setTicketPriority'
    ctx.allow(mayOnTicket(ctx.actor, ctx.account.portal, ticket, permission))
    if (addParticipants.length > 0) ctx.allow(mayAddParticipants(ctx.actor, ctx.account.portal, ticket))
    if (ticket!.status === 'closed') throw problem('ticketClosed')
    refuseOlder(ticket!, version)
    await checkPeople(ctx, ticket!.customer_id, { participants: addParticipants })
    const participants = [...new Set([...ticket!.participants, ...addParticipants])].filter(
      (each) => each !== ticket!.contact_id,
    )
    if (participants.length > MAX_PARTICIPANTS) throw problem('input', { fields: { addParticipants: 'tooMany' } })
    const changes = { ...(priority && { priority }), ...(addParticipants.length > 0 && { participants }) }
    const next = await changeTicket(ctx.db, ticket!, changes, ctx.now)
    const fields = changedFacts(ticket!, changes)
    if (fields.length > 0)
      await addHistory(
        ctx.db,
        [ticketParent({ ...ticket!, ...changes })],
        [{ event: 'edited', audience: 'customer', details: { fields } }],
        actorStamp(ctx),
        ctx.newId,
      )
    return { id: ticket!.id, version: next }
  },

  async addPortalTicketComment(ctx, { ticket: ticketId, body, files }) {
    const ticket = await lockTicket(ctx.db, ctx.account.id, ticketId)
    ctx.allow(mayOnTicket(ctx.actor, ctx.account.portal, ticket, 'replyTickets'))
    if (ticket!.status === 'closed') throw problem('ticketClosed')
    // A customer's comment is always for both sides: there is no way to ask for another audience (PS-30).
    return commentOnTicket(ctx, ticket!, { audience: 'customer', body, files: await filesForTicket(ctx, files) })
  },

  closePortalTicket: (ctx, { ticket }) => moveOwnTicket(ctx, ticket, 'closed'),
  reopenPortalTicket: (ctx, { ticket }) => moveOwnTicket(ctx, ticket, 'open'),
})

/** What a ticket in view can be given. */
async function optionsOfTicket(ctx: OptionsContext, ticket: TicketRecord | undefined) {
  const may = (permission: Parameters<typeof mayOnTicket>[3]) =>
    mayOnTicket(ctx.actor, ctx.account.portal, ticket, permission)
  ctx.allow(may('viewTickets'))
  const { customer_id: customer } = ticket!
  const names = await listCustomerNames(ctx.db, ctx.account.id, [customer])
  const contacts = reachesContacts(ctx.actor, ticket!) ? await listContactsOf(ctx.db, ctx.account.id, customer) : []
  return { customers: names.map((each) => ({ ...each, contacts, priority: may('setTicketPriority').yes })) }
}

async function* inPages<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[], void> {
  for (let start = 0; start < rows.length; start += EXPORT_PAGE_ROWS) {
    yield rows.slice(start, start + EXPORT_PAGE_ROWS)
    // Other requests come between two pages.
    await setImmediate()
  }
}

async function moveOwnTicket(ctx: StatusContext, ticketId: string, to: 'open' | 'closed') {
  const ticket = await lockTicket(ctx.db, ctx.account.id, ticketId)
  ctx.allow(mayOnTicket(ctx.actor, ctx.account.portal, ticket, 'closeTickets'))
  const { id, status } = await moveTicket(ctx, ticket!, to, 'customer')
  return { id, status }
}

/** The link by which the ticket is created: the only one, or that of the chosen customer. */
function chooseLink({ actor, account }: CreateContext, customer: string | undefined): CustomerLink {
  const links = linksForNewTickets(actor, account.portal)
  const link = customer ? links.find((each) => each.customer === customer) : links.length === 1 ? links[0] : undefined
  if (!link) throw problem('input', { fields: { customer: customer ? 'choice' : 'required' } })
  return link
}

/** A ticket of somebody who acts for one contact is that contact's, or they would not see it (RS-08). */
async function choosePeople(ctx: CreateContext, link: CustomerLink, { contact, participants }: CreateInput) {
  if (link.scope !== 'whole') {
    const isOther = contact !== undefined && contact !== link.contact
    const fields = { ...(isOther && { contact: 'choice' }), ...(participants.length > 0 && { participants: 'choice' }) }
    if (Object.keys(fields).length > 0) throw problem('input', { fields })
    return { contact_id: link.contact, participants: [] }
  }
  await checkPeople(ctx, link.customer, { contact, participants })
  const contact_id = contact ?? link.contact
  return { contact_id, participants: [...new Set(participants)].filter((each) => each !== contact_id) }
}
