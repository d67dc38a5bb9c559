/** The tickets of the access tests, and who reaches them as a contact. */
import { newId } from '../src/platform/ids.ts'
import { CANARY } from './canary.ts'
import type { TestServer } from './test-server.ts'

/** A ticket of a contact, with a reply, an internal note, history and a file for each audience. */
export async function addTicket(
  server: TestServer,
  account_id: string,
  record: { customer: string; contact: string; word: string; assignee: string | null; file: string },
): Promise<Record<'ticket' | 'ticketFile' | 'otherTicket' | 'heldMail', string>> {
  const { customer, contact, word, assignee, file } = record
  const now = server.clock.now()
  const [ticket, ticketFile, otherTicket, heldMail] = [newId(), newId(), newId(), newId()]
  const child = {
    account_id,
    parent_kind: 'ticket',
    parent_id: ticket,
    customer_id: customer,
    contacts: [contact],
    created_at: now,
  }
  const author = { author_kind: 'staff', author_name: 'Ruth Calloway' }
  const upload = { ...child, uploader_kind: 'staff', type: 'text/plain', size: '1', storage_key: file }
  await server.stored(async (db) => {
    const { next } = await db
      .insertInto('counters')
      .values({ account_id, kind: 'ticket', next: 1003 })
      .onConflict((each) =>
        each.columns(['account_id', 'kind']).doUpdateSet((set) => ({ next: set('counters.next', '+', 2) })),
      )
      .returning('next')
      .executeTakeFirstOrThrow()
    await db
      .insertInto('held_mails')
      .values(heldMailRow(account_id, heldMail, word, now))
      .execute()
    const ticketRow = (id: string, number: number) => ({
      account_id,
      id,
      number,
      customer_id: customer,
      contact_id: contact,
      subject: `Ticket ${word}`,
      description: `asked ${word}`,
      assignee_id: assignee,
      source: 'office',
      tags: [CANARY.internal],
      created_by_kind: 'staff',
      created_by_name: 'Ruth Calloway',
      search_text_portal: word,
      search_text_office: `${word} ${CANARY.internal}`,
      created_at: now,
      updated_at: now,
    })
    await db
      .insertInto('tickets')
      .values([ticketRow(ticket, Number(next) - 2), ticketRow(otherTicket, Number(next) - 1)])
      .execute()
    for (const [audience, body] of [
      ['customer', `said ${word}`],
      ['internal', CANARY.internal],
    ] as const) {
      await db
        .insertInto('comments')
        .values({ ...child, ...author, id: newId(), audience, body })
        .execute()
      await db
        .insertInto('history')
        .values({ ...child, id: newId(), audience, event: 'edited', details: { fields: [body] }, actor_kind: 'staff' })
        .execute()
      await db
        .insertInto('files')
        .values({ ...upload, id: audience === 'customer' ? ticketFile : newId(), audience, name: `${body}.txt` })
        .execute()
    }
  })
  return { ticket, ticketFile, otherTicket, heldMail }
}

const heldMailRow = (account_id: string, id: string, word: string, received_at: Date) => ({
  ...{ account_id, id, received_at, message_key: id, reason: 'unknownSender', outcome: 'held' },
  ...{ from_address: `${word}@elsewhere.example`, subject: `Email ${word}`, body: `wrote ${word}` },
})

/** A contact of the customer who takes part in its ticket, with the copies beside the ticket. */
export async function addParticipant(
  server: TestServer,
  account_id: string,
  { customer, ticket }: { customer: string; ticket: string },
): Promise<string> {
  const id = newId()
  const times = { created_at: server.clock.now(), updated_at: server.clock.now() }
  await server.stored(async (db) => {
    await db
      .insertInto('contacts')
      .values({ account_id, id, customer_id: customer, name: 'Participant', ...times })
      .execute()
    await db
      .updateTable('tickets')
      .set({ participants: [id] })
      .where('id', '=', ticket)
      .execute()
    for (const table of ['comments', 'history', 'files'] as const)
      await db
        .updateTable(table)
        .set((set) => ({ contacts: set.fn('array_append', ['contacts', set.val(id)]) as never }))
        .where('ticket_id', '=', ticket)
        .execute()
  })
  return id
}

/** Links a portal user to one contact of a customer. */
export async function linkToContact(
  server: TestServer,
  account_id: string,
  portalUser: string,
  { customer, contact }: { customer: string; contact: string },
): Promise<void> {
  const times = { created_at: server.clock.now(), updated_at: server.clock.now() }
  await server.stored((db) =>
    db
      .insertInto('portal_links')
      .values({
        account_id,
        id: newId(),
        portal_user_id: portalUser,
        customer_id: customer,
        scope: 'contact',
        contact_id: contact,
        ...times,
      })
      .execute(),
  )
}
