/** Uploading, reading and removing files, by the operations of each kind of parent. Those without one yet are in uploads/. */
import { FileMissing, FileRefused, type FileStore } from '../../../platform/files.ts'
import {
  implement,
  prepared,
  withEffect,
  type PrepareTools,
  type Read,
  type Upload,
  type Write,
} from '../../../platform/operation.ts'
import { notFound, problem, yes } from '../../../platform/problem.ts'
import { fieldsOf } from '../../jobs/form/queries.ts'
import { mayRemoveFile, maySeeJob } from '../../jobs/policy.ts'
import { changeJob, findJob, lockJob, type JobRecord } from '../../jobs/queries.ts'
import { jobParent, valuesWithoutFile } from '../../jobs/rules.ts'
import { recordUpdate } from '../../jobs/updates/queries.ts'
import { isOffice, type StaffActor } from '../../identity/rules.ts'
import { viewFields } from '../../templates/fields/rules.ts'
import { addHistory } from '../queries.ts'
import { actorStamp, presentFile, type ActorStamp, type RecordAudience, type RecordParent } from '../rules.ts'
import { jobFiles } from './contract.ts'
import {
  filesOf,
  findFile,
  insertFile,
  listUndrawnPhotos,
  measureStorage,
  removeFile,
  replacePhoto,
  type FileRecord,
} from './queries.ts'
import { findStorageError, type Uploader } from './rules.ts'

const {
  uploadPortalJobFile,
  downloadPortalFile,
  getPortalFile,
  uploadJobFile,
  listJobFiles,
  downloadJobFile,
  removeJobFile,
} = jobFiles

/** A repeated upload keeps the file of the first one. */
export const discard = (stored: StoredFile, files: FileStore): Promise<void> => files.delete(stored.key)

export const jobFilesHandlers = implement(
  'jobs',
  {
    uploadPortalJobFile,
    downloadPortalFile,
    getPortalFile,
    uploadJobFile,
    listJobFiles,
    downloadJobFile,
    removeJobFile,
  },
  {
    uploadPortalJobFile: prepared(
      storeUpload,
      async (ctx, { job: jobId }, stored) =>
        deletingOnError(ctx.files, stored.key, async () => {
          const job = await findJob(ctx.db, ctx.account.id, jobId)
          ctx.allow(maySeeJob(ctx.actor, job))
          await recordUpdate(ctx.db, job!, { kind: 'edited', details: {} }, actorStamp(ctx), ctx.newId)
          return addFile(ctx, jobParent(job!), stored, 'customer')
        }),
      { discard },
    ),

    async downloadPortalFile(ctx, { file: fileId }) {
      const file = await findReadableFile(ctx, fileId)
      ctx.allow(file ? yes : notFound)
      return sendFile(ctx.files, file!)
    },

    async getPortalFile(ctx, { file: fileId }) {
      const file = await findReadableFile(ctx, fileId)
      ctx.allow(file ? yes : notFound)
      return { id: file!.id, ...presentFile(file!) }
    },

    uploadJobFile: prepared(
      storeUpload,
      async (ctx, { job: jobId, audience }, stored) =>
        deletingOnError(ctx.files, stored.key, async () => {
          const job = await findJob(ctx.db, ctx.account.id, jobId)
          ctx.allow(maySeeJob(ctx.actor, job))
          return addFile(ctx, jobParent(job!), stored, audience)
        }),
      { discard },
    ),

    async listJobFiles(ctx, { job: jobId }) {
      const job = await findJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(maySeeJob(ctx.actor, job))
      const files = await filesOf(ctx.db, jobParent(job!))
      const isShown = await fileFilter(ctx, job!, files)
      return {
        rows: files.filter(isShown).map((file) => ({
          id: file.id,
          ...presentFile(file),
          audience: file.audience,
          by: file.uploader_name,
        })),
      }
    },

    async downloadJobFile(ctx, { job: jobId, file: fileId }) {
      const file = await findFileOf(ctx, await findJob(ctx.db, ctx.account.id, jobId), fileId)
      ctx.allow(file ? yes : notFound)
      return sendFile(ctx.files, file!)
    },

    async removeJobFile(ctx, { job: jobId, file: fileId }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      const file = await findFileOf(ctx, job, fileId)
      ctx.allow(mayRemoveFile(ctx.actor, job, file))
      const key = await removeFile(ctx.db, file!)
      const fields = valuesWithoutFile(job!.fields, file!)
      if (fields) await changeJob(ctx.db, job!, { fields }, ctx.now)
      const details = { name: file!.name, file: file!.id, ...(file!.field_id && { field: file!.field_id }) }
      await addHistory(
        ctx.db,
        [jobParent(job!)],
        [{ event: 'removedFile', audience: file!.audience, details }],
        actorStamp(ctx),
        ctx.newId,
      )
      if (key) ctx.afterCommit(() => ctx.files.delete(key))
      return {}
    },
  },
)

