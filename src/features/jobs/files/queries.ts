import { sql, type Selectable } from 'kysely'
import type { Files } from '../../../../db/schema.gen.ts'
import { statement } from '../../../platform/database/statements.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import type { Field } from '../../templates/rules.ts'
import type { Author, JobRecord } from '../queries.ts'

export type FileRecord = Selectable<Files>

/** How long an uploaded file waits for its form. */
const WAITING_MS = 24 * 3600_000

/** Files of one job, oldest first, read through the job. `audience` is set for customers. */
export const filesOf = (db: Read, account: string, job: string, audience?: 'customer'): Promise<FileRecord[]> =>
  db
    .selectFrom('files as f')
    .innerJoin('jobs as j', (join) => join.onRef('j.account_id', '=', 'f.account_id').onRef('j.id', '=', 'f.job_id'))
    .selectAll('f')
    .where('f.account_id', '=', account)
    .where('j.account_id', '=', account)
    .where('f.job_id', '=', job)
    .$if(audience !== undefined, (query) => query.where('f.audience', '=', audience!))
    .orderBy('f.created_at')
    .orderBy('f.id')
    .execute()

/** A file by its id alone: attached to a job in view, or waiting and this uploader's own. */
export async function findFile(
  db: Read,
  account: string,
  file: string,
  { uploader, now, audience }: { uploader: string; now: Date; audience?: 'customer' },
): Promise<FileRecord | undefined> {
  const found = await db
    .selectFrom('files')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', file)
    .$if(audience !== undefined, (query) => query.where('audience', '=', audience!))
    .executeTakeFirst()
  if (!found) return undefined
  if (found.parent_id === null)
    return found.uploader_id === uploader && found.created_at.getTime() > now.getTime() - WAITING_MS ? found : undefined
  if (!found.job_id) return undefined
  const job = await db
    .selectFrom('jobs')
    .select('id')
    .where('account_id', '=', account)
    .where('id', '=', found.job_id)
    .executeTakeFirst()
  if (!job) return undefined
  if (found.comment_id === null) return found
  // Judged by the comment it belongs to, not by the job (PS-22, E-62).
  const comment = await db
    .selectFrom('comments')
    .select('id')
    .where('account_id', '=', account)
    .where('job_id', '=', found.job_id)
    .where('id', '=', found.comment_id)
    .$if(audience !== undefined, (query) => query.where('audience', '=', audience!))
    .executeTakeFirst()
  return comment ? found : undefined
}

export async function insertFile(
  db: Write,
  account: string,
  {
    id,
    kept,
    job,
    audience,
    field,
  }: {
    id: string
    kept: { key: string; name: string; type: string; size: number }
    job?: Pick<JobRecord, 'id' | 'customer_id'>
    audience: 'internal' | 'customer'
    field?: string
  },
  by: Author,
  now: Date,
): Promise<void> {
  await db
    .insertInto('files')
    .values({
      account_id: account,
      id,
      parent_kind: job ? 'job' : null,
      parent_id: job?.id ?? null,
      field_id: field ?? null,
      customer_id: job?.customer_id ?? null,
      audience,
      uploader_kind: by.kind,
      uploader_id: by.id,
      uploader_name: by.name,
      name: kept.name,
      type: kept.type,
      size: kept.size,
      storage_key: kept.key,
      created_at: now,
    })
    .execute()
}

