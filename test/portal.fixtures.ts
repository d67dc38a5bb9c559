/** Requests about portal users and their jobs that several tests make. */
import type { Business, Person } from './test-server.ts'

export const bookJob = async (user: Person, template: string, more: object = {}) =>
  (await user.ok('createPortalJob', { template, address: '14 Pelican Quay', fields: {}, ...more })).jobs[0]!.id

export const listJobIds = async (user: Person) => (await user.ok('listPortalJobs')).rows.map((job) => job.id).sort()

export const getUserVersion = async ({ owner }: Business, user: Person) =>
  (await owner.ok('getPortalUser', { user: user.id })).version

export async function updatePortalSettings({ owner }: Business, change: object) {
  const { version } = await owner.ok('getPortalSettings')
  return owner.ok('updatePortalSettings', { version, ...change })
}