export interface StoredFile {
  key: string
  name: string
  type: string
  size: number
}

/** Stores the bytes before the rows that name them, outside the transaction. */
export function storeUpload({ file }: { file: Upload }, { account, files }: PrepareTools): Promise<StoredFile> {
  return files.put(file.content, { account: account.id, name: file.name })
}

/** What refuses the row deletes the stored bytes again. */
export async function deletingOnError<T>(
  files: { delete(key: string): Promise<void> },
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await files.delete(key)
    throw error
  }
}

export interface UploadContext {
  db: Parameters<typeof insertFile>[0]
  account: { id: string }
  actor: { kind: string; id: string; name: string }
  files: Pick<FileStore, 'accountQuota' | 'delete'>
  now: Date
  newId(): string
  afterCommit(work: () => Promise<void>): void
}

/** @throws input when the job, its uploader or the account has no room for the file; says how much is left */
export async function checkRoom(
  { db, account, actor, files: { accountQuota } }: Omit<UploadContext, 'newId' | 'now' | 'afterCommit'>,
  { size }: StoredFile,
  job: string | null,
): Promise<void> {
  const usage = await measureStorage(db, account.id, { job, uploader: actor })
  const error = findStorageError(usage, size, { uploaderKind: actor.kind, accountQuota })
  if (error) throw problem('input', { fields: { file: error } })
}

/** Adds a stored file to its parent, with a line in the history. */
async function addFile(ctx: UploadContext, parent: RecordParent, stored: StoredFile, audience: RecordAudience) {
  await checkRoom(ctx, stored, parent.id)
  const id = ctx.newId()
  const stamp: ActorStamp = actorStamp(ctx)
  await insertFile(ctx.db, parent.account, { id, stored, parent, audience }, stamp)
  await addHistory(
    ctx.db,
    [parent],
    [{ event: 'attached', audience, details: { name: stored.name, file: id } }],
    stamp,
    ctx.newId,
  )
  return { id, ...presentFile(stored) }
}

interface ReadContext {
  db: Read
  account: { id: string }
  actor: Uploader
  now: Date
}

/** A file a customer may read: of a parent in reach, written for customers, and of no field hidden from them (PS-22). */
async function findReadableFile(ctx: ReadContext, fileId: string): Promise<FileRecord | undefined> {
  const { db, account, actor, now } = ctx
  const file = await findFile(db, account.id, fileId, { uploader: actor, now, audience: 'customer' })
  if (!file?.field_id || !file.parent_id) return file
  const job = await findJob(db, account.id, file.parent_id)
  if (!job) return undefined
  return viewFields(await fieldsOf(db, account.id, job), 'portal').shows(file.field_id) ? file : undefined
}

type StaffContext = Pick<ReadContext, 'db' | 'account'> & { actor: StaffActor }

/** A file of exactly this job, as far as this member of staff sees its fields. */
async function findFileOf(
  ctx: StaffContext,
  job: JobRecord | undefined,
  fileId: string,
): Promise<FileRecord | undefined> {
  const file = job && (await filesOf(ctx.db, jobParent(job))).find((each) => each.id === fileId)
  if (!file) return undefined
  return (await fileFilter(ctx, job, [file]))(file) ? file : undefined
}

/** Whether this member of staff may see a file: not when it answers a field that is hidden from workers (V-29). */
async function fileFilter({ db, account, actor }: StaffContext, job: JobRecord, files: readonly FileRecord[]) {
  const answersNone = files.every((file) => file.field_id === null)
  if (isOffice(actor.role) || answersNone) return () => true
  const view = viewFields(await fieldsOf(db, account.id, job), 'worker')
  return (file: FileRecord) => view.shows(file.field_id)
}

type Storage = { get(key: string): Promise<{ stream: AsyncIterable<Uint8Array>; size: number }> }
const SHOWN_IN_BROWSER = ['image/jpeg', 'image/png', 'image/webp']

export async function sendFile(files: Storage, file: FileRecord) {
  const { stream, size } = await files.get(file.storage_key)
  const type = file.type.startsWith('text/') ? `${file.type}; charset=utf-8` : file.type
  return withEffect({}, { file: { stream, name: file.name, type, size, inline: SHOWN_IN_BROWSER.includes(file.type) } })
}

/** Draws photos of earlier versions anew, some at a time. What cannot be drawn is left as it is. */
export async function drawOldPhotos(
  files: FileStore,
  transact: <T>(work: (db: Write) => Promise<T>) => Promise<T>,
): Promise<void> {
  for (const { account_id: account, name, storage_key: oldKey } of await transact(listUndrawnPhotos)) {
    try {
      const { stream } = await files.get(oldKey)
      const stored = await files.put(stream, { account, name })
      await transact((db) => replacePhoto(db, account, oldKey, stored))
      await files.delete(oldKey)
    } catch (error) {
      if (!(error instanceof FileRefused || error instanceof FileMissing)) throw error
    }
  }
}
