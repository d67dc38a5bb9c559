/**
 * Files that wait for their form: they have no parent, only their uploader reaches them, and after a day they are gone.
 * Row-level security compares the uploader as well.
 */
import { sql } from 'kysely'
import { statement } from '../../../../platform/database/statements.ts'
import type { Read, Write } from '../../../../platform/operation.ts'
import type { FileRecord } from '../queries.ts'
import { waitingSince, type Uploader } from '../rules.ts'

const selectUploads = (db: Read, account: string, ids: readonly string[], uploader: Uploader, now: Date) =>
  db
    .selectFrom('files')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', 'in', [...ids])
    .where('parent_id', 'is', null)
    .where('uploader_kind', '=', uploader.kind)
    .where('uploader_id', '=', uploader.id)
    .where('created_at', '>', waitingSince(now))

/** One upload of this uploader. */
export const findUpload = async (
  db: Read,
  account: string,
  id: string,
  uploader: Uploader,
  now: Date,
): Promise<FileRecord | undefined> =>
  (await selectUploads(db, account, [id], uploader, now).executeTakeFirst()) as FileRecord | undefined

/** Those of the given files that wait and are this uploader's: the only ones a form may use. */
export const lockUploads = async (
  db: Write,
  account: string,
  ids: readonly string[],
  uploader: Uploader,
  now: Date,
): Promise<FileRecord[]> =>
  ids.length === 0 ? [] : ((await selectUploads(db, account, ids, uploader, now).forUpdate().execute()) as FileRecord[])

/** `$1` ids. Sent with the look-up of the caller, so account and uploader come from the transaction's own settings. */
const lockCallersUploads = statement<FileRecord>(`
  select * from files
  where account_id = (select nullif(current_setting('app.account', true), '')::uuid)
    and id = any ($1::uuid[]) and parent_id is null
    and uploader_kind = (select current_setting('app.actor_kind', true))
    and uploader_id = (select nullif(current_setting('app.actor_id', true), '')::uuid)
  for update`)

/** The same for the caller of this transaction, who must check isPendingUpload. */
export const lockOwnUploads = async (db: Write, ids: readonly string[]): Promise<FileRecord[]> =>
  ids.length === 0 ? [] : lockCallersUploads(db, ids)

/** This uploader's files that waited too long; returns the keys of their bytes. */
export async function dropStaleFiles(db: Write, account: string, uploader: Uploader, now: Date): Promise<string[]> {
  const rows = await db
    .deleteFrom('files')
    .where('account_id', '=', account)
    .where('parent_id', 'is', null)
    .where('uploader_kind', '=', uploader.kind)
    .where('uploader_id', '=', uploader.id)
    .where('created_at', '<=', waitingSince(now))
    .returning('storage_key')
    .execute()
  return rows.map((file) => file.storage_key)
}

/** The same for everybody, as portico_system: for the daily clean-up. */
export async function deleteStaleFiles(db: Write, now: Date): Promise<string[]> {
  const { rows } = await sql<{ storage_key: string }>`
    delete from files where parent_id is null and created_at <= ${waitingSince(now)}
    returning storage_key`.execute(db)
  return rows.map((file) => file.storage_key)
}
