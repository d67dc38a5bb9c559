import { implement, prepared, withEffect, type PrepareTools, type Upload } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { mayManage } from '../../identity/policy.ts'
import { portalFields } from '../../templates/rules.ts'
import { actorStamp } from '../handlers.ts'
import { mayPlan, maySeeJob } from '../policy.ts'
import { addHistory, changeJob, fieldsOf, findJob, lockJob } from '../queries.ts'
import { jobFiles, UPLOAD_LIMIT } from './contract.ts'
import { dropStaleFiles, filesOf, findFile, insertFile, removeFile, type FileRecord } from './queries.ts'

export const jobFilesHandlers = implement('jobs', jobFiles, {
  uploadPortalFile: prepared(keep, async (ctx, _input, kept) => {
    ctx.allow({ yes: true })
    const id = ctx.newId()
    await undoing(ctx.files, kept.key, () =>
      insertFile(ctx.db, ctx.account.id, { id, kept, audience: 'customer' }, actorStamp(ctx), ctx.now),
    )
    const stale = await dropStaleFiles(ctx.db, ctx.account.id, ctx.actor.id, ctx.now)
    ctx.afterCommit(async () => {
      for (const key of stale) await ctx.files.delete(key)
    })
    return { id, ...about(kept) }
  }),

  uploadPortalJobFile: prepared(keep, async (ctx, { job: wanted }, kept) => {
    const job = await undoing(ctx.files, kept.key, async () => {
      const found = await findJob(ctx.db, ctx.account.id, wanted)
      ctx.allow(maySeeJob(ctx.actor, found))
      return found!
    })
    const id = ctx.newId()
    await undoing(ctx.files, kept.key, async () => {
      await insertFile(ctx.db, ctx.account.id, { id, kept, job, audience: 'customer' }, actorStamp(ctx), ctx.now)
      await addHistory(
        ctx.db,
        [job],
        [{ event: 'attached', audience: 'customer', details: { name: kept.name } }],
        actorStamp(ctx),
        ctx.now,
        ctx.newId,
      )
    })
    return { id, ...about(kept) }
  }),

  async downloadPortalFile(ctx, { file: wanted }) {
    const file = await readable(ctx, wanted)
    ctx.allow(file ? { yes: true } : { yes: false, code: 'notFound' })
    return sent(ctx.files, file!)
  },

  async getPortalFile(ctx, { file: wanted }) {
    const file = await readable(ctx, wanted)
    ctx.allow(file ? { yes: true } : { yes: false, code: 'notFound' })
    return { id: file!.id, ...about(file!) }
  },

  async removePortalFile(ctx, { file: wanted }) {
    const file = await findFile(ctx.db, ctx.account.id, wanted, {
      uploader: ctx.actor.id,
      now: ctx.now,
      audience: 'customer',
    })
    ctx.allow(file?.parent_id === null ? { yes: true } : { yes: false, code: 'notFound' })
    const key = await removeFile(ctx.db, file!)
    if (key) ctx.afterCommit(() => ctx.files.delete(key))
    return {}
  },

  uploadJobFile: prepared(keep, async (ctx, { job: wanted, audience }, kept) => {
    const id = ctx.newId()
    await undoing(ctx.files, kept.key, async () => {
      const job = await findJob(ctx.db, ctx.account.id, wanted)
      ctx.allow(maySeeJob(ctx.actor, job))
      await insertFile(ctx.db, ctx.account.id, { id, kept, job: job!, audience }, actorStamp(ctx), ctx.now)
      await addHistory(
        ctx.db,
        [job!],
        [{ event: 'attached', audience, details: { name: kept.name } }],
        actorStamp(ctx),
        ctx.now,
        ctx.newId,
      )
    })
    return { id, ...about(kept) }
  }),

  async listJobFiles(ctx, { job: wanted }) {
    ctx.allow(maySeeJob(ctx.actor, await findJob(ctx.db, ctx.account.id, wanted)))
    const files = await filesOf(ctx.db, ctx.account.id, wanted)
    return {
      rows: files.map((file) => ({
        id: file.id,
        ...about(file),
        audience: file.audience as 'internal',
        by: file.uploader_name,
      })),
    }
  },

  async downloadJobFile(ctx, { job: wanted, file: wantedFile }) {
    const file = await ofJob(ctx, wanted, wantedFile)
    ctx.allow(file ? { yes: true } : { yes: false, code: 'notFound' })
    return sent(ctx.files, file!)
  },

  async removeJobFile(ctx, { job: wanted, file: wantedFile }) {
    const job = await lockJob(ctx.db, ctx.account.id, wanted)
    const file = await ofJob(ctx, wanted, wantedFile)
    // Who brought it may take it back; else it is the office's decision.
    ctx.allow(
      !job || !file
        ? { yes: false, code: 'notFound' }
        : (file.uploader_kind === 'staff' && file.uploader_id === ctx.actor.id) || mayManage(ctx.actor).yes
          ? { yes: true }
          : mayPlan(ctx.actor, job),
    )
    const key = await removeFile(ctx.db, file!)
    const field = file!.field_id
    if (field && Array.isArray(job!.fields[field])) {
      const left = job!.fields[field].filter((id) => id !== wantedFile)
      const { [field]: _gone, ...others } = job!.fields
      await changeJob(ctx.db, job!, { fields: left.length > 0 ? { ...others, [field]: left } : others }, ctx.now)
    }
    await addHistory(
      ctx.db,
      [job!],
      [{ event: 'removedFile', audience: file!.audience as 'internal', details: { name: file!.name } }],
      actorStamp(ctx),
      ctx.now,
      ctx.newId,
    )
    if (key) ctx.afterCommit(() => ctx.files.delete(key))
    return {}
  },
})

