/** Links to one record that an email carries. The deliverer writes them, as portico_system. */
import { sql } from 'kysely'
import { newId } from '../../../platform/ids.ts'
import type { Write } from '../../../platform/operation.ts'
import { newToken, type Sealer } from '../../../platform/secrets.ts'
import type { LinkedRecord } from '../../identity/rules.ts'

interface Recipient {
  account: string
  customer: string
  contact: string
  record: LinkedRecord
}
interface MailedLink {
  token: string
  link: string
  until: Date
}

/** The link of a contact to a record: the one there is, or a new one where it has ended or cannot be shown any more. */
export async function findOrAddRecordLink(
  db: Write,
  recipient: Recipient,
  { sealer, now }: { sealer: Sealer; now: Date },
): Promise<MailedLink> {
  const { account, customer, contact, record } = recipient
  const current = sql`account_id = ${account} and customer_id = ${customer} and scope = 'record' and contact_id = ${contact}
    and record_kind = ${record.kind} and record_id = ${record.id} and ended_at is null`
  const found = await sql<{ id: string; sealed: string; expires_at: Date }>`
    select id, sealed, expires_at from secure_links where ${current} and expires_at > ${now}`.execute(db)
  const [link] = found.rows
  const known = link ? sealer.open(link.sealed, link.id) : null
  if (link && known !== null) return { token: known, link: link.id, until: link.expires_at }
  await sql`update secure_links set ended_at = ${now}, ended_as = 'replaced' where ${current}`.execute(db)
  const id = newId()
  const { token, hash } = newToken()
  const { rows } = await sql<{ expires_at: Date }>`
    insert into secure_links (
      account_id, id, customer_id, scope, contact_id, record_kind, record_id, hash, sealed, created_at, expires_at)
    select account_id, ${id}, ${customer}, 'record', ${contact}, ${record.kind}, ${record.id}, ${hash},
      ${sealer.seal(token, id)}, ${now}, ${now}::timestamptz + make_interval(days => link_days)
    from portal_settings where account_id = ${account}
    returning expires_at`.execute(db)
  return { token, link: id, until: rows[0]!.expires_at }
}
