/** Reply addresses, and the mails that arrived at them. All of it as portico_system. */
import type { Read, Write } from '../../../platform/operation.ts'
import { insertRows } from '../../../platform/database/statements.ts'
import { findTicket, lockTicket, type TicketRecord } from '../queries.ts'
import type { ReplyRecipient } from './rules.ts'

/** Remembers whom addresses are for. One that is there already stays. */
export async function addReplyAddresses(
  db: Write,
  addresses: readonly { hash: Buffer; recipient: ReplyRecipient }[],
  now: Date,
): Promise<void> {
  if (addresses.length === 0) return
  await db
    .insertInto('reply_addresses')
    .values(
      addresses.map(({ hash, recipient }) => ({
        account_id: recipient.account,
        hash,
        ticket_id: recipient.ticket,
        reader_kind: recipient.kind,
        reader_id: recipient.reader,
        created_at: now,
      })),
    )
    .onConflict((conflict) => conflict.columns(['account_id', 'hash']).doNothing())
    .execute()
}

/** Undefined for an address that was never given to anybody, and of a suspended account. */
export async function findReplyRecipient(db: Read, hash: Buffer): Promise<ReplyRecipient | undefined> {
  const row = await db
    .selectFrom('reply_addresses as r')
    .innerJoin('accounts as a', 'a.id', 'r.account_id')
    .select(['r.account_id as account', 'r.ticket_id as ticket', 'r.reader_kind as kind', 'r.reader_id as reader'])
    .where('r.hash', '=', hash)
    .where('a.status', '=', 'active')
    .executeTakeFirst()
  return row as ReplyRecipient | undefined
}

export async function countMailsSince(db: Read, recipient: ReplyRecipient, since: Date): Promise<number> {
  const row = await db
    .selectFrom('inbound_mails')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('account_id', '=', recipient.account)
    .where('ticket_id', '=', recipient.ticket)
    .where('reader_kind', '=', recipient.kind)
    .where('reader_id', '=', recipient.reader)
    .where('received_at', '>', since)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export interface InboundMail {
  id: string
  recipient: ReplyRecipient
  from: string
  /** Recognizes the same mail. */
  key: string
  outcome: 'comment' | 'held' | 'automatic' | 'empty'
  detail: string | null
}

/** Whether a mail was delivered to this recipient before. Ask it with the ticket locked, or two deliveries at once both see none. */
export async function hasArrived(db: Read, recipient: ReplyRecipient, key: string): Promise<boolean> {
  const row = await db
    .selectFrom('inbound_mails')
    .select('id')
    .where('account_id', '=', recipient.account)
    .where('ticket_id', '=', recipient.ticket)
    .where('reader_kind', '=', recipient.kind)
    .where('reader_id', '=', recipient.reader)
    .where('message_key', '=', key)
    .executeTakeFirst()
  return row !== undefined
}

export async function recordMail(db: Write, { recipient, ...mail }: InboundMail, now: Date): Promise<void> {
  await insertRows(db, 'inbound_mails', [
    {
      account_id: recipient.account,
      id: mail.id,
      ticket_id: recipient.ticket,
      reader_kind: recipient.kind,
      reader_id: recipient.reader,
      from_address: mail.from,
      message_key: mail.key,
      outcome: mail.outcome,
      detail: mail.detail,
      received_at: now,
    },
  ])
}

/** The ticket that a reply belongs to, locked: of a merged ticket the one that goes on. */
export async function lockSurvivor(db: Write, account: string, ticket: string): Promise<TicketRecord | undefined> {
  const survivor = (await findTicket(db, account, ticket))?.merged_into_id ?? ticket
  const locked = await lockTicket(db, account, survivor)
  // It was merged itself while this waited for it.
  return locked?.merged_into_id ? lockSurvivor(db, account, locked.merged_into_id) : locked
}
