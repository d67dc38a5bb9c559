import { sql, type Kysely } from 'kysely'
import type { DB } from '../../../db/schema.gen.ts'
import type { RunQuery } from '../../platform/caller.ts'
import type { Read, Write } from '../../platform/operation.ts'
import type { StaffRole } from '../identity/rules.ts'
import type { InvitationFacts, MemberStatus } from './rules.ts'

export interface Member {
  id: string
  person_id: string
  name: string | null
  email: string
  role: StaffRole
  status: MemberStatus
  created_at: Date
}

const COLUMNS = ['id', 'person_id', 'name', 'email', 'role', 'status', 'created_at'] as const

export const findMember = async (db: Read, account: string, id: string): Promise<Member | undefined> =>
  (await db
    .selectFrom('staff_members')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()) as Member | undefined

export const findMemberOfPerson = async (db: Read, account: string, person: string): Promise<Member | undefined> =>
  (await db
    .selectFrom('staff_members')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .where('person_id', '=', person)
    .executeTakeFirst()) as Member | undefined

/** In order of what they may, then by name. A business has few staff: no paging. */
export const listMembers = async (db: Read, account: string): Promise<Member[]> =>
  (await db
    .selectFrom('staff_members')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .orderBy((by) => sql`case ${by.ref('status')} when 'deactivated' then 1 else 0 end`)
    .orderBy((by) => sql`array_position(array['owner','admin','dispatcher','worker'], ${by.ref('role')})`)
    .orderBy((by) => sql`lower(coalesce(${by.ref('name')}, ${by.ref('email')}))`)
    .orderBy('id')
    .execute()) as Member[]

export const addMember = async (
  db: Write,
  account: string,
  member: { id: string; person: string; email: string; role: StaffRole; at: Date },
): Promise<void> => {
  await db
    .insertInto('staff_members')
    .values({
      account_id: account,
      id: member.id,
      person_id: member.person,
      email: member.email,
      name: null,
      role: member.role,
      status: 'invited',
      created_at: member.at,
      updated_at: member.at,
    })
    .execute()
}

/** False when it was in another status by now. */
export const changeMemberStatus = async (
  db: Write,
  account: string,
  id: string,
  from: MemberStatus,
  to: MemberStatus,
  at: Date,
): Promise<boolean> =>
  (
    await db
      .updateTable('staff_members')
      .set({ status: to, updated_at: at })
      .where('account_id', '=', account)
      .where('id', '=', id)
      .where('status', '=', from)
      .executeTakeFirst()
  ).numUpdatedRows === 1n

export const activateMember = async (
  db: Write,
  account: string,
  id: string,
  name: string,
  at: Date,
): Promise<boolean> =>
  (
    await db
      .updateTable('staff_members')
      .set({ status: 'active', name, updated_at: at })
      .where('account_id', '=', account)
      .where('id', '=', id)
      .where('status', '=', 'invited')
      .executeTakeFirst()
  ).numUpdatedRows === 1n

export const setRole = async (db: Write, account: string, id: string, role: StaffRole, at: Date): Promise<void> => {
  await db
    .updateTable('staff_members')
    .set({ role, updated_at: at })
    .where('account_id', '=', account)
    .where('id', '=', id)
    .execute()
}

export const removeMember = async (db: Write, account: string, id: string): Promise<boolean> =>
  (
    await db
      .deleteFrom('staff_members')
      .where('account_id', '=', account)
      .where('id', '=', id)
      .where('status', '=', 'invited')
      .executeTakeFirst()
  ).numDeletedRows === 1n

/** Active owners, locked to the end of the transaction: of two who would let the other go, one finds nobody left. */
export const lockOwners = async (db: Write, account: string): Promise<string[]> =>
  (
    await db
      .selectFrom('staff_members')
      .select('id')
      .where('account_id', '=', account)
      .where('role', '=', 'owner')
      .where('status', '=', 'active')
      .orderBy('id')
      .forUpdate()
      .execute()
  ).map((each) => each.id)

// ---- invitations ----

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

/** One statement: of several at once one uses it. */
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

/** The living link of each invited member. */
export const listOpenInvitations = (db: Read, account: string): Promise<OpenInvitation[]> =>
  db
    .selectFrom('tokens')
    .select(['subject_id', 'expires_at'])
    .where('account_id', '=', account)
    .where('kind', '=', 'staffInvitation')
    .where('used_at', 'is', null)
    .where('replaced_at', 'is', null)
    .execute()

export type MailStatus = 'waiting' | 'sending' | 'sent' | 'failed' | 'canceled'

/** How the newest mail about each of these members went. */
export const findNewestMails = async (db: Read, account: string, members: readonly string[]) => {
  const rows =
    members.length === 0
      ? []
      : await db
          .selectFrom('outbox')
          .distinctOn('subject_id')
          .select(['subject_id', 'id', 'status'])
          .where('account_id', '=', account)
          .where('subject_kind', '=', 'staffMember')
          .where('subject_id', 'in', members)
          .orderBy('subject_id')
          .orderBy('created_at', 'desc')
          .execute()
  return new Map(rows.map((each) => [each.subject_id, { id: each.id, status: each.status as MailStatus }]))
}

/** Asked by the deliverer: whether the link in a mail would still work. */
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
