/**
 * Portal views (view as): staff look at the portal as a customer, a contact or a portal user, with that reach and read only.
 * A view lies over the staff session; the operations of the portal are called under `/office/{account}/as/{view}/…`.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { id, moment, recordId } from '../../platform/schema.ts'
import { VIEW_KINDS } from './rules.ts'

const kind = z.enum(VIEW_KINDS).meta({
  id: 'PortalViewKind',
  description: 'A customer as a whole, one contact, a portal user, or who has a secure link.',
})
const view = z
  .object({
    id: recordId(),
    kind,
    name: z.string().describe('Who is viewed.'),
    customer: recordId().nullable().describe('The customer; null for a portal user.'),
    portalUser: recordId().nullable().describe('The portal user, if one is viewed.'),
    startedAt: moment().describe('When it started.'),
    endsAt: moment().describe('When it ends if nothing is opened until then.'),
  })
  .meta({ id: 'PortalView', description: 'A look at the portal as somebody else.' })
const params = z.strictObject({ view: id().describe('ID of the portal view.') })

export const portalViews = contract(
  {
    name: 'Portal views',
    description: 'Staff look at the portal as a customer sees it. Nothing can be changed there.',
  },
  {
    startPortalView: operation({
      method: 'POST',
      path: '/office/{account}/portal-views',
      audience: ['staff'],
      summary: 'View the portal as somebody else',
      description: 'Ends the view before. Call operations of the portal under `/office/{account}/as/{view}/…`.',
      body: z.strictObject({ kind, id: id().describe('ID of the customer, contact, portal user or secure link.') }),
      output: view,
      writes: true,
      creates: true,
    }),
    getPortalView: operation({
      method: 'GET',
      path: '/office/{account}/portal-views/{view}',
      audience: ['staff'],
      summary: 'Get a portal view',
      description: 'Whom you view, while the view lasts.',
      params,
      output: view,
    }),
    endPortalView: operation({
      method: 'DELETE',
      path: '/office/{account}/portal-views/{view}',
      audience: ['staff'],
      summary: 'Leave a portal view',
      description: 'Ends the view. Leaving one that has ended changes nothing.',
      params,
      output: view,
      writes: true,
    }),
    listPortalViews: operation({
      method: 'GET',
      path: '/portal/{portal}/me/views',
      audience: ['portalUser'],
      isPersonal: true,
      summary: 'List views of your portal by staff',
      description: 'When staff looked at the portal as you, your customer, or a contact whom you reach: the last ten.',
      output: z.object({
        rows: z
          .array(z.object({ name: z.string().describe('Who looked.'), at: moment().describe('When they started.') }))
          .describe('Newest first.'),
      }),
    }),
  },
)
