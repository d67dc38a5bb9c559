/** Portal views of the access tests, and a caller who is in one. */
import { randomUUID } from 'node:crypto'
import type { Caller, Relation } from './access.fixtures.ts'
import type { Business, Person } from './test-server.ts'

export async function startViews(
  { here, there }: { here: Business; there: Business },
  portalUser: string,
  [own, other, foreign]: readonly { customer: string }[],
): Promise<{ caller: Caller; ids: Record<Relation, string> }> {
  const viewer = await here.staff('dispatcher', 'Viewing Dispatcher')
  const { id: view } = await viewer.ok('startPortalView', { kind: 'portalUser', id: portalUser })
  const viewOf = async (person: Person, { customer }: { customer: string }) =>
    (await person.ok('startPortalView', { kind: 'customer', id: customer })).id
  const caller: Caller = {
    name: 'view as',
    what: "dispatcher; operations of the portal in a view as 'portal user'",
    kind: 'staff',
    person: viewer,
    view,
  }
  const ids = {
    own: view,
    colleague: await viewOf(await here.staff('admin'), own!),
    other: await viewOf(here.owner, other!),
    foreign: await viewOf(there.owner, foreign!),
    absent: randomUUID(),
  }
  return { caller, ids }
}
