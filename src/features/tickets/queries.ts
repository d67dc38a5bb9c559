/** Tickets as they are stored: reading one, writing, and where their contacts change. Lists are in office/ and portal/. */
import { sql, type Insertable, type Selectable } from 'kysely'
import type { Tickets } from '../../../db/schema.gen.ts'
import { fold, foldTyped, wordPatterns } from '../../platform/fold.ts'
import type { Read, Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { rewriteContacts } from '../records/queries.ts'
import { ticketParent, type TicketPriority, type TicketSource, type TicketStatus } from './rules.ts'

export type TicketRecord = Omit<Selectable<Tickets>, 'status' | 'priority' | 'source'> & {
  status: TicketStatus
  priority: TicketPriority
  source: TicketSource
}

/** Undefined when this actor does not reach the ticket. */
export async function findTicket(db: Read, account: string, ticket: string): Promise<TicketRecord | undefined> {
  const row = await db
    .selectFrom('tickets')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', ticket)
    .executeTakeFirst()
  return row as TicketRecord | undefined
}

/** The same, locked until the transaction ends, so that two changes cannot both succeed. */
export async function lockTicket(db: Write, account: string, ticket: string): Promise<TicketRecord | undefined> {
  const row = await db
    .selectFrom('tickets')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', ticket)
    .forUpdate()
    .executeTakeFirst()
  return row as TicketRecord | undefined
}

/** @throws ticketChanged when somebody has changed it since */
export function refuseOlder(ticket: TicketRecord, version: number): void {
  if (ticket.version !== version) throw problem('ticketChanged')
}

/** Reserves the number of a new ticket. A transaction that is rolled back leaves no gap. */
export async function reserveTicketNumber(db: Write, account: string): Promise<number> {
  const {
    rows: [row],
  } = await sql<{ number: string }>`select reserve_numbers(${account}, 'ticket', 1) as number`.execute(db)
  return Number(row!.number)
}

export type NewTicket = Omit<
  Insertable<Tickets>,
  'search_text_portal' | 'search_text_office' | 'status' | 'priority' | 'source' | 'tags' | 'participants'
> & {
  status: TicketStatus
  priority: TicketPriority
  source: TicketSource
  tags: string[]
  participants: string[]
}

export async function insertTicket(db: Write, ticket: NewTicket): Promise<void> {
  await db
    .insertInto('tickets')
    .values({ ...ticket, ...searchTexts(ticket) })
    .execute()
}

/**
 * Writes a locked ticket and counts its version up; returns the new version. What is beside it follows its contacts.
 * @throws ticketChanged when it is not the version that was locked
 */
export async function changeTicket(
  db: Write,
  ticket: TicketRecord,
  changes: Partial<Insertable<Tickets>> & { status?: TicketStatus; participants?: string[] },
  now: Date,
): Promise<number> {
  const after = { ...ticket, ...changes } as TicketRecord
  const row = await db
    .updateTable('tickets')
    .set({
      ...changes,
      ...searchTexts(after),
      closed_at: after.status === 'closed' ? (ticket.closed_at ?? now) : null,
      version: ticket.version + 1,
      updated_at: now,
    })
    .where('account_id', '=', ticket.account_id)
    .where('id', '=', ticket.id)
    .where('version', '=', ticket.version)
    .returning('version')
    .executeTakeFirst()
  if (!row) throw problem('ticketChanged')
  const movesPeople = changes.contact_id !== undefined || changes.participants !== undefined
  if (movesPeople) await rewriteContacts(db, ticketParent(after))
  return row.version
}

/** Somebody wrote a comment: the ticket moves up in lists. Its version stays, because an edit does not compare comments. */
export async function touchTicket(db: Write, { account_id, id }: Pick<TicketRecord, 'account_id' | 'id'>, now: Date) {
  await db
    .updateTable('tickets')
    .set({ updated_at: now })
    .where('account_id', '=', account_id)
    .where('id', '=', id)
    .execute()
}

/**
 * Before a contact is deleted or merged into another: its tickets, and those it takes part in, go to `successor`, or to nobody.
 * Then only who acts for the whole customer sees them.
 */
export async function replaceContact(
  db: Write,
  account: string,
  contact: string,
  successor: string | null,
): Promise<void> {
  const rows = await db
    .selectFrom('tickets')
    .selectAll()
    .where('account_id', '=', account)
    .where((where) =>
      where.or([where('contact_id', '=', contact), sql<boolean>`participants @> array[${contact}::uuid]`]),
    )
    .forUpdate()
    .execute()
  for (const ticket of rows as TicketRecord[]) {
    const contact_id = ticket.contact_id === contact ? successor : ticket.contact_id
    const participants = [
      ...new Set(ticket.participants.flatMap((each) => (each === contact ? (successor ?? []) : each))),
    ].filter((each) => each !== contact_id)
    await db
      .updateTable('tickets')
      .set({ contact_id, participants })
      .where('account_id', '=', account)
      .where('id', '=', ticket.id)
      .execute()
    await rewriteContacts(db, ticketParent({ ...ticket, contact_id, participants }))
  }
}

/** Of the customer's active contacts, those that this actor reaches. */
export const listContactsOf = async (
  db: Read,
  account: string,
  customer: string,
): Promise<{ id: string; name: string }[]> =>
  db
    .selectFrom('contacts')
    .select(['id', 'name'])
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('status', '=', 'active')
    .orderBy('is_primary', 'desc')
    .orderBy('name')
    .orderBy('id')
    .limit(500)
    .execute()

// ---- search ----

const SHOWN_NUMBER = /(?<![a-z0-9])(?:tickets?:? ?)?(?:(?:no|nr|number)[.:]? ?)?([0-9]+)[.,:]?(?![a-z0-9])/g

/** Patterns of what was typed to find tickets; none: nothing was. A number is searched for without the words around it. */
export const ticketPatterns = (typed = ''): string[] =>
  wordPatterns(
    foldTyped(typed).join(' ').replaceAll(/[()]/g, ' ').replaceAll(SHOWN_NUMBER, '$1').split(' ').filter(Boolean),
  )

/** What a search finds a ticket by. Tags are the office's own. */
export function searchTexts({
  number,
  subject,
  description,
  tags,
}: Pick<NewTicket, 'number' | 'subject' | 'tags'> & { description?: string }) {
  const forAll = [String(number), subject, description]
  return { search_text_portal: fold(...forAll), search_text_office: fold(...forAll, ...tags) }
}
