/** Bookings and waiting, for the tests of faults. */
import type { Kysely } from 'kysely'
import type { DB } from '../db/schema.gen.ts'

export const bookingInput = (template: string, customer: string, quantity = 1) => ({
  template,
  customer,
  address: '14 Pelican Quay, Bristol',
  quantity,
  fields: {},
})
export const selectJobs = (db: Kysely<DB>, account: string) =>
  db.selectFrom('jobs').select(['id', 'number', 'batch_id']).where('account_id', '=', account).execute()

export async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await condition().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('The condition was not met within 30 seconds')
}
