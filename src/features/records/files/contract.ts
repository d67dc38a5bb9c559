/**
 * Files of jobs. A customer's file waits without a job until its form is sent: only its uploader can read it then, and
 * after a day it is gone. What a file is, the bytes say and not the sender (platform/files.ts).
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { id } from '../../../platform/schema.ts'

/** Bytes; the store holds the same limit. */
export const UPLOAD_LIMIT = 10 * 1024 * 1024

const kept = z.object({ id: z.string(), name: z.string(), type: z.string(), size: z.number() })
const ofJob = z.strictObject({ job: id(), file: id() })

export const jobFiles = contract('jobs', {
  uploadPortalFile: operation({
    method: 'POST',
    path: '/portal/{portal}/files',
    audience: ['portalUser'],
    summary: 'Upload a file for a form that is not sent yet',
    output: kept,
    status: 201,
    upload: UPLOAD_LIMIT,
    writes: true,
    limits: [{ by: 'caller', max: 120, seconds: 3_600 }],
  }),
  uploadPortalJobFile: operation({
    method: 'POST',
    path: '/portal/{portal}/jobs/{job}/files',
    audience: ['portalUser'],
    summary: 'Add a file to one of my jobs',
    params: z.strictObject({ job: id() }),
    output: kept,
    status: 201,
    upload: UPLOAD_LIMIT,
    writes: true,
    limits: [{ by: 'caller', max: 120, seconds: 3_600 }],
  }),
  downloadPortalFile: operation({
    method: 'GET',
    path: '/portal/{portal}/files/{file}',
    audience: ['portalUser'],
    summary: 'A file of one of my jobs, or one I have just uploaded',
    params: z.strictObject({ file: id() }),
    output: z.object({}),
    download: true,
  }),
  getPortalFile: operation({
    method: 'GET',
    path: '/portal/{portal}/files/{file}/about',
    audience: ['portalUser'],
    summary: 'Name, kind and size of a file I may read',
    params: z.strictObject({ file: id() }),
    output: kept,
  }),
  removePortalFile: operation({
    method: 'DELETE',
    path: '/portal/{portal}/files/{file}',
    audience: ['portalUser'],
    summary: 'Throw away a file I uploaded and have not used yet',
    params: z.strictObject({ file: id() }),
    output: z.object({}),
    writes: true,
  }),
  uploadJobFile: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/files',
    audience: ['staff'],
    summary: 'Add a file to a job, for staff or also for the customer',
    params: z.strictObject({ job: id() }),
    body: z.strictObject({ audience: z.enum(['internal', 'customer']).default('internal') }),
    output: kept,
    status: 201,
    upload: UPLOAD_LIMIT,
    writes: true,
  }),
  listJobFiles: operation({
    method: 'GET',
    path: '/office/{account}/jobs/{job}/files',
    audience: ['staff'],
    summary: 'The files of a job',
    params: z.strictObject({ job: id() }),
    output: z.object({
      rows: z.array(kept.extend({ audience: z.enum(['internal', 'customer']), by: z.string().nullable() })),
    }),
  }),
  downloadJobFile: operation({
    method: 'GET',
    path: '/office/{account}/jobs/{job}/files/{file}',
    audience: ['staff'],
    summary: 'A file of a job',
    params: ofJob,
    output: z.object({}),
    download: true,
  }),
  removeJobFile: operation({
    method: 'DELETE',
    path: '/office/{account}/jobs/{job}/files/{file}',
    audience: ['staff'],
    summary: 'Remove a file from a job',
    params: ofJob,
    output: z.object({}),
    writes: true,
  }),
})
