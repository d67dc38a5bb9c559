import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'
import type { CustomerEmail, EmailChoices, StaffEmail } from './rules.ts'

/** What a portal user chose. */
export async function findPortalUserChoices(db: Read, account: string, user: string) {
  const row = await db
    .selectFrom('portal_users')
    .select('email_choices')
    .where('account_id', '=', account)
    .where('id', '=', user)
    .executeTakeFirst()
  return (row?.email_choices ?? {}) as EmailChoices<CustomerEmail>
}

/** What a member of staff chose in this account. */
export async function findStaffChoices(db: Read, account: string, member: string) {
  const row = await db
    .selectFrom('staff_members')
    .select('email_choices')
    .where('account_id', '=', account)
    .where('id', '=', member)
    .executeTakeFirst()
  return (row?.email_choices ?? {}) as EmailChoices<StaffEmail>
}

/** Stores the caller's own choices. False when they lost access meanwhile. */
export async function saveOwnChoices(db: Write, choices: EmailChoices<string>, now: Date): Promise<boolean> {
  const {
    rows: [row],
  } = await sql<{ saved: boolean }>`
    select set_own_email_choices(${JSON.stringify(choices)}, ${now}) as saved`.execute(db)
  return row!.saved
}

/** What the business sends to its customers and staff; portal users may not read its settings, so a definer function does. */
export async function findSentEmails(
  db: Read,
  account: string,
): Promise<{ customer: EmailChoices<CustomerEmail>; staff: EmailChoices<StaffEmail> }> {
  const {
    rows: [row],
  } = await sql<{ sent: { customer: object; staff: object } }>`select find_sent_emails(${account}) as sent`.execute(
    db as Write,
  )
  return row!.sent
}
