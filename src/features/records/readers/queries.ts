/**
 * What emails about every kind of record share: what a business sends, and whether a reader still sees the record and wants the
 * email. Who sees a record is for each kind to say.
 */
import type { Read } from '../../../platform/operation.ts'
import type { PortalConfig, StaffRole } from '../../identity/rules.ts'
import {
  wantsCustomerEmail,
  wantsStaffEmail,
  type CustomerEmail,
  type EmailChoices,
  type StaffEmail,
} from '../../notifications/rules.ts'

export interface PortalReader {
  id: string
  email: string
  name: string | null
  locale: string
  choices: EmailChoices<CustomerEmail>
}

export interface StaffReader {
  id: string
  email: string
  name: string | null
  role: StaffRole
  choices: EmailChoices<StaffEmail>
}

/** What a business sends, and how it names its staff to customers. */
export interface BusinessEmails {
  locale: string
  customerEmails: EmailChoices<CustomerEmail>
  staffEmails: EmailChoices<StaffEmail>
  staffNames: PortalConfig['staffNames']
  portalName: string
}

/** Undefined when the account is suspended: nobody can sign in, and nothing is sent. */
export async function findBusinessEmails(db: Read, account: string): Promise<BusinessEmails | undefined> {
  const row = await db
    .selectFrom('portal_settings as p')
    .innerJoin('account_settings as s', 's.account_id', 'p.account_id')
    .innerJoin('accounts as a', 'a.id', 'p.account_id')
    .select(['s.locale', 's.name as business', 'p.name', 'p.staff_names', 'p.confirm_bookings'])
    .select(['p.customer_emails', 'p.staff_emails'])
    .where('p.account_id', '=', account)
    .where('s.account_id', '=', account)
    .where('a.status', '=', 'active')
    .executeTakeFirst()
  if (!row) return undefined
  return {
    locale: row.locale,
    customerEmails: { ...(row.customer_emails as EmailChoices<CustomerEmail>), booked: row.confirm_bookings },
    staffEmails: row.staff_emails as EmailChoices<StaffEmail>,
    staffNames: row.staff_names as PortalConfig['staffNames'],
    portalName: row.name ?? row.business,
  }
}

interface Recipient<Kind> {
  /** Id of the job or ticket. */
  record: string
  /** Id of the portal user or member of staff. */
  reader: string
  email: Kind
}

interface ReaderQueries {
  listPortalReaders(db: Read, account: string, record: string): Promise<PortalReader[]>
  listStaffReaders(db: Read, account: string, record: string): Promise<StaffReader[]>
}

/** Asked right before each attempt: whether a reader still sees the record and wants this kind of email. */
export const createWantedChecks = ({ listPortalReaders, listStaffReaders }: ReaderQueries) => ({
  async isWantedByPortalUser(
    db: Read,
    account: string,
    { record, reader, email }: Recipient<CustomerEmail>,
  ): Promise<boolean> {
    const business = await findBusinessEmails(db, account)
    if (!business) return false
    const readers = await listPortalReaders(db, account, record)
    return readers.some(
      ({ id, choices }) => id === reader && wantsCustomerEmail(email, business.customerEmails, choices),
    )
  },

  async isWantedByStaff(db: Read, account: string, { record, reader, email }: Recipient<StaffEmail>): Promise<boolean> {
    const business = await findBusinessEmails(db, account)
    if (!business) return false
    const readers = await listStaffReaders(db, account, record)
    return readers.some((each) => each.id === reader && wantsStaffEmail(email, business.staffEmails, each))
  },
})
