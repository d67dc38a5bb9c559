/** What tests of portal views share: a view, and the operations of the portal as they are called from it. */
import { randomUUID } from 'node:crypto'
import { fill, type Business, type OperationName, type Person, type Reply } from '../../../test/test-server.ts'
import { contracts } from '../../operations.ts'
import type { Definition } from '../../platform/operation.ts'
import type { ViewKind } from './rules.ts'

export const MINUTE = 60_000

/** Every operation of the portal. */
export const portalOperations = Object.entries(contracts as Record<string, Definition>).filter(([, { path }]) =>
  path.startsWith('/portal/'),
) as [OperationName, Definition][]

export interface View {
  id: string
  call(name: OperationName, input?: Record<string, unknown>, who?: Person): Promise<Reply<Record<string, unknown>>>
}

/** The address of a portal's operation in a view. */
export const viewPath = (view: string, slug: string, path: string): string =>
  `/api/v1/office/${slug}/as/${view}${path.slice(`/portal/${slug}`.length)}`

export const viewOf = (shop: Pick<Business, 'slug'>, staff: Person, id: string): View => ({
  id,
  call(name, input = {}, who = staff) {
    const definition = (contracts as Record<string, Definition>)[name]!
    const { path, query, body } = fill(definition, input, shop.slug)
    return who.request(definition.method, viewPath(id, shop.slug, path) + query, {
      ...(definition.method !== 'GET' && { body: body ?? {} }),
    }) as Promise<Reply<Record<string, unknown>>>
  },
})

export async function startView(shop: Business, staff: Person, kind: ViewKind, id: string): Promise<View> {
  const view = await staff.ok('startPortalView', { kind, id }, { slug: shop.slug })
  return viewOf(shop, staff, view.id)
}

/** Any values for the path of an operation. */
export const anyParams = ({ params }: Definition): Record<string, string> =>
  Object.fromEntries(Object.keys(params?.shape ?? {}).map((key) => [key, randomUUID()]))
