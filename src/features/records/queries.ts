/**
 * Reads and writes comments and history. Files are in `files/queries.ts`. No other file reads or writes these tables.
 * Queries join the parent, so its row-level security applies.
 */
import { sql } from 'kysely'
import { insertRows, statement } from '../../platform/database/statements.ts'
import type { Read, Write } from '../../platform/operation.ts'
import type { ActorStamp, HistoryEntry, HistoryRecord, ParentKind, RecordAudience, RecordParent } from './rules.ts'

interface ParentTable {
  /** The parents' own table. */
  table: string
  /** Column of comments, history and files that holds the parent's id. Their indexes start with account and this column. */
  column: string
}

/** A new kind of parent needs an entry here, and a generated column with its indexes in the three tables. */
const PARENT_TABLES: Readonly<Record<ParentKind, ParentTable>> = {
  job: { table: 'jobs', column: 'job_id' },
  ticket: { table: 'tickets', column: 'ticket_id' },
}

export type ParentKey = Pick<RecordParent, 'kind' | 'account' | 'id'>

/** Prepares one statement per parent kind. `$1` is the account and `$2` the parent's id. */
export function createParentQuery<Row>(
  text: (parent: ParentTable) => string,
): (db: Read, parent: ParentKey) => Promise<Row[]> {
  const statements = new Map(
    Object.entries(PARENT_TABLES).map(([kind, parent]) => [kind, statement<Row>(text(parent))]),
  )
  return (db, { kind, account, id }) => statements.get(kind)!(db, account, id)
}

/** Selects rows of a table `r` joined to their parent `p`, oldest first. */
export const selectRecordsSql = (columns: string, table: string) => (parent: ParentTable) => `
  select ${columns} from ${table} r
  join ${parent.table} p on p.account_id = r.account_id and p.id = r.${parent.column}
  where r.account_id = $1 and p.account_id = $1 and r.${parent.column} = $2
  order by r.created_at, r.id`

/** Lists the history of one parent, oldest first. */
export const listHistory = createParentQuery<HistoryRecord>(selectRecordsSql('r.*', 'history'))

/** Copies for the policies of comments, history and files. Jobs have none. */
export const copiedContacts = ({ contacts }: Pick<RecordParent, 'contacts'>) =>
  contacts ? { contacts: [...contacts] } : {}

/** Who reaches a ticket has changed: what is beside it follows in the same transaction. */
export async function rewriteContacts(db: Write, { account, id, contacts = [] }: RecordParent): Promise<void> {
  for (const table of ['comments', 'history', 'files'] as const)
    await db
      .updateTable(table)
      .set({ contacts: [...contacts] })
      .where('account_id', '=', account)
      .where('ticket_id', '=', id)
      .execute()
}

/**
 * Gives the comments and files of one record to another of the same kind and customer, where they keep their time. Files
 * without a comment go to `comment`. The history stays.
 */
export async function moveRecords(db: Write, from: ParentKey, to: RecordParent, comment: string): Promise<void> {
  const moved = { parent_id: to.id, ...copiedContacts(to) }
  await db
    .updateTable('comments')
    .set(moved)
    .where('account_id', '=', from.account)
    .where('parent_kind', '=', from.kind)
    .where('parent_id', '=', from.id)
    .execute()
  await db
    .updateTable('files')
    .set((set) => ({ ...moved, comment_id: set.fn.coalesce('comment_id', set.val(comment)) }))
    .where('account_id', '=', from.account)
    .where('parent_kind', '=', from.kind)
    .where('parent_id', '=', from.id)
    .execute()
}

/**
 * Comments, history and files of all records of a customer, which is about to be merged. Called before the records move: their
 * customer finds what is beside them.
 */
export async function moveRecordsToCustomer(db: Write, account: string, from: string, to: string): Promise<void> {
  for (const { table, column } of Object.values(PARENT_TABLES))
    for (const child of ['comments', 'history', 'files'])
      await sql`
        update ${sql.table(child)} r set customer_id = ${to}
        from ${sql.table(table)} p
        where p.account_id = ${account} and p.customer_id = ${from}
          and r.account_id = ${account} and r.${sql.ref(column)} = p.id`.execute(db)
}

