/** The audit journal: one row for each action that an account may want to trace. */
import { sql } from 'kysely'
import { insertRows } from './database/statements.ts'
import { newId } from './ids.ts'
import type { ServerContext } from './server-context.ts'

/**
 * Without an account (operations of people) the entry goes to every account that the person is active staff of, and to the
 * installation, under an account id of zeros, when there is none.
 */
export const writeAudit: ServerContext['audit'] = async (
  db,
  { event, subjectKind, subjectId, details },
  { account, actor, now, requestId, clientAddress },
) => {
  const entry = {
    id: newId(),
    event,
    actor_kind: actor.kind,
    actor_id: 'id' in actor ? (actor.id as string) : null,
    actor_name: 'name' in actor ? (actor.name as string) : null,
    subject_kind: subjectKind ?? null,
    subject_id: subjectId ?? null,
    details: details ?? {},
    request_id: requestId,
    client_address: clientAddress,
    created_at: now,
  }
  if (account) {
    await insertRows(db, 'audit', [{ account_id: account.id, ...entry }])
    return
  }
  const person = subjectKind === 'person' ? entry.subject_id : actor.kind === 'person' ? entry.actor_id : null
  await sql`select write_person_audit(${person ?? null}, ${JSON.stringify(entry)})`.execute(db)
}
