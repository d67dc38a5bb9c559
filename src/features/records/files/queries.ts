/** Files of records. Those that wait for their form are in uploads/. */
import { sql, type Selectable } from 'kysely'
import type { Files } from '../../../../db/schema.gen.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import type { Field } from '../../templates/fields/rules.ts'
import { copiedContacts, selectRecordsSql, createParentQuery, hideAttachedEntries } from '../queries.ts'
import type { ActorStamp, ParentKind, RecordAudience, RecordParent } from '../rules.ts'
import { isOwnUpload, type StorageUsage, type Uploader } from './rules.ts'

export type FileRecord = Omit<Selectable<Files>, 'parent_kind' | 'audience'> & {
  parent_kind: ParentKind | null
  audience: RecordAudience
}

// ---- reading ----

/** Files of one parent, oldest first. */
export const filesOf = createParentQuery<FileRecord>(selectRecordsSql('r.*', 'files'))

const parentInReach = createParentQuery<object>(
  ({ table }) => `select 1 from ${table} where account_id = $1 and id = $2`,
)

/** A file by its id alone: beside a parent in reach, or waiting and this uploader's. */
export async function findFile(
  db: Read,
  account: string,
  file: string,
  { uploader, now, audience }: { uploader: Uploader; now: Date; audience: RecordAudience },
): Promise<FileRecord | undefined> {
  const row = await db
    .selectFrom('files')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', file)
    .where('audience', '=', audience)
    .executeTakeFirst()
  if (!row) return undefined
  const record = row as FileRecord
  const { parent_kind: kind, parent_id: id } = record
  if (!kind || !id) return isOwnUpload(record, uploader, now) ? record : undefined
  const parents = await parentInReach(db, { kind, account, id })
  if (parents.length === 0) return undefined
  if (record.comment_id === null) return record
  // A file of a comment is as visible as the comment (PS-22, E-62).
  const comment = await db
    .selectFrom('comments')
    .select('id')
    .where('account_id', '=', account)
    .where('parent_id', '=', id)
    .where('id', '=', record.comment_id)
    .where('audience', '=', audience)
    .executeTakeFirst()
  return comment ? record : undefined
}

// ---- writing ----

export interface NewFile {
  id: string
  stored: { key: string; name: string; type: string; size: number }
  audience: RecordAudience
  /** Undefined: it waits for its form. */
  parent?: RecordParent
}

export async function insertFile(
  db: Write,
  account: string,
  { id, stored, parent, audience }: NewFile,
  stamp: ActorStamp,
): Promise<void> {
  await db
    .insertInto('files')
    .values({
      account_id: account,
      id,
      parent_kind: parent?.kind ?? null,
      parent_id: parent?.id ?? null,
      customer_id: parent?.customer ?? null,
      ...(parent && copiedContacts(parent)),
      audience,
      uploader_kind: stamp.kind,
      uploader_id: stamp.id,
      uploader_name: stamp.name,
      name: stored.name,
      type: stored.type,
      size: stored.size,
      storage_key: stored.key,
      created_at: stamp.at,
    })
    .execute()
}

const parentColumns = (parent: RecordParent, field: string | null) => ({
  parent_kind: parent.kind,
  parent_id: parent.id,
  customer_id: parent.customer,
  ...copiedContacts(parent),
  field_id: field,
})

/** Gives a waiting file to its parent, for those who may read it there. */
export async function attachFile(
  db: Write,
  file: FileRecord,
  parent: RecordParent,
  field: string | null,
  audience: RecordAudience = file.audience,
): Promise<void> {
  await db
    .updateTable('files')
    .set({ ...parentColumns(parent, field), audience })
    .where('account_id', '=', file.account_id)
    .where('id', '=', file.id)
    .where('parent_id', 'is', null)
    .execute()
}

/** Gives waiting files to a comment, for those who may read it. */
export async function attachToComment(
  db: Write,
  files: readonly Pick<FileRecord, 'id'>[],
  parent: RecordParent,
  comment: { id: string | null; audience: RecordAudience },
): Promise<void> {
  if (files.length === 0) return
  await db
    .updateTable('files')
    .set({ ...parentColumns(parent, null), comment_id: comment.id, audience: comment.audience })
    .where('account_id', '=', parent.account)
    .where(
      'id',
      'in',
      files.map(({ id }) => id),
    )
    .where('parent_id', 'is', null)
    .execute()
}

