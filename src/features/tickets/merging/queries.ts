/** What refers to a ticket follows it when it is merged into another. */
import { sql } from 'kysely'
import type { Write } from '../../../platform/operation.ts'
import { lockTicket, type TicketRecord } from '../queries.ts'

/** Both tickets, locked in one order, so that two merges cannot wait for each other. */
export async function lockBothTickets(db: Write, account: string, source: string, target: string) {
  const locked = new Map<string, TicketRecord | undefined>()
  for (const id of [...new Set([source, target])].sort()) locked.set(id, await lockTicket(db, account, id))
  return { source: locked.get(source), target: locked.get(target) }
}

/** Jobs that were created from it, and tickets that were merged into it before. */
export async function redirectReferences(db: Write, account: string, source: string, target: string): Promise<void> {
  await sql`
    update jobs set ticket_id = ${target} where account_id = ${account} and ticket_id = ${source}`.execute(db)
  await sql`
    update tickets set merged_into_id = ${target} where account_id = ${account} and merged_into_id = ${source}`.execute(
    db,
  )
}
