/** Changes of tickets that wait to be told. */
import type { Read, Write } from '../../../platform/operation.ts'
import type { ParentKey } from '../../records/queries.ts'
import type { ActorStamp } from '../../records/rules.ts'
import { addUpdate, takeUpdates } from '../../records/updates/queries.ts'
import { lockTicket, type TicketRecord } from '../queries.ts'
import type { TicketStatus } from '../rules.ts'
import type { TicketUpdate } from './rules.ts'

/** Remembers what was done to a ticket, for the emails about it. */
export const recordTicketUpdate = (
  db: Write,
  ticket: Pick<TicketRecord, 'account_id' | 'id'>,
  update: Pick<TicketUpdate, 'kind' | 'details'>,
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> => addUpdate(db, { kind: 'ticket', account: ticket.account_id, id: ticket.id }, update, stamp, newId)

/** Takes all waiting changes of a ticket, oldest first, with the ticket as it is now, locked. */
export async function takeTicketUpdates(db: Write, due: ParentKey) {
  const ticket = await lockTicket(db, due.account, due.id)
  return { updates: await takeUpdates<TicketUpdate>(db, due), ticket }
}

/** Undefined when the ticket is gone. */
export const findTicketStatus = async (db: Read, account: string, ticket: string) =>
  (
    await db
      .selectFrom('tickets')
      .select('status')
      .where('account_id', '=', account)
      .where('id', '=', ticket)
      .executeTakeFirst()
  )?.status as TicketStatus | undefined