/** A row of its own for the same bytes: each parent can lose its file alone. */
export async function copyFile(
  db: Write,
  { job_id: _job, ticket_id: _ticket, ...columns }: FileRecord,
  parent: RecordParent,
  field: string | null,
  id: string,
): Promise<void> {
  await db
    .insertInto('files')
    .values({ ...columns, id, ...parentColumns(parent, field) })
    .execute()
}

/**
 * Makes files of a parent the answer of a field. A field hidden from customers hides them, and that they were attached.
 * False when one is not this parent's.
 */
export async function claimFieldFiles(
  db: Write,
  parent: RecordParent,
  field: Field,
  files: readonly string[],
): Promise<boolean> {
  if (files.length === 0) return true
  const result = await db
    .updateTable('files')
    .set({ field_id: field.id, ...(field.portal === 'hidden' && { audience: 'internal' }) })
    .where('account_id', '=', parent.account)
    .where('parent_kind', '=', parent.kind)
    .where('parent_id', '=', parent.id)
    .where('id', 'in', [...files])
    .executeTakeFirst()
  if (field.portal === 'hidden') await hideAttachedEntries(db, parent, files)
  return Number(result.numUpdatedRows) === files.length
}

// ---- counting ----

/**
 * Bytes stored for the account, an uploader and a job. Other uploads of the account wait until the transaction ends, so what
 * is found to have room still has it at the commit.
 */
export async function measureStorage(
  db: Write,
  account: string,
  { job, uploader }: { job: string | null; uploader: Uploader },
): Promise<StorageUsage> {
  const {
    rows: [row],
  } = await sql<Record<'account_bytes' | 'uploader_bytes' | 'job_bytes', string>>`
    select account_bytes, uploader_bytes, job_bytes
    from measure_storage(${account}, ${job}, ${uploader.kind}, ${uploader.id})`.execute(db)
  return { account: Number(row!.account_bytes), uploader: Number(row!.uploader_bytes), job: Number(row!.job_bytes) }
}

// ---- removing ----

/** Returns the key of the bytes when no other row has them. */
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

/** Keys of the bytes that only this job has, internal ones too: they are deleted with it. */
export async function exclusiveStorageKeys(db: Read, account: string, job: string): Promise<string[]> {
  const {
    rows: [row],
  } = await sql<{ keys: string[] }>`select list_exclusive_storage_keys(${account}, ${job}) as keys`.execute(db as Write)
  return row?.keys ?? []
}

/**
 * Those keys of bytes that no row names, of accounts that exist; as portico_system, for the clean-up.
 * @param columns Every column that names bytes, of tables with an account.
 */
export async function findUnnamedKeys(
  db: Read,
  columns: readonly { table: string; column: string }[],
  keys: readonly string[],
): Promise<string[]> {
  const named = columns.map(
    ({ table, column }) => sql`select 1 from ${sql.table(table)} where account_id = a.id and ${sql.ref(column)} = key`,
  )
  const { rows } = await sql<{ key: string }>`
    select key from unnest(${keys}::text[]) as key join accounts a on a.id = split_part(key, '/', 1)::uuid
    where not exists (${sql.join(named, sql` union all `)})`.execute(db as Write)
  return rows.map(({ key }) => key)
}

/** Photos that earlier versions kept as they were sent, with the position in them; as portico_system, for the clean-up. */
export const listUndrawnPhotos = async (db: Read): Promise<Pick<FileRecord, 'account_id' | 'name' | 'storage_key'>[]> =>
  db
    .selectFrom('files')
    .select(['account_id', 'name', 'storage_key'])
    .distinct()
    .where('type', '=', 'image/heic')
    .limit(20)
    .execute()

/** Every copy of a photo names its new bytes. */
export async function replacePhoto(
  db: Write,
  account: string,
  oldKey: string,
  stored: NewFile['stored'],
): Promise<void> {
  const { key, name, type, size } = stored
  await db
    .updateTable('files')
    .set({ storage_key: key, name, type, size })
    .where('account_id', '=', account)
    .where('storage_key', '=', oldKey)
    .execute()
}
