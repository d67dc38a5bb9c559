/** Tickets of the bench's business, one for each job, and their readers: of a whole customer, of a contact, and by a link. */
import type pg from 'pg'
import { ACCOUNT, hashOf, tokenOf, type BenchUser } from './dataset.ts'

export const READER_KINDS = ['whole', 'contact', 'link'] as const
export type ReaderKind = (typeof READER_KINDS)[number]

/** A figure for each kind of reader. */
export const byReader = <T>(figure: (kind: ReaderKind) => T) =>
  Object.fromEntries(READER_KINDS.map((kind) => [kind, figure(kind)])) as Record<ReaderKind, T>

/** A session, and a ticket that it reaches. */
export interface TicketReader {
  kind: ReaderKind
  token: string
  ticket: string
}

/** Contacts with a login, and as many links, each of a customer of its own. */
const READERS = 50

/** A third of a customer's tickets is its contact's own, and the contact takes part in a tenth of them. */
export async function fillTickets(db: pg.Client): Promise<void> {
  await db.query(`insert into tickets (account_id, id, number, customer_id, contact_id, participants, subject, status, closed_at, source, created_by_kind, search_text_portal, search_text_office, created_at, updated_at)
    select j.account_id, pg_temp.v7(j.created_at, 'ticket' || j.number), row_number() over (order by j.number), j.customer_id,
      case when j.number % 3 = 0 then k.id end, case when j.number % 10 = 1 then array[k.id] else '{}' end, 'The kitchen leaks',
      case when j.status in ('completed', 'canceled') then 'closed' else 'open' end, case when j.status in ('completed', 'canceled') then j.created_at end,
      'portal', 'system', 'the kitchen leaks', 'the kitchen leaks', j.created_at, j.created_at + interval '1 hour'
    from jobs j join contacts k on k.account_id = j.account_id and k.customer_id = j.customer_id`)
  await db.query(`insert into comments (account_id, id, parent_kind, parent_id, customer_id, contacts, audience, author_kind, author_name, body, created_at)
    select account_id, pg_temp.v7(created_at, 'ticket comment' || number || '-' || i), 'ticket', id, customer_id, array_remove(participants || contact_id, null),
      case i when 1 then 'internal' else 'customer' end, 'staff', 'Member 0', 'Has the kitchen leaked since?', created_at + i * interval '10 minutes'
    from tickets cross join generate_series(1, 2) i where number % 2 = 0`)
  await db.query(`insert into history (account_id, id, parent_kind, parent_id, customer_id, contacts, audience, event, actor_kind, actor_name, created_at)
    select account_id, pg_temp.v7(created_at, 'ticket history' || number), 'ticket', id, customer_id, array_remove(participants || contact_id, null),
      'customer', 'created', 'staff', 'Member 0', created_at from tickets`)
}

/** Contacts of the users' medium customers get a login, and links go to customers without one. */
export async function fillTicketReaders(
  db: pg.Client,
  { since, password, customers }: { since: Date; password: string; customers: number },
): Promise<void> {
  const middle = Math.floor(customers / 2)
  for (let index = 0; index < READERS; index++) {
    const [contact, link] = [`contact${index}`, `link${index}`]
    await db.query(
      `insert into portal_users (account_id, id, email, email_norm, password_hash, name, status, search_text, activated_at, created_at, updated_at)
      select $1, pg_temp.v7($2, $3), $3 || '@login.example', $3 || '@login.example', $4, 'Reader ' || $3, 'active', $3, $2, $2, $2`,
      [ACCOUNT, since, contact, password],
    )
    await db.query(
      `insert into portal_links (account_id, id, portal_user_id, customer_id, contact_id, scope, created_at, updated_at)
      select $1, pg_temp.v7($2, 'link' || $3::text), pg_temp.v7($2, $3), c.id, pg_temp.v7($2, 'contact' || c.i), 'contact', $2, $2 from c where i = $4`,
      [ACCOUNT, since, contact, middle + index],
    )
    // Ranks of the user with many customers are multiples of five.
    await db.query(
      `insert into secure_links (account_id, id, customer_id, scope, hash, sealed, created_at, expires_at)
      select $1, pg_temp.v7($2, 'secure' || $3::text), c.id, 'whole', sha256($3::text::bytea), '', $2, now() + interval '10 years' from c where i = $4`,
      [ACCOUNT, since, link, middle + 51 + 5 * Math.ceil(index / 2) + (index % 2)],
    )
    await db.query(
      `insert into portal_sessions (account_id, hash, id, subject_kind, subject_id, created_at, seen_at, ends_at, user_agent, client_address)
      select $1, $4, pg_temp.v7($2, 'session' || $3::text), 'portalUser', pg_temp.v7($2, $3), $2, $2, $2, 'bench', '127.0.0.1'`,
      [ACCOUNT, since, contact, hashOf(tokenOf(contact))],
    )
    await db.query(
      `insert into portal_sessions (account_id, hash, id, subject_kind, subject_id, customer_id, lock_epoch, created_at, seen_at, ends_at, user_agent, client_address)
      select $1, $3, k.id, 'linkVisitor', k.id, k.customer_id, c.lock_epoch, $2, $2, $2, 'bench', '127.0.0.1'
      from secure_links k join customers c on c.account_id = k.account_id and c.id = k.customer_id where k.hash = sha256($4::text::bytea)`,
      [ACCOUNT, since, hashOf(tokenOf(link)), link],
    )
  }
}

/** For each reader the newest ticket that the session reaches. */
export async function readTicketReaders(db: pg.Client, users: readonly BenchUser[]): Promise<TicketReader[]> {
  const newest = (where: string) =>
    `cross join lateral (select id from tickets t where t.account_id = '${ACCOUNT}' and ${where} order by updated_at desc limit 1) t`
  const names = Array.from({ length: READERS }, (_, index) => `link${index}`)
  const { rows } = await db.query<{ kind: ReaderKind; name: string; ticket: string }>(
    `select 'whole' as kind, split_part(u.email, '@', 1) as name, t.id as ticket
      from unnest($1::uuid[], $2::text[]) as u(customer, email) ${newest('t.customer_id = u.customer')}
    union all
    select 'contact', split_part(u.email, '@', 1), t.id
      from portal_users u join portal_links l on l.account_id = u.account_id and l.portal_user_id = u.id and l.scope = 'contact'
      ${newest('t.contact_id = l.contact_id')}
    union all
    select 'link', name, t.id
      from unnest($3::text[]) name join secure_links k on k.hash = sha256(name::bytea) ${newest('t.customer_id = k.customer_id')}`,
    [users.map((user) => user.customers[1]), users.map((user) => user.email), names],
  )
  return rows.map(({ kind, name, ticket }) => ({ kind, ticket, token: tokenOf(name) }))
}
