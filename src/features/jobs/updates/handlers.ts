/** Turns waiting changes of jobs into emails. The deliverer calls it, as portico_system. */
import { emitMessages, type Emission } from '../../../platform/delivery/outbox.ts'
import type { Write } from '../../../platform/operation.ts'
import { wantsCustomerEmail, wantsStaffEmail } from '../../notifications/rules.ts'
import { findBusinessEmails, listPortalReaders, listStaffReaders } from '../readers/queries.ts'
import { customerMail, staffMail } from './messages.ts'
import { listDueJobs, takeUpdates, type DueJob } from './queries.ts'
import { customerUpdate, staffUpdate, type JobUpdate } from './rules.ts'
import { isCustomerKind } from '../../identity/rules.ts'

/** Jobs that one look takes. */
const DUE_JOBS = 500

interface Collecting {
  now: Date
  /** Ends each Message-ID. */
  host: string
  /** Runs work in a transaction of its own, as portico_system. */
  run<T>(work: (db: Write) => Promise<T>): Promise<T>
  onError(error: unknown, due: DueJob): void
}

/**
 * Turns changes that have waited long enough into emails. Taking them and writing the emails is one transaction per job, so a
 * process that dies here loses nothing and tells nothing twice.
 */
export async function collectJobEmails({ now, host, run, onError }: Collecting): Promise<void> {
  for (const due of await run((db) => listDueJobs(db, now, DUE_JOBS))) {
    // The others are still told; a job that failed is tried again by the next look.
    await run(async (db) => emitMessages(db, due.account, await takeJobEmails(db, due), { now, host })).catch(
      (error: unknown) => onError(error, due),
    )
  }
}

async function takeJobEmails(db: Write, due: DueJob): Promise<Emission[]> {
  const { updates, job } = await takeUpdates(db, due)
  const business = updates.length > 0 ? await findBusinessEmails(db, due.account) : undefined
  if (!business) return []
  const { customerEmails, staffEmails } = business
  const portalReaders = job ? await listPortalReaders(db, due.account, due.job) : []
  const staffReaders = updates.some(isByCustomer) ? await listStaffReaders(db, due.account, due.job) : []
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

const deletedJob = (due: DueJob, update: JobUpdate | undefined) =>
  update?.kind === 'deleted' ? { id: due.job, ...update.details } : undefined
