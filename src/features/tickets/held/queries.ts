/** Emails that are no reply. Written as portico_system, read by the office. */
import { sql, type Selectable } from 'kysely'
import type { HeldMails } from '../../../../db/schema.gen.ts'
import { insertRows } from '../../../platform/database/statements.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { KEPT_DAYS, type HeldMailReason, type SenderMatch } from './rules.ts'

/** The active account that takes email under this slug, if its customers have tickets. */
export async function findInbox(db: Read, slug: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('accounts as a')
    .innerJoin('account_slugs as n', 'n.account_id', 'a.id')
    .innerJoin('account_settings as s', 's.account_id', 'a.id')
    .innerJoin('portal_settings as p', 'p.account_id', 'a.id')
    .select('a.id')
    .where('n.slug', '=', slug)
    .where('a.status', '=', 'active')
    .where('s.email_tickets', '=', true)
    .where(sql<boolean>`(p.switches ->> 'viewTickets')::boolean`)
    .executeTakeFirst()
  return row?.id
}

/** How many mails an account has taken since, and how many wait. */
export async function countFirstMails(db: Read, account: string, since: Date) {
  const { rows } = await sql<{ recent: string; held: string }>`
    select
      (select count(*) from held_mails where account_id = ${account} and received_at > ${since}) as recent,
      (select count(*) from held_mails where account_id = ${account} and outcome = 'held') as held`.execute(db as Write)
  return { recent: Number(rows[0]!.recent), held: Number(rows[0]!.held) }
}

/** Customers that have an address on file: of an active contact, an active portal user, or for bills. */
export async function findSenders(db: Read, account: string, email: string): Promise<SenderMatch[]> {
  const { rows } = await sql<SenderMatch>`
    select c.id as customer, k.id as contact
    from contacts k
    join customers c on c.account_id = k.account_id and c.id = k.customer_id and c.status = 'active'
    where k.account_id = ${account} and k.email_norm = ${email} and k.status = 'active'
    union
    select c.id, l.contact_id
    from portal_users u
    join portal_links l on l.account_id = u.account_id and l.portal_user_id = u.id
    join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.status = 'active'
    where u.account_id = ${account} and u.email_norm = ${email} and u.status = 'active'
    union
    select c.id, null
    from customers c
    where c.account_id = ${account} and c.status = 'active' and lower(btrim(c.billing_email)) = ${email}`.execute(
    db as Write,
  )
  return rows
}

/** Locks a sender until the transaction ends, and answers whether this mail of theirs has arrived, and how many opened tickets. */
export async function lockSender(
  db: Write,
  account: string,
  { from, key, since }: { from: string; key: string; since: Date },
): Promise<{ hasArrived: boolean; tickets: number }> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`mail:${account}:${from}`}, 0))`.execute(db)
  const { rows } = await sql<{ arrived: boolean; tickets: string }>`
    select
      exists (select 1 from held_mails where account_id = ${account} and message_key = ${key}) as arrived,
      (select count(*) from held_mails
        where account_id = ${account} and from_address = ${from} and outcome = 'ticket' and reason is null
          and received_at > ${since}) as tickets`.execute(db)
  return { hasArrived: rows[0]!.arrived, tickets: Number(rows[0]!.tickets) }
}

export interface FirstMail {
  id: string
  from: string
  name: string
  subject: string
  text: string
  files: readonly string[]
  key: string
  reason: HeldMailReason | null
  /** Of the ticket that it became. */
  ticket: string | null
}

/** Remembers a mail: held for a reason, or without its text as the ticket that it became. */
export const recordFirstMail = (db: Write, account: string, mail: FirstMail, now: Date): Promise<unknown> =>
  insertRows(db, 'held_mails', [
    {
      account_id: account,
      id: mail.id,
      from_address: mail.from,
      from_name: mail.name,
      subject: mail.subject,
      body: mail.ticket ? '' : mail.text,
      file_names: mail.files,
      message_key: mail.key,
      reason: mail.reason,
      outcome: mail.ticket ? 'ticket' : 'held',
      ticket_id: mail.ticket,
      received_at: now,
    },
  ])

export type HeldMailRecord = Omit<Selectable<HeldMails>, 'reason'> & { reason: HeldMailReason }
const LISTED = 200

export async function listHeldMails(db: Read, account: string): Promise<HeldMailRecord[]> {
  const rows = await db
    .selectFrom('held_mails')
    .selectAll()
    .where('account_id', '=', account)
    .where('outcome', '=', 'held')
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(LISTED)
    .execute()
  return rows as HeldMailRecord[]
}

/** Undefined once it was settled. */
export async function findHeldMail(db: Read, account: string, id: string): Promise<HeldMailRecord | undefined> {
  const row = await db
    .selectFrom('held_mails')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', id)
    .where('outcome', '=', 'held')
    .executeTakeFirst()
  return row as HeldMailRecord | undefined
}

/** Ends its waiting. False when somebody else did before. */
export async function settleHeldMail(
  db: Write,
  id: string,
  { ticket, by, now }: { ticket: string | null; by: { id: string; name: string }; now: Date },
): Promise<boolean> {
  const outcome = ticket ? 'ticket' : 'discarded'
  const { rows } = await sql<{ settled: boolean }>`
    select settle_held_mail(${id}, ${outcome}, ${ticket}, ${by.id}, ${by.name}, ${now}) as settled`.execute(db)
  return rows[0]!.settled
}

/** Forgets mails that arrived long ago, of all accounts. By then no server delivers them again. */
export async function deleteOldMails(db: Write, now: Date): Promise<void> {
  const before = new Date(now.getTime() - KEPT_DAYS * 24 * 3600_000)
  await db.deleteFrom('inbound_mails').where('received_at', '<=', before).execute()
  await db.deleteFrom('held_mails').where('received_at', '<=', before).execute()
}
