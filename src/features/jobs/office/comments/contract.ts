/** Comments on jobs, as staff write them. */
import { z } from 'zod'
import { operation } from '../../../../platform/operation.ts'
import { addedComment, audience, commentBody } from '../../../records/contract.ts'
import { count, id } from '../../../../platform/schema.ts'
import { jobParams } from '../../job/contract.ts'

export const jobComments = {
  addJobComment: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/comments',
    audience: ['staff'],
    summary: 'Add a comment to a job',
    description: 'Adds a comment for staff only, or for the customer as well.',
    params: jobParams,
    body: z.strictObject({
      audience,
      body: commentBody(),
    }),
    output: addedComment(),
    creates: true,
    writes: true,
  }),
  markCommentsRead: operation({
    method: 'POST',
    path: '/office/{account}/jobs/{job}/comments/read',
    audience: ['staff'],
    summary: 'Mark comments as read',
    description: "The customer's comments of a job are read for the whole office, up to the given one.",
    params: jobParams,
    body: z.strictObject({ upTo: id().describe('ID of the newest comment that you have seen.') }),
    output: z.object({ unread: count('Number of unread comments that are left.') }),
    problems: ['officeOnly'],
    writes: true,
  }),
}
