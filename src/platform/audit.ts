/** The audit journal: one row for each action that an account may want to trace. */
import { insertRows } from './database/statements.ts'
import { newId } from './ids.ts'
import type { ServerContext } from './server-context.ts'

export const writeAudit: ServerContext['audit'] = async (
  db,
  { event, subjectKind, subjectId, details },
  { account, actor, now, requestId, clientAddress },
) => {
  await insertRows(db, 'audit', [
    {
      account_id: account.id,
      id: newId(),
      event,
      actor_kind: actor.kind,
      actor_id: 'id' in actor ? actor.id : null,
      actor_name: 'name' in actor ? actor.name : null,
      subject_kind: subjectKind ?? null,
      subject_id: subjectId ?? null,
      details: details ?? {},
      request_id: requestId,
      client_address: clientAddress,
      created_at: now,
    },
  ])
}
