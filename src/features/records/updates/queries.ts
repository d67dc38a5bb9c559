/** Changes of records that wait to be told. */
import { insertRows } from '../../../platform/database/statements.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import type { ParentKey } from '../queries.ts'
import type { ActorStamp, ParentKind } from '../rules.ts'
import { BATCH_MS, type RecordUpdate } from './rules.ts'

/**
 * Remembers what was done to a record, for the emails about it. Call it in the transaction of the change; imports and the demo
 * do not, so nobody hears of them.
 */
export async function addUpdate(
  db: Write,
  parent: ParentKey,
  { kind, details }: Pick<RecordUpdate, 'kind' | 'details'>,
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> {
  const row = {
    account_id: parent.account,
    id: newId(),
    parent_kind: parent.kind,
    parent_id: parent.id,
    kind,
    actor_kind: stamp.kind,
    actor_id: stamp.id,
    actor_name: stamp.name,
    details,
    created_at: stamp.at,
    due_at: new Date(stamp.at.getTime() + BATCH_MS),
  }
  await insertRows(db, 'record_updates', [row])
}

/** Records whose first change has waited long enough. A change from the future was written before the clock was set back. */
export async function listDueRecords(db: Read, now: Date, limit: number): Promise<ParentKey[]> {
  const latest = new Date(now.getTime() + BATCH_MS)
  const rows = await db
    .selectFrom('record_updates')
    .select(['account_id as account', 'parent_kind as kind', 'parent_id as id'])
    .where((where) => where.or([where('due_at', '<=', now), where('due_at', '>', latest)]))
    .groupBy(['account_id', 'parent_kind', 'parent_id'])
    .orderBy((by) => by.fn.min('due_at'))
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, kind: row.kind as ParentKind }))
}

/**
 * Takes all waiting changes of a record, oldest first. None when another process took them. Lock the record first: a change in
 * progress is then either complete with its row here, or waits and is told later.
 */
export async function takeUpdates<Update extends RecordUpdate>(
  db: Write,
  { account, kind, id }: ParentKey,
): Promise<Update[]> {
  const taken = await db
    .deleteFrom('record_updates')
    .where('account_id', '=', account)
    .where('parent_kind', '=', kind)
    .where('parent_id', '=', id)
    .returningAll()
    .execute()
  const oldestFirst = taken.sort((a, b) => a.created_at.getTime() - b.created_at.getTime() || (a.id < b.id ? -1 : 1))
  return oldestFirst as unknown as Update[]
}
