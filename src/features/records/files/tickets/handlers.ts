/** Files of tickets, as the office downloads them. */
import { implement } from '../../../../platform/operation.ts'
import { notFound, yes } from '../../../../platform/problem.ts'
import { tickets } from '../../../tickets/contract.ts'
import { findTicket } from '../../../tickets/queries.ts'
import { ticketParent } from '../../../tickets/rules.ts'
import { sendFile } from '../handlers.ts'
import { filesOf } from '../queries.ts'

const { downloadTicketFile } = tickets

export const ticketFilesHandlers = implement(
  'tickets',
  { downloadTicketFile },
  {
    async downloadTicketFile(ctx, { ticket: ticketId, file: fileId }) {
      const ticket = await findTicket(ctx.db, ctx.account.id, ticketId)
      const file = ticket && (await filesOf(ctx.db, ticketParent(ticket))).find((each) => each.id === fileId)
      ctx.allow(file ? yes : notFound)
      return sendFile(ctx.files, file!)
    },
  },
)
