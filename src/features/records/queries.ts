/**
 * Comments and history of records, and what a parent's page reads of them; `files/queries.ts` has the files. No other file
 * reads or writes these tables. Reading joins the parent, so that its own row-level security decides.
 */
import { insertRows, statement } from '../../platform/database/statements.ts'
import type { Read, Write } from '../../platform/operation.ts'
import type { ActorStamp, HistoryLine, HistoryRecord, ParentKind, RecordAudience, RecordParent } from './rules.ts'

interface ParentTable {
  /** The parents themselves. */
  table: string
  /** Column of comments, history and files that names a parent of this kind; their indexes begin with it. */
  column: string
}

/** A new kind of parent is one line here, and a generated column with its indexes in the three tables. */
const PARENT_TABLES: Readonly<Record<ParentKind, ParentTable>> = {
  job: { table: 'jobs', column: 'job_id' },
}

export type ParentKey = Pick<RecordParent, 'kind' | 'account' | 'id'>

/** A statement about one parent, of each kind. `$1` is the account and `$2` the parent's id. */
export function statementOfParent<Row>(
  text: (parent: ParentTable) => string,
): (db: Read, parent: ParentKey) => Promise<Row[]> {
  const statements = new Map(
    Object.entries(PARENT_TABLES).map(([kind, parent]) => [kind, statement<Row>(text(parent))]),
  )
  return (db, { kind, account, id }) => statements.get(kind)!(db, account, id)
}

/** Rows of a table `r` beside their parent `p`, oldest first. */
export const recordsOfParent = (columns: string, table: string) => (parent: ParentTable) => `
  select ${columns} from ${table} r
  join ${parent.table} p on p.account_id = r.account_id and p.id = r.${parent.column}
  where r.account_id = $1 and p.account_id = $1 and r.${parent.column} = $2
  order by r.created_at, r.id`

/** The history of one parent, oldest first. */
export const historyOf = statementOfParent<HistoryRecord>(recordsOfParent('r.*', 'history'))

/** Written in the transaction of the change. Ids are made in order, so that lines of the same moment keep their order. */
export async function addHistory(
  db: Write,
  parents: readonly RecordParent[],
  lines: readonly HistoryLine[],
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> {
  await insertRows(
    db,
    'history',
    parents.flatMap((parent) => lines.map((line) => historyRow(parent, line, stamp, newId()))),
  )
}

const historyRow = (parent: RecordParent, line: HistoryLine, stamp: ActorStamp, id: string) => ({
  account_id: parent.account,
  id,
  parent_kind: parent.kind,
  parent_id: parent.id,
  customer_id: parent.customer,
  audience: line.audience,
  event: line.event,
  from_status: line.from ?? null,
  to_status: line.to ?? null,
  details: line.details ?? {},
  actor_kind: stamp.kind,
  actor_id: stamp.id,
  actor_name: stamp.name,
  created_at: stamp.at,
})

/** History of many parents at once, each with lines of its own: for imports. */
export async function addHistoryOfMany(
  db: Write,
  entries: readonly { parent: RecordParent; line: HistoryLine }[],
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> {
  await insertRows(
    db,
    'history',
    entries.map(({ parent, line }) => historyRow(parent, line, stamp, newId())),
  )
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
      audience,
      author_kind: stamp.kind,
      author_id: stamp.id,
      author_name: stamp.name,
      body,
      created_at: stamp.at,
    })
    .execute()
}

// ---- beside their parent, in the statement that reads it ----

const HISTORY = 'id, audience, event, from_status, to_status, details, actor_kind, actor_id, actor_name, created_at'
const COMMENT = 'id, audience, body, author_kind, author_id, author_name, created_at'
const FILE = `id, comment_id, field_id, audience, uploader_kind, uploader_id, uploader_name, name, type, size, created_at`

/**
 * Columns `history`, `comments` and `files`, each a JSON array, for a statement that reads one parent. Moments arrive as ISO text.
 * @param parent SQL of the parent's id, such as `j.id`: the parent is in the statement, so its own policy decides
 * @param account SQL of the account
 * @param audience only records written for this audience; undefined: all
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
    ${records(HISTORY, 'history')} as history,
    ${records(COMMENT, 'comments')} as comments,
    ${records(FILE, 'files')} as files`
}
