import { sql, type Kysely } from 'kysely'
import type { DB } from '../../../../db/schema.gen.ts'
import type { RunQuery } from '../../../platform/caller.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import type { StaffRole } from '../../identity/rules.ts'
import type { InvitationFacts } from '../rules.ts'

// The app role has no right on tokens: it calls definer functions.

export const addInvitation = async (
  db: Write,
  token: { id: string; member: string; hash: Buffer; emailNorm: string; at: Date; expires: Date },
): Promise<void> => {
  const input = JSON.stringify({ ...token, hash: token.hash.toString('hex') })
  const { rows } = await sql<{ isCreated: boolean }>`select create_staff_invitation(${input}) as "isCreated"`.execute(
    db,
  )
  if (!rows[0]?.isCreated) throw new Error('An invitation belongs to an invited member of staff')
}

export const replaceInvitations = async (db: Write, account: string, member: string, at: Date): Promise<void> => {
  await sql`select replace_staff_invitations(${account}, ${member}, ${at})`.execute(db)
}

/** Uses the invitation and activates its member; true for one of several simultaneous requests. */
export async function acceptInvitation(
  db: Write,
  account: string,
  hash: Buffer | null,
  name: string,
  at: Date,
): Promise<boolean> {
  const { rows } = await sql<{ isAccepted: boolean }>`
    select accept_staff_invitation(${account}, ${hash}, ${name}, ${at}) as "isAccepted"`.execute(db)
  return rows[0]?.isAccepted ?? false
}

export interface StaffInvitation extends InvitationFacts {
  account_id: string
  member_id: string
  person_id: string
  email: string
  /** Their own with a login, else what the invitation calls them. */
  name: string | null
  role: StaffRole
  business: string
  accent: string
  slug: string
  has_password: boolean
}

export const findInvitation = async (db: Read, hash: Buffer | null): Promise<StaffInvitation | undefined> =>
  (await sql<StaffInvitation>`select * from find_staff_invitation(${hash})`.execute(db as Write)).rows[0]

export const peekInvitation = async (query: RunQuery, hash: Buffer | null): Promise<StaffInvitation | undefined> =>
  (await query<StaffInvitation>('select * from find_staff_invitation($1)', [hash]))[0]

export interface OpenInvitation {
  subject_id: string
  expires_at: Date
}

/** The invitation of each invited member that is not used or replaced. */
export async function listOpenInvitations(db: Read, account: string): Promise<OpenInvitation[]> {
  const { rows } = await sql<OpenInvitation>`select * from list_staff_invitations(${account})`.execute(db as Write)
  return rows
}

/** Asked right before a mail is sent, and before its link is shown. */
export async function isInvitationOpen(
  db: Kysely<DB>,
  account: string,
  hash: Buffer | null,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql<{ isOpen: boolean }>`
    select is_staff_invitation_open(${account}, ${hash}, ${now}) as "isOpen"`.execute(db)
  return rows[0]?.isOpen ?? false
}
