/** Shorthand for the jobs of Harbour Appliance Repair that are written by hand. */
import { Readable } from 'node:stream'
import type { LoadOptions } from '../account.ts'
import type { Actor, DemoFile, DemoJob, DemoStaff, DemoTemplate, StatusStep } from '../model.ts'
import { drawAnswers } from './answers.ts'
import type { Harbour } from './business.ts'
import { bookingMails } from './mails.ts'
import type { HarbourUsers } from './portal-users.ts'

export const staffActor = (member: DemoStaff): Actor => ({ kind: 'staff', member })

export type FeaturedJobs = ReturnType<typeof createFeaturedJobs>

export function createFeaturedJobs(harbour: Harbour, users: HarbourUsers) {
  const { builder, customer, random, calendar, staff } = harbour
  const bookers = {
    eleanor: { id: users.eleanor, name: 'Eleanor Finch', email: 'eleanor.finch@post.example' },
    naveed: { id: users.naveed, name: 'Naveed Aslam', email: 'naveed@docksidelettings.example' },
    oliver: { id: users.oliver, name: 'Oliver Marchant', email: 'oliver@locksidehotel.example' },
  }
  type Booker = keyof typeof bookers
  const portalActor = (booker: Booker): Actor => {
    const { id, name } = bookers[booker]
    return { kind: 'portalUser', id, name }
  }
  return {
    portalActor,
    /** A job created by the dispatcher, with random answers, unless `more` says otherwise. */
    add(customerName: string, template: DemoTemplate, created: Date, more: Partial<DemoJob> = {}): void {
      const answers = drawAnswers(template, false, { random, at: calendar.at })
      const actor = staffActor(staff.ben)
      builder.addJob({ customer: customer(customerName), template, created, actor, answers, ...more })
    },
    /** What a job booked in the portal has: who booked it, the requested time and the mails. */
    booking(booker: Booker, template: DemoTemplate, at: Date, requested: Date) {
      return {
        actor: portalActor(booker),
        requested,
        onNumbered: bookingMails(harbour, { booker: bookers[booker], title: template.name, at, requested }),
      }
    },
    assigned: (at: Date, worker: DemoStaff, scheduled: Date): StatusStep => ({
      at,
      to: 'assigned',
      actor: staffActor(staff.ben),
      worker,
      scheduled,
    }),
  }
}

export async function storeFile(
  { files }: LoadOptions,
  { builder }: Harbour,
  file: { name: string; bytes: Buffer; actor: Actor; at: Date; field?: string },
): Promise<DemoFile> {
  const { bytes, ...rest } = file
  const { name, type, size, key } = await files.put(Readable.from([bytes]), {
    account: builder.account,
    name: file.name,
  })
  return { ...rest, name, type, size, key }
}
