import { startTestServer, type Business } from '../../../test/test-server.ts'
import { newId } from '../../platform/ids.ts'

export const dockside = {
  name: 'Dockside Lettings',
  reference: 'C-0218',
  notes: 'Pays late',
  billing: { name: 'Accounts', email: 'bills@dockside.example' },
  contact: { name: 'Naveed Aslam', role: 'Director', email: 'Naveed@Dockside.example', phone: '07700 900 441' },
  site: {
    name: 'Pelican Quay',
    address: '14 Pelican Quay\nBristol BS1 6UH',
    latitude: 51.4489,
    longitude: -2.5987,
    notes: 'Key under the mat',
  },
}

/** A job straight into the database: booking is another feature's promise. */
export async function insertJob(
  business: Business,
  customer: string,
  { worker = null, status = 'assigned' }: { worker?: string | null; status?: string } = {},
) {
  const { stored, clock } = await startTestServer()
  const template = await business.template()
  const id = newId(),
    at = clock.now()
  await stored((db) =>
    db
      .insertInto('jobs')
      .values({
        account_id: business.id,
        id,
        number: Math.floor(Math.random() * 1e9),
        customer_id: customer,
        template_id: template,
        template_version: 1,
        title: 'Dishwasher repair',
        worker_id: worker,
        created_by_kind: 'staff',
        status,
        search_text_portal: '',
        search_text_office: '',
        created_at: at,
        updated_at: at,
      } as never)
      .execute(),
  )
  return id
}
