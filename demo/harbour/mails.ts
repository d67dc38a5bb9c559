/** Mail that Harbour Appliance Repair has sent. */
import { addMail, OPEN_ACTIVATION, OPEN_INVITATION, USED_ACTIVATION, type MailInput } from '../mails.ts'
import type { DemoJob } from '../model.ts'
import type { Harbour } from './business.ts'
import type { HarbourUsers } from './portal-users.ts'

export function addMails(harbour: Harbour, users: HarbourUsers): void {
  addUsedLinks(harbour, users)
  addOpenLinks(harbour, users)
}

const mailAdder =
  ({ builder, host }: Harbour) =>
  (mail: MailInput) =>
    addMail(builder, host, mail)

function addUsedLinks(harbour: Harbour, users: HarbourUsers): void {
  const { ago, past } = harbour.calendar
  const mail = mailAdder(harbour)
  mail({
    kind: 'portalInvitation',
    to: 'naveed@docksidelettings.example',
    about: { kind: 'portalUser', id: users.naveed },
    at: ago(285 * 1440),
    link: USED_ACTIVATION,
  })
  mail({
    kind: 'portalInvitation',
    to: 'oliver@locksidehotel.example',
    about: { kind: 'portalUser', id: users.oliver },
    at: ago(400 * 1440),
    link: USED_ACTIVATION,
  })
  mail({
    kind: 'portalActivation',
    to: 'eleanor.finch@post.example',
    name: 'Eleanor Finch',
    about: { kind: 'portalUser', id: users.eleanor },
    at: ago(640 * 1440),
    link: USED_ACTIVATION,
  })
  mail({
    kind: 'portalActivation',
    to: 'jonas.wetherby@post.example',
    name: 'Jonas Wetherby',
    about: { kind: 'portalUser', id: users.jonas },
    at: ago(180 * 1440),
    link: USED_ACTIVATION,
  })
  mail({
    kind: 'portalActivation',
    to: 'dana.whitlock@post.example',
    name: 'Dana Whitlock',
    about: { kind: 'portalUser', id: users.dana },
    at: ago(210 * 1440),
    link: USED_ACTIVATION,
  })
  mail({
    kind: 'portalPasswordChanged',
    to: 'eleanor.finch@post.example',
    name: 'Eleanor Finch',
    about: { kind: 'portalUser', id: users.eleanor },
    at: past(-12, '20:14'),
  })
}

function addOpenLinks(harbour: Harbour, users: HarbourUsers): void {
  const { staff } = harbour
  const { ago } = harbour.calendar
  const mail = mailAdder(harbour)
  mail({
    kind: 'portalInvitation',
    to: 'accounts@locksidehotel.example',
    about: { kind: 'portalUser', id: users.accounts },
    at: ago(1440),
    link: OPEN_ACTIVATION,
  })
  mail({
    kind: 'portalInvitation',
    to: 'maintenance@docksidelettings.example',
    about: { kind: 'portalUser', id: users.maintenance },
    at: ago(1380),
    link: OPEN_ACTIVATION,
  })
  mail({
    kind: 'portalInvitation',
    to: 'caretaker@ashtonvale.example',
    about: { kind: 'portalUser', id: users.caretaker },
    at: ago(5 * 1440),
    outcome: 'refused',
    detail: '550 5.1.1 No such mailbox',
    link: OPEN_ACTIVATION,
  })
  mail({
    kind: 'staffInvitation',
    to: staff.callum.email,
    about: { kind: 'staffMember', id: staff.callum.id },
    at: ago(2 * 1440),
    link: OPEN_INVITATION,
    vars: { inviter: staff.ruth.name, role: 'worker' },
  })
}

interface Booking {
  booker: { id: string; name: string; email: string }
  title: string
  at: Date
  requested: Date | null
}

/** Adds the mails that a booking in the portal sends to the customer and to the office. */
export function bookingMails(harbour: Harbour, booking: Booking): NonNullable<DemoJob['onNumbered']> {
  const { booker, title, at, requested } = booking
  const { ruth, grace, ben } = harbour.staff
  const mail = mailAdder(harbour)
  return ({ id: job, number }) => {
    for (const reader of [booker, ruth, grace, ben])
      mail({
        kind: reader === booker ? 'jobBooked' : 'jobBookedOffice',
        to: reader.email,
        name: reader.name,
        about: { kind: 'job', id: job },
        at,
        vars: {
          job,
          title,
          numbers: String(number),
          count: 1,
          requestedAt: requested?.toISOString() ?? '',
          booker: booker.name,
          reader: reader.id,
        },
      })
  }
}
