/** Permission groups in tests, through the operations of the office. */
import type { Person } from '../../../../test/test-server.ts'
import { shop } from '../portal-users.fixtures.ts'

export const NOTHING = {
  viewJobs: false,
  createJobs: false,
  chooseTemplates: false,
  editJobs: false,
  cancelJobs: false,
  deleteJobs: false,
  viewTickets: false,
  createTickets: false,
  replyTickets: false,
  closeTickets: false,
  setTicketPriority: false,
}
export const groups = async () => (await shop.owner.ok('listPermissionGroups')).rows
export const builtIn = async (kind: string) => (await groups()).find((group) => group.kind === kind)!
export const create = async (input: Record<string, unknown> = {}) =>
  (await shop.owner.ok('createPermissionGroup', { name: 'Tenants', ...input })).id
export const linkOf = async (user: Person) => (await shop.owner.ok('getPortalUser', { user: user.id })).links[0]!
export const assign = async (user: Person, group: string | null) =>
  shop.owner.ok('updatePortalLink', { user: user.id, link: (await linkOf(user)).id, group })
export const permissionOf = async (user: Person, name: string) =>
  (await linkOf(user)).permissions.find(({ permission }) => permission === name)