/** Those of the wanted files that wait and are this uploader's: the only ones a form may use. */
export const waitingFiles = (
  db: Write,
  account: string,
  ids: readonly string[],
  uploader: string,
  now: Date,
): Promise<FileRecord[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('files')
        .selectAll()
        .where('account_id', '=', account)
        .where('id', 'in', [...ids])
        .where('parent_id', 'is', null)
        .where('uploader_id', '=', uploader)
        .where('created_at', '>', new Date(now.getTime() - WAITING_MS))
        .forUpdate()
        .execute()

const ownWaiting =
  statement<FileRecord>(`select * from files where account_id = (select nullif(current_setting('app.account', true), '')::uuid) and id = any ($1::uuid[])
  and parent_id is null and uploader_id = (select nullif(current_setting('app.actor_id', true), '')::uuid) for update`)

/** The same of whoever this transaction's context names; how long they have waited is the caller's to ask. */
export const ownWaitingFiles = async (db: Write, ids: readonly string[]): Promise<FileRecord[]> =>
  ids.length === 0 ? [] : ownWaiting(db, ids)

export const stillWaits = (file: FileRecord, now: Date): boolean =>
  file.created_at.getTime() > now.getTime() - WAITING_MS

/** Gives a waiting file to its job. */
export async function attachFile(
  db: Write,
  file: FileRecord,
  job: Pick<JobRecord, 'id' | 'customer_id'>,
  field: string | null,
): Promise<void> {
  await db
    .updateTable('files')
    .set({ parent_kind: 'job', parent_id: job.id, customer_id: job.customer_id, field_id: field })
    .where('account_id', '=', file.account_id)
    .where('id', '=', file.id)
    .where('parent_id', 'is', null)
    .execute()
}

/** The same bytes for another job of the same booking: its own row, so that each job can lose its own. */
export async function copyFile(
  db: Write,
  file: FileRecord,
  job: Pick<JobRecord, 'id' | 'customer_id'>,
  field: string | null,
  id: string,
): Promise<void> {
  const { job_id: _generated, ...columns } = file
  await db
    .insertInto('files')
    .values({
      ...columns,
      id,
      parent_kind: 'job',
      parent_id: job.id,
      customer_id: job.customer_id,
      field_id: field,
    })
    .execute()
}

/** Makes files of the job the answer of a field. False when one of them is not this job's. Hidden fields hide their files. */
export async function claimFieldFiles(
  db: Write,
  job: Pick<JobRecord, 'account_id' | 'id'>,
  field: Field,
  files: readonly string[],
): Promise<boolean> {
  if (files.length === 0) return true
  const done = await db
    .updateTable('files')
    .set({ field_id: field.id, ...(field.portal === 'hidden' && { audience: 'internal' }) })
    .where('account_id', '=', job.account_id)
    .where('job_id', '=', job.id)
    .where('id', 'in', [...files])
    .executeTakeFirst()
  return Number(done.numUpdatedRows) === files.length
}

/** Removes a row; answers its bytes' key when nothing else holds them. */
export async function removeFile(db: Write, file: FileRecord): Promise<string | null> {
  await db.deleteFrom('files').where('account_id', '=', file.account_id).where('id', '=', file.id).execute()
  const other = await db
    .selectFrom('files')
    .select('id')
    .where('account_id', '=', file.account_id)
    .where('storage_key', '=', file.storage_key)
    .executeTakeFirst()
  return other ? null : file.storage_key
}

/** Keys of the bytes that only this job holds, internal ones too: they go with it. */
export async function exclusiveStorageKeys(db: Read, account: string, job: string): Promise<string[]> {
  const {
    rows: [row],
  } = await sql<{ keys: string[] }>`select exclusive_storage_keys(${account}, ${job}) as keys`.execute(db as Write)
  return row?.keys ?? []
}

/** This uploader's files that waited too long; answers the keys of their bytes. */
export async function dropStaleFiles(db: Write, account: string, uploader: string, now: Date): Promise<string[]> {
  const gone = await db
    .deleteFrom('files')
    .where('account_id', '=', account)
    .where('parent_id', 'is', null)
    .where('uploader_id', '=', uploader)
    .where('created_at', '<=', new Date(now.getTime() - WAITING_MS))
    .returning('storage_key')
    .execute()
  return gone.map((file) => file.storage_key)
}

/** The same for everybody, as portico_system: for the daily sweep. */
export async function deleteStaleFiles(db: Write, now: Date): Promise<string[]> {
  const { rows } = await sql<{
    storage_key: string
  }>`delete from files where parent_id is null and created_at <= ${new Date(now.getTime() - WAITING_MS)} returning storage_key`.execute(
    db,
  )
  return rows.map((file) => file.storage_key)
}
