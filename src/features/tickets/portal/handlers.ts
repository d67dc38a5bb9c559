/** Tickets in the portal: reading, creating, replying, closing and reopening. */
import { implement, prefetching, type Context, type Input } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import type { CustomerLink } from '../../identity/rules.ts'
import { listCustomerNames } from '../../jobs/booking/customer/queries.ts'
import { checkPeople, commentOnTicket, createTicket, filesForTicket, moveTicket } from '../handlers.ts'
import { loadPortalTicketPage } from '../page/queries.ts'
import { linksForNewTickets, mayCreateTicket, mayOnTicket, maySetPriority, mayUseTickets } from '../policy.ts'
import { listContactsOf, lockTicket } from '../queries.ts'
import { isTransition } from '../rules.ts'
import { portalTickets } from './contract.ts'
import { countPortalTickets, listPortalTickets as listTicketsInReach } from './queries.ts'
import { presentPortalTicket, presentPortalTicketRow } from './rules.ts'

type CreateContext = Context<(typeof portalTickets)['createPortalTicket']>
type CreateInput = Input<(typeof portalTickets)['createPortalTicket']>
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
        can: { create: mayCreateTicket(ctx.actor, ctx.account.portal).yes },
      }
    },
  }),

  countPortalTickets: prefetching({
    prefetch: (db, input) => countPortalTickets(db, input),
    async respond(ctx, _input, counts) {
      ctx.allow(mayUseTickets(ctx.actor, ctx.account.portal))
      return counts!
    },
  }),

  async getPortalTicketOptions(ctx) {
    const { portal } = ctx.account
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
      const canMove = may('closeTickets').yes
      return {
        ...presentPortalTicket(ctx, records!),
        can: {
          reply: may('replyTickets').yes && ticket!.status !== 'closed',
          close: canMove && isTransition(ticket!.status, 'closed', 'customer'),
          reopen: canMove && isTransition(ticket!.status, 'open', 'customer'),
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
      assignee_id: null,
      source: ctx.actor.kind === 'linkVisitor' ? ('link' as const) : ('portal' as const),
      tags: [],
    }
    const { id, number } = await createTicket(ctx, fields, await filesForTicket(ctx, input.files))
    return { id, number }
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
  if (link.scope === 'contact') {
    const isOther = contact !== undefined && contact !== link.contact
    const fields = { ...(isOther && { contact: 'choice' }), ...(participants.length > 0 && { participants: 'choice' }) }
    if (Object.keys(fields).length > 0) throw problem('input', { fields })
    return { contact_id: link.contact, participants: [] }
  }
  await checkPeople(ctx, link.customer, { contact, participants })
  const contact_id = contact ?? link.contact
  return { contact_id, participants: [...new Set(participants)].filter((each) => each !== contact_id) }
}
