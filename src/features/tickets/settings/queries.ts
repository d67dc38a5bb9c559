/** Settings of tickets, which are part of the settings of the account. */
import { sql } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import type { CannedReply } from './rules.ts'

interface TicketSettingsRow {
  assignee_id: string | null
  assignee: string | null
  email_tickets: boolean
  canned_replies: CannedReply[]
  version: number
}

const COLUMNS = sql`
  s.default_ticket_assignee_id as assignee_id, s.email_tickets, s.canned_replies, s.version,
  (select coalesce(m.name, m.email) from staff_members m
    where m.account_id = s.account_id and m.id = s.default_ticket_assignee_id) as assignee`

export async function getTicketSettings(db: Read, account: string): Promise<TicketSettingsRow> {
  const { rows } = await sql<TicketSettingsRow>`
    select ${COLUMNS} from account_settings s where s.account_id = ${account}`.execute(db as Write)
  return rows[0]!
}

interface SettingsChange {
  /** The version that was changed. */
  seen: number
  assignee: string | null
  emailTickets: boolean
  replies: CannedReply[]
  at: Date
}

/** Undefined when the settings have been changed since the version `seen`. */
export async function updateTicketSettings(
  db: Write,
  account: string,
  { seen, assignee, emailTickets, replies, at }: SettingsChange,
): Promise<TicketSettingsRow | undefined> {
  const { rows } = await sql<TicketSettingsRow>`
    update account_settings s
    set default_ticket_assignee_id = ${assignee}, email_tickets = ${emailTickets}, canned_replies = ${JSON.stringify(replies)}::jsonb,
      version = s.version + 1, updated_at = ${at}
    where s.account_id = ${account} and s.version = ${seen}
    returning ${COLUMNS}`.execute(db)
  return rows[0]
}

/** Says in the history of a new ticket that it went to the default assignee, if it did. */
export async function recordDefaultAssignee(
  db: Write,
  account: string,
  { ticket, id, now }: { ticket: string; id: string; now: Date },
): Promise<void> {
  await sql`select record_default_assignee(${account}, ${ticket}, ${id}, ${now})`.execute(db)
}

/** Who gets a ticket that a customer creates, while they are active. */
export async function findDefaultAssignee(db: Write, account: string): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`select default_ticket_assignee(${account}) as id`.execute(db)
  return rows[0]?.id ?? null
}