type Kept = { key: string; name: string; type: string; size: number }

/** Bytes are put before the rows that name them, and outside the transaction. */
async function keep({ file }: { file: Upload }, { account, files }: PrepareTools): Promise<Kept> {
  if (!file) throw problem('input', { fields: { file: 'required' } })
  try {
    return await files.put(file.stream, {
      account: (account as { id: string }).id,
      name: file.name,
      limit: UPLOAD_LIMIT,
    })
  } catch (error) {
    const { name, reason } = error as { name?: string; reason?: string }
    if (name !== 'FileRefused') throw error
    throw problem('input', {
      fields: {
        file: {
          code: `file${reason![0]!.toUpperCase()}${reason!.slice(1)}`,
          vars: { max: UPLOAD_LIMIT / 1024 / 1024 },
        },
      },
    })
  }
}

/** What refuses the row takes the bytes away again. */
async function undoing<T>(
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

const about = ({ name, type, size }: { name: string; type: string; size: number | string | bigint }) => ({
  name,
  type,
  size: Number(size),
})

/** A customer's file: of a job in view, said to customers, and of no field that is hidden from them (PS-22). */
async function readable(
  ctx: { db: Parameters<typeof findFile>[0]; account: { id: string }; actor: { id: string }; now: Date },
  wanted: string,
): Promise<FileRecord | undefined> {
  const file = await findFile(ctx.db, ctx.account.id, wanted, {
    uploader: ctx.actor.id,
    now: ctx.now,
    audience: 'customer',
  })
  if (!file?.field_id || !file.job_id) return file
  const job = await findJob(ctx.db, ctx.account.id, file.job_id)
  return job && portalFields(await fieldsOf(ctx.db, ctx.account.id, job)).some((field) => field.id === file.field_id)
    ? file
    : undefined
}

/** A file of exactly this job, read through the job: a worker reaches those of their own jobs. */
async function ofJob(
  ctx: { db: Parameters<typeof filesOf>[0]; account: { id: string } },
  job: string,
  file: string,
): Promise<FileRecord | undefined> {
  return (await filesOf(ctx.db, ctx.account.id, job)).find((each) => each.id === file)
}

async function sent(
  files: { get(key: string): Promise<{ stream: AsyncIterable<Uint8Array>; size: number }> },
  file: FileRecord,
) {
  const { stream, size } = await files.get(file.storage_key)
  return withEffect(
    {},
    {
      file: {
        stream,
        name: file.name,
        type: file.type.startsWith('text/') ? `${file.type}; charset=utf-8` : file.type,
        size,
        inline: ['image/jpeg', 'image/png', 'image/webp'].includes(file.type),
      },
    },
  )
}
