/** Who has an uploaded file until its form is sent, and how much may be stored: by job, by uploader and by account. */

/** An id identifies only with its kind. */
export interface Uploader {
  kind: string
  id: string
}

/** How long an uploaded file waits for its form. */
const WAITING_MS = 24 * 3600_000

/** Files uploaded before this have waited too long. */
export const waitingSince = (now: Date): Date => new Date(now.getTime() - WAITING_MS)

export const isPendingUpload = (file: { created_at: Date }, now: Date): boolean =>
  file.created_at.getTime() > waitingSince(now).getTime()

/** Whether a file without a parent waits for a form of this uploader. */
export const isOwnUpload = (
  file: { uploader_kind: string; uploader_id: string | null; created_at: Date },
  { kind, id }: Uploader,
  now: Date,
): boolean => file.uploader_kind === kind && file.uploader_id === id && isPendingUpload(file, now)

const MEGABYTE = 1024 * 1024

/** Bytes of one job's files: about 100 photos as they are kept (2 to 3 MB), or 25 files of the largest size. */
const JOB_QUOTA = 250 * MEGABYTE

/**
 * Parts of the account's quota that one uploader may fill, uploads without a job included. A customer books a few jobs a
 * year, so a twentieth (1 GB of 20) holds the photos of a hundred; a dispatcher uploads for everybody. Nobody can use up the
 * account alone.
 */
const UPLOADER_SHARES: Readonly<Record<string, number>> = { portalUser: 1 / 20, linkVisitor: 1 / 20, staff: 1 / 2 }

/** Bytes that are stored already. */
export interface StorageUsage {
  account: number
  uploader: number
  /** Of the job that the file is for; 0 for a file without one. */
  job: number
}

interface StorageError {
  code: string
  vars?: { megabytes: number }
}

/**
 * Why a file has no room, or null. The words name what is left, in megabytes.
 * @param size Bytes of the file as it is kept
 * @param accountQuota Bytes that the operator grants each account
 */
export function findStorageError(
  usage: StorageUsage,
  size: number,
  { uploaderKind, accountQuota }: { uploaderKind: string; accountQuota: number },
): StorageError | null {
  const uploaderQuota = accountQuota * (UPLOADER_SHARES[uploaderKind] ?? 0)
  return (
    findJobStorageError(usage.job, size) ??
    findQuotaError(uploaderQuota - usage.uploader, size, { some: 'fileUploaderRoom', none: 'fileUploaderFull' }) ??
    findQuotaError(accountQuota - usage.account, size, { some: 'fileAccountRoom', none: 'fileAccountFull' })
  )
}

/** The same for the job alone: files that join it may be stored already. */
export const findJobStorageError = (jobBytes: number, added: number): StorageError | null =>
  findQuotaError(JOB_QUOTA - jobBytes, added, { some: 'fileJobRoom', none: 'fileJobFull' })

function findQuotaError(remaining: number, size: number, codes: { some: string; none: string }): StorageError | null {
  if (size <= remaining) return null
  // Rounded down: a file of the named size has room.
  const megabytes = Math.floor((remaining / MEGABYTE) * 10) / 10
  return megabytes > 0 ? { code: codes.some, vars: { megabytes } } : { code: codes.none }
}
