import { sql, type Kysely } from 'kysely'
import type { DB } from '../../../../db/schema.gen.ts'
import type { RunQuery } from '../../../platform/caller.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import type { StaffRole } from '../../identity/rules.ts'
import type { InvitationFacts } from '../rules.ts'

export const addInvitation = async (
  db: Write,
  account: string,
  token: { id: string; member: string; hash: Buffer; emailNorm: string; at: Date; expires: Date },
): Promise<void> => {
  await db
    .insertInto('tokens')
    .values({
      account_id: account,
      id: token.id,
      kind: 'staffInvitation',
      subject_id: token.member,
      hash: token.hash,
      email_norm: token.emailNorm,
      created_at: token.at,
      expires_at: token.expires,
    })
    .execute()
}

export const replaceInvitations = async (db: Write, account: string, member: string, at: Date): Promise<void> => {
  await db
    .updateTable('tokens')
    .set({ replaced_at: at })
    .where('account_id', '=', account)
    .where('kind', '=', 'staffInvitation')
    .where('subject_id', '=', member)
    .where('used_at', 'is', null)
    .where('replaced_at', 'is', null)
    .execute()
}

/** One statement, so that only one of several simultaneous requests uses the invitation. */
export const consumeInvitation = async (db: Write, account: string, token: string, at: Date): Promise<boolean> =>
  (
    await db
      .updateTable('tokens')
      .set({ used_at: at })
      .where('account_id', '=', account)
      .where('id', '=', token)
      .where('used_at', 'is', null)
      .where('replaced_at', 'is', null)
      .where('expires_at', '>', at)
      .executeTakeFirst()
  ).numUpdatedRows === 1n

export interface StaffInvitation extends InvitationFacts {
  account_id: string
  token_id: string
  member_id: string
  person_id: string
  email: string
  name: string
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
export const listOpenInvitations = (db: Read, account: string): Promise<OpenInvitation[]> =>
  db
    .selectFrom('tokens')
    .select(['subject_id', 'expires_at'])
    .where('account_id', '=', account)
    .where('kind', '=', 'staffInvitation')
    .where('used_at', 'is', null)
    .where('replaced_at', 'is', null)
    .execute()

/** Whether the link in a mail still works; the deliverer checks it before it sends the mail. */
export const isInvitationOpen = async (
  db: Kysely<DB>,
  account: string,
  hash: Buffer | null,
  now: Date,
): Promise<boolean> => {
  if (!hash) return false
  const row = await db
    .selectFrom('tokens')
    .innerJoin('staff_members', (join) =>
      join
        .onRef('staff_members.account_id', '=', 'tokens.account_id')
        .onRef('staff_members.id', '=', 'tokens.subject_id'),
    )
    .select('tokens.id')
    .where('tokens.account_id', '=', account)
    .where('tokens.hash', '=', hash)
    .where('tokens.kind', '=', 'staffInvitation')
    .where('tokens.used_at', 'is', null)
    .where('tokens.replaced_at', 'is', null)
    .where('tokens.expires_at', '>', now)
    .where('staff_members.status', '=', 'invited')
    .executeTakeFirst()
  return row !== undefined
}
