/**
 * Comments and files, as every kind of record has them. The operations are in the contracts of the records that they
 * belong to.
 */
import { z } from 'zod'
import { count, moment, recordId, text } from '../../platform/schema.ts'

export const audience = z.enum(['internal', 'customer']).meta({
  id: 'Audience',
  description: 'Who can read it: `internal` is staff only, `customer` is the customer too.',
})

export const actor = z
  .object({
    kind: z.string().describe('`staff`, `portalUser` or `system`.'),
    id: z.string().nullable().describe('ID of the staff member or portal user; null for the system.'),
    name: z.string().nullable().describe('Name at that time.'),
  })
  .meta({ id: 'Actor', description: 'Who did something.' })
export const storedFile = z
  .object({
    id: recordId(),
    name: z.string().describe('File name.'),
    type: z.string().describe('Media type, found from the bytes.'),
    size: count('Size in bytes.'),
  })
  .meta({ id: 'File', description: 'A stored file.' })
export const comment = z
  .object({
    id: recordId(),
    audience,
    body: z.string().describe('Text of the comment.'),
    by: actor.describe('Who wrote it.'),
    at: moment().describe('When it was written.'),
  })
  .meta({ id: 'Comment', description: 'A comment on a record.' })

export const portalActor = z
  .object({
    kind: z
      .enum(['you', 'colleague', 'staff', 'system'])
      .describe('`colleague` is another portal user of the same customer.'),
    name: z.string().describe('Name, as the business chose to show it.'),
  })
  .meta({ id: 'PortalActor', description: 'Who did something, as a customer sees it.' })

export const portalComment = z
  .object({
    id: recordId(),
    body: z.string().describe('Text of the comment.'),
    by: portalActor.describe('Who wrote it.'),
    at: moment().describe('When it was written.'),
  })
  .meta({ id: 'PortalComment', description: 'A comment as a customer sees it.' })

/** A new comment in an answer. */
export const addedComment = () => z.object({ id: recordId(), at: moment().describe('When the comment was written.') })
export const commentBody = () => text(5_000).pipe(z.string().min(1, 'required')).describe('Text of the comment.')
