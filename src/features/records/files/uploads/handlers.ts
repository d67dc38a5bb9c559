/** Uploading files for a form that is not sent yet, in the portal and in the office; reading and deleting one's own. */
import { implement, prepared } from '../../../../platform/operation.ts'
import { notFound, yes, type Decision } from '../../../../platform/problem.ts'
import type { PortalConfig, CustomerActor } from '../../../identity/rules.ts'
import { mayRunJobs, mayUseJobs } from '../../../jobs/policy.ts'
import { mayUseTickets } from '../../../tickets/policy.ts'
import { actorStamp, presentFile, type RecordAudience } from '../../rules.ts'
import { jobFiles } from '../contract.ts'
import {
  checkRoom,
  deletingOnError,
  discard,
  sendFile,
  storeUpload,
  type StoredFile,
  type UploadContext,
} from '../handlers.ts'
import { insertFile, removeFile } from '../queries.ts'
import { dropStaleFiles, findUpload } from './queries.ts'

const { uploadPortalFile, removePortalFile, uploadFile, downloadFile, getFile, removeFile: removeOfficeFile } = jobFiles

export const uploadHandlers = implement(
  'jobs',
  { uploadPortalFile, removePortalFile, uploadFile, downloadFile, getFile, removeFile: removeOfficeFile },
  {
    uploadPortalFile: prepared(
      storeUpload,
      async (ctx, _input, stored) =>
        deletingOnError(ctx.files, stored.key, () => {
          ctx.allow(mayUpload(ctx.actor, ctx.account.portal))
          return keepUpload(ctx, stored, 'customer')
        }),
      { discard },
    ),

    async removePortalFile(ctx, { file }) {
      await removeUpload(ctx, file)
      return {}
    },

    uploadFile: prepared(
      storeUpload,
      async (ctx, _input, stored) =>
        deletingOnError(ctx.files, stored.key, () => {
          // Only they have a form that takes it.
          ctx.allow(mayRunJobs(ctx.actor))
          return keepUpload(ctx, stored, 'internal')
        }),
      { discard },
    ),

    async downloadFile(ctx, { file: id }) {
      const file = await findUpload(ctx.db, ctx.account.id, id, ctx.actor, ctx.now)
      ctx.allow(file ? yes : notFound)
      return sendFile(ctx.files, file!)
    },

    async getFile(ctx, { file: id }) {
      const file = await findUpload(ctx.db, ctx.account.id, id, ctx.actor, ctx.now)
      ctx.allow(file ? yes : notFound)
      return { id, ...presentFile(file!) }
    },

    async removeFile(ctx, { file }) {
      await removeUpload(ctx, file)
      return {}
    },
  },
)

/** Forms of jobs and of tickets take files. */
function mayUpload(actor: CustomerActor, portal: PortalConfig): Decision {
  const jobs = mayUseJobs(actor, portal)
  return jobs.yes ? jobs : mayUseTickets(actor, portal)
}

/** Keeps a file for a form of this uploader. What they left behind goes first, because it frees its room. */
async function keepUpload(ctx: UploadContext, stored: StoredFile, audience: RecordAudience) {
  const id = ctx.newId()
  const staleKeys = await dropStaleFiles(ctx.db, ctx.account.id, ctx.actor, ctx.now)
  await checkRoom(ctx, stored, null)
  await insertFile(ctx.db, ctx.account.id, { id, stored, audience }, actorStamp(ctx))
  ctx.afterCommit(async () => {
    for (const key of staleKeys) await ctx.files.delete(key)
  })
  return { id, ...presentFile(stored) }
}

async function removeUpload(ctx: UploadContext & { allow(decision: Decision): void }, id: string): Promise<void> {
  const file = await findUpload(ctx.db, ctx.account.id, id, ctx.actor, ctx.now)
  ctx.allow(file ? yes : notFound)
  const key = await removeFile(ctx.db, file!)
  if (key) ctx.afterCommit(() => ctx.files.delete(key))
}
