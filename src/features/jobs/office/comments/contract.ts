/** Comments on jobs, as staff write them. */
import { z } from 'zod'
import { operation } from '../../../../platform/operation.ts'
import { addedComment, audience, commentBody } from '../../../records/contract.ts'
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
}
