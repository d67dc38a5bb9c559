/** The emails about a job. records/updates/ collects the changes and sends what this answers. */
import type { Emission } from '../../../platform/delivery/outbox.ts'
import type { Write } from '../../../platform/operation.ts'
import { wantsCustomerEmail, wantsStaffEmail } from '../../notifications/rules.ts'
import type { ParentKey } from '../../records/queries.ts'
import { findBusinessEmails } from '../../records/readers/queries.ts'
import { listPortalReaders, listStaffReaders } from '../readers/queries.ts'
import { customerMail, staffMail } from './messages.ts'
import { takeJobUpdates } from './queries.ts'
import { customerUpdate, staffUpdate, type JobUpdate } from './rules.ts'
import { isCustomerKind } from '../../identity/rules.ts'

/** Takes the waiting changes of a job and answers the emails that tell them. */
export async function takeJobEmails(db: Write, due: ParentKey): Promise<Emission[]> {
  const { updates, job } = await takeJobUpdates(db, due)
  const business = updates.length > 0 ? await findBusinessEmails(db, due.account) : undefined
  if (!business) return []
  const { customerEmails, staffEmails } = business
  const portalReaders = job ? await listPortalReaders(db, due.account, due.id) : []
  const staffReaders = updates.some(isByCustomer) ? await listStaffReaders(db, due.account, due.id) : []
  return [
    ...portalReaders.flatMap((reader) => {
      const update = customerUpdate(updates, job!, reader.id, (kind) =>
        wantsCustomerEmail(kind, customerEmails, reader.choices),
      )
      return update ? [customerMail(reader, job!, update, business)] : []
    }),
    ...staffReaders.flatMap((reader) => {
      const update = staffUpdate(updates, job, (kind) => wantsStaffEmail(kind, staffEmails, reader))
      const name = job ?? deletedJob(due, update?.by)
      return update && name ? [staffMail(reader, name, update, business)] : []
    }),
  ]
}

const isByCustomer = (update: JobUpdate) => isCustomerKind(update.actor_kind)

const deletedJob = (due: ParentKey, update: JobUpdate | undefined) =>
  update?.kind === 'deleted' ? { id: due.id, ...update.details } : undefined