/** Call it in the transaction of the change. Ids ascend, so entries with equal timestamps keep their order. */
export async function addHistory(
  db: Write,
  parents: readonly RecordParent[],
  entries: readonly HistoryEntry[],
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> {
  await insertRows(
    db,
    'history',
    parents.flatMap((parent) => entries.map((entry) => historyRow(parent, entry, stamp, newId()))),
  )
}

const historyRow = (parent: RecordParent, entry: HistoryEntry, stamp: ActorStamp, id: string) => ({
  account_id: parent.account,
  id,
  parent_kind: parent.kind,
  parent_id: parent.id,
  customer_id: parent.customer,
  ...copiedContacts(parent),
  audience: entry.audience,
  event: entry.event,
  from_status: entry.from ?? null,
  to_status: entry.to ?? null,
  details: entry.details ?? {},
  actor_kind: stamp.kind,
  actor_id: stamp.id,
  actor_name: stamp.name,
  created_at: stamp.at,
})

/** Adds history to many parents at once, each with its own entries. Imports use it. */
export async function addHistoryBatch(
  db: Write,
  entries: readonly { parent: RecordParent; entry: HistoryEntry }[],
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> {
  await insertRows(
    db,
    'history',
    entries.map(({ parent, entry }) => historyRow(parent, entry, stamp, newId())),
  )
}

/** Takes the entries of these files out of the history that customers see. */
export async function hideAttachedEntries(db: Write, parent: RecordParent, files: readonly string[]): Promise<void> {
  await sql`
    update history set audience = 'internal'
    where account_id = ${parent.account} and parent_kind = ${parent.kind} and parent_id = ${parent.id}
      and event = 'attached' and details ->> 'file' = any (${files})`.execute(db)
}

export async function addComment(
  db: Write,
  parent: RecordParent,
  { id, audience, body }: { id: string; audience: RecordAudience; body: string },
  stamp: ActorStamp,
): Promise<void> {
  await db
    .insertInto('comments')
    .values({
      account_id: parent.account,
      id,
      parent_kind: parent.kind,
      parent_id: parent.id,
      customer_id: parent.customer,
      ...copiedContacts(parent),
      audience,
      author_kind: stamp.kind,
      author_id: stamp.id,
      author_name: stamp.name,
      body,
      created_at: stamp.at,
    })
    .execute()
}

/**
 * The office has read the customer's comments of a job up to this one. Later ones stay unread; returns their
 * number, or undefined when the job has no such comment.
 */
export async function markCommentsRead(db: Write, job: RecordParent, upTo: string): Promise<number | undefined> {
  const {
    rows: [row],
  } = await sql<{ unread: number }>`
    update jobs j set unread_comments = (
      select count(*) from comments c
      where c.account_id = ${job.account} and c.job_id = ${job.id} and c.author_kind in ('portalUser', 'linkVisitor')
        and (c.created_at, c.id) > (
          select seen.created_at, seen.id from comments seen
          where seen.account_id = ${job.account} and seen.job_id = ${job.id} and seen.id = ${upTo}))
    where j.account_id = ${job.account} and j.id = ${job.id} and exists (
      select from comments seen
      where seen.account_id = ${job.account} and seen.job_id = ${job.id} and seen.id = ${upTo})
    returning j.unread_comments as unread`.execute(db)
  return row?.unread
}

// ---- columns for the statement that reads the parent ----

const HISTORY_COLUMNS =
  'id, audience, event, from_status, to_status, details, actor_kind, actor_id, actor_name, created_at'
const COMMENT_COLUMNS = 'id, audience, body, author_kind, author_id, author_name, created_at'
const FILE_COLUMNS = `id, comment_id, field_id, audience, uploader_kind, uploader_id, uploader_name, name, type, size, created_at`

/**
 * Returns SQL columns `history`, `comments` and `files` for a statement that reads one parent. Each is a JSON array.
 * Timestamps are ISO strings.
 * @param parent SQL of the parent's id, such as `j.id`. The outer query selects the parent, so its policy applies.
 * @param account SQL of the account id
 * @param audience Only records for this audience. Undefined selects all.
 */
export function recordColumns({
  kind,
  parent,
  account,
  audience,
}: {
  kind: ParentKind
  parent: string
  account: string
  audience?: RecordAudience
}): string {
  const { column } = PARENT_TABLES[kind]
  const condition = `account_id = ${account} and ${column} = ${parent}${audience ? ` and audience = '${audience}'` : ''}`
  const records = (columns: string, table: string) => `(
      select coalesce(json_agg(r order by r.created_at, r.id), '[]')
      from (select ${columns} from ${table} where ${condition}) r)`
  return `
    ${records(HISTORY_COLUMNS, 'history')} as history,
    ${records(COMMENT_COLUMNS, 'comments')} as comments,
    ${records(FILE_COLUMNS, 'files')} as files`
}
