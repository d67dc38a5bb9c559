import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'
import type { StaffRole } from '../identity/rules.ts'
import type { MailStatus, MemberStatus } from './rules.ts'

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

/** Locked: changes to one member run one after the other, each by what the one before has left. */
export const lockMember = async (db: Write, account: string, id: string): Promise<Member | undefined> =>
  (await db
    .selectFrom('staff_members')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()) as Member | undefined

export const findMemberOfPerson = async (db: Read, account: string, person: string): Promise<Member | undefined> =>
  (await db
    .selectFrom('staff_members')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .where('person_id', '=', person)
    .executeTakeFirst()) as Member | undefined

/** Active members first, then by role and name. Not paged, because a business has few staff. */
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
  member: { id: string; person: string; email: string; name: string | null; role: StaffRole; at: Date },
): Promise<void> => {
  await db
    .insertInto('staff_members')
    .values({
      account_id: account,
      id: member.id,
      person_id: member.person,
      email: member.email,
      name: member.name,
      role: member.role,
      status: 'invited',
      created_at: member.at,
      updated_at: member.at,
    })
    .execute()
}

/** False when the member has another status than `from` by now. */
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

/** Active owners, locked until the end of the transaction, so that two owners cannot deactivate each other at once. */
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

/** The newest mail about each of these members, with its status. */
export const findNewestMails = async (db: Read, account: string, members: readonly string[]) => {
  if (members.length === 0) return new Map<string, { id: string; status: MailStatus }>()
  const rows = await db
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
