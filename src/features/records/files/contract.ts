/**
 * Files of jobs. A file of a form waits without a job until the form is sent: only its uploader can read it then, and
 * it is deleted after a day. The type of a file is found from its bytes and not from its name (platform/files.ts).
 */
import { z } from 'zod'
import type { FileType } from '../../../platform/file-types.ts'
import { contract, operation } from '../../../platform/operation.ts'
import { empty, id } from '../../../platform/schema.ts'
import { jobParams } from '../../jobs/job/contract.ts'
import { audience, storedFile } from '../contract.ts'
import { CUSTOMER_KINDS } from '../../identity/rules.ts'

/** Bytes of a photo, which is kept scaled; the store holds the same limit, and 10 MB for other files. */
const UPLOAD_LIMIT = 30 * 1024 * 1024

export const DOWNLOADED_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/heic',
  'application/pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'text/csv',
  'text/plain',
] as const satisfies FileType[]

const fileParams = z.strictObject({ file: id().describe('ID of the file.') })
const jobFileParams = z.strictObject({ ...jobParams.shape, ...fileParams.shape })
const uploading = {
  method: 'POST',
  output: storedFile,
  status: 201,
  upload: UPLOAD_LIMIT,
  accepts: DOWNLOADED_TYPES,
  creates: true,
  writes: true,
} as const
const portalLimits = [{ by: 'caller', max: 120, seconds: 3_600 }] as const

export const jobFiles = contract(
  {
    name: 'Files',
    description:
      'Files of jobs and of forms that are not sent yet. Photos of at most 30 MB, which are scaled, and other files of at most 10 MB.',
  },
  {
    uploadPortalFile: operation({
      ...uploading,
      path: '/portal/{portal}/files',
      audience: CUSTOMER_KINDS,
      summary: 'Upload a file for a form',
      description:
        'Use the ID in a booking or an update. Only you can read the file until then; it is deleted after 24 hours.',
      limits: portalLimits,
    }),
    uploadPortalJobFile: operation({
      ...uploading,
      path: '/portal/{portal}/jobs/{job}/files',
      audience: CUSTOMER_KINDS,
      summary: 'Add a file to your job',
      description: 'Everyone who can see the job can read the file.',
      params: jobParams,
      limits: portalLimits,
    }),
    downloadPortalFile: operation({
      method: 'GET',
      path: '/portal/{portal}/files/{file}',
      audience: CUSTOMER_KINDS,
      summary: 'Download a file',
      description: 'A file of one of your jobs, or one that you uploaded in the last 24 hours.',
      params: fileParams,
      output: empty(),
      download: DOWNLOADED_TYPES,
    }),
    getPortalFile: operation({
      method: 'GET',
      path: '/portal/{portal}/files/{file}/details',
      audience: CUSTOMER_KINDS,
      summary: 'Get the details of a file',
      description: 'Name, media type and size of a file that you can download.',
      params: fileParams,
      output: storedFile,
    }),
    removePortalFile: operation({
      method: 'DELETE',
      path: '/portal/{portal}/files/{file}',
      audience: CUSTOMER_KINDS,
      summary: 'Delete an unused file',
      description: 'Deletes a file that you uploaded and did not use in a form yet.',
      params: fileParams,
      output: empty(),
      writes: true,
    }),
    uploadFile: operation({
      ...uploading,
      path: '/office/{account}/files',
      audience: ['staff'],
      summary: 'Upload a file for a new job',
      description: 'Use the ID in `createJob`. Only you can read the file until then; it is deleted after 24 hours.',
    }),
    downloadFile: operation({
      method: 'GET',
      path: '/office/{account}/files/{file}',
      audience: ['staff'],
      summary: 'Download an unused file',
      description: 'A file that you uploaded in the last 24 hours and did not use yet.',
      params: fileParams,
      output: empty(),
      download: DOWNLOADED_TYPES,
    }),
    getFile: operation({
      method: 'GET',
      path: '/office/{account}/files/{file}/details',
      audience: ['staff'],
      summary: 'Get the details of an unused file',
      description: 'Name, media type and size of a file that you uploaded in the last 24 hours and did not use yet.',
      params: fileParams,
      output: storedFile,
    }),
    removeFile: operation({
      method: 'DELETE',
      path: '/office/{account}/files/{file}',
      audience: ['staff'],
      summary: 'Delete your unused file',
      description: 'Deletes a file that you uploaded and did not use yet.',
      params: fileParams,
      output: empty(),
      writes: true,
    }),
    uploadJobFile: operation({
      ...uploading,
      path: '/office/{account}/jobs/{job}/files',
      audience: ['staff'],
      summary: 'Add a file to a job',
      description: 'Adds a file for staff only, or for the customer as well.',
      params: jobParams,
      body: z.strictObject({ audience: audience.default('internal').describe('Who can read the file.') }),
    }),
    listJobFiles: operation({
      method: 'GET',
      path: '/office/{account}/jobs/{job}/files',
      audience: ['staff'],
      summary: 'List the files of a job',
      description: 'All files of the job, oldest first.',
      params: jobParams,
      output: z.object({
        rows: z
          .array(storedFile.extend({ audience, by: z.string().nullable().describe('Name of the uploader.') }))
          .describe('All files.'),
      }),
    }),
    downloadJobFile: operation({
      method: 'GET',
      path: '/office/{account}/jobs/{job}/files/{file}',
      audience: ['staff'],
      summary: 'Download a file of a job',
      description: 'The bytes of the file, with its name in `Content-Disposition`.',
      params: jobFileParams,
      output: empty(),
      download: DOWNLOADED_TYPES,
    }),
    removeJobFile: operation({
      method: 'DELETE',
      path: '/office/{account}/jobs/{job}/files/{file}',
      audience: ['staff'],
      summary: 'Remove a file from a job',
      description: 'Deletes the file. A worker can delete only files that they uploaded.',
      params: jobFileParams,
      output: empty(),
      writes: true,
    }),
  },
)
