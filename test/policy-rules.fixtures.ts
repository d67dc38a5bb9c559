/** Who reaches which row, from ACCESS and not from the policies: what test/policies.test.ts compares the policies with. */

export type Row = Record<string, unknown>
/** The settings passed to app_begin, and the name of the caller. */
export interface Viewer {
  who: string
  settings: Record<string, string>
  account: string | null
  kind: string
  id: string | null
  staff?: 'all' | 'assigned'
  customers?: string[]
  jobsOf?: string[]
  ticketsOf?: string[]
  ticketContacts?: string[]
  contacts?: string[]
  /** Tickets reached one by one. */
  tickets?: string[]
  templates?: string[]
}

/** Who may reach a row, for each table. A table that is missing here fails the first test below. */
export type Rule = (of: Viewer, row: Row) => boolean
/** `reads` decides what is read, and what is written too unless `writes` says otherwise. */
export interface TableRule {
  reads: Rule
  writes?: Rule
}
const allStaff: Rule = ({ staff }) => staff === 'all'
/** What decides who may do what. */
const rights = (isOwn: Rule): TableRule => ({
  reads: (of, row) => of.staff === 'all' || isOwn(of, row),
  writes: allStaff,
})
const isOwnLogin: Rule = (of, row) => of.kind === 'portalUser' && row.id === of.id
const nobody: Rule = () => false
const catalog = (column: string): TableRule => ({
  reads: (of, row) => of.staff !== undefined || of.templates!.includes(String(row[column])),
  writes: allStaff,
})
/** A contact's own tickets and those they take part in, at a customer of theirs. */
const isOfContacts = (of: Viewer, { customer_id }: Row, people: unknown[]): boolean =>
  of.customers!.includes(String(customer_id)) && people.some((contact) => of.ticketContacts!.includes(String(contact)))
/** A ticket that a secure link opens alone. */
const isLinked = (of: Viewer, customer: unknown, ticket: unknown): boolean =>
  of.customers!.includes(String(customer)) && of.tickets!.includes(String(ticket))
const isOfCustomer = (of: Viewer, row: Row): boolean => {
  if (row.parent_kind === 'job') return of.jobsOf!.includes(String(row.customer_id))
  return (
    of.ticketsOf!.includes(String(row.customer_id)) ||
    isOfContacts(of, row, row.contacts as unknown[]) ||
    isLinked(of, row.customer_id, row.parent_id)
  )
}
const child = (of: Viewer, row: Row): boolean =>
  of.staff !== undefined || (row.audience === 'customer' && isOfCustomer(of, row))
const changesContact: Rule = (of, row) =>
  of.staff === 'all' ||
  (of.staff === 'assigned' && of.customers!.includes(String(row.customer_id))) ||
  of.contacts!.includes(String(row.id))
export const REACHED: Record<string, TableRule> = {
  account_settings: rights(({ staff }) => staff === 'assigned'),
  portal_settings: rights(nobody),
  permission_groups: rights(nobody),
  staff_members: rights((of, row) => of.staff === 'assigned' && row.id === of.id),
  portal_users: rights(isOwnLogin),
  portal_links: rights((of, row) => isOwnLogin(of, { id: row.portal_user_id })),
  templates: catalog('id'),
  template_versions: catalog('template_id'),
  idempotency_keys: { reads: (of, row) => row.principal === `${of.kind}:${of.id ?? ''}` },
  portal_views: { reads: (of, row) => row.principal === `${of.kind}:${of.id ?? ''}` },
  outbox: { reads: allStaff },
  secure_links: { reads: allStaff },
  record_updates: { reads: allStaff },
  deliveries: { reads: allStaff },
  inbound_mails: { reads: allStaff },
  held_mails: { reads: allStaff },
  audit: { reads: allStaff },
  customers: { reads: (of, row) => of.staff === 'all' || of.customers!.includes(String(row.id)) },
  sites: { reads: (of, row) => of.staff === 'all' || of.customers!.includes(String(row.customer_id)) },
  // Who sees the tickets of a customer names its contacts on them.
  contacts: {
    reads: (of, row) => changesContact(of, row) || of.ticketsOf!.includes(String(row.customer_id)),
    writes: changesContact,
  },
  jobs: {
    reads: (of, row) =>
      of.staff === 'all' ||
      (of.staff === 'assigned' && row.worker_id === of.id && row.status !== 'unpublished') ||
      (of.jobsOf!.includes(String(row.customer_id)) && of.templates!.includes(String(row.template_id))),
  },
  tickets: {
    reads: (of, row) =>
      of.staff === 'all' ||
      (of.staff === 'assigned' && row.assignee_id === of.id) ||
      of.ticketsOf!.includes(String(row.customer_id)) ||
      isOfContacts(of, row, [row.contact_id, ...(row.participants as unknown[])]) ||
      isLinked(of, row.customer_id, row.id),
  },
  comments: { reads: child },
  history: { reads: child },
  files: {
    reads: (of, row) =>
      row.parent_id === null ? row.uploader_kind === of.kind && row.uploader_id === of.id : child(of, row),
  },
}
/** Nobody reads or writes them but definer functions, which have tests below. */
export const CLOSED = ['counters', 'portal_sessions', 'reply_addresses', 'tokens']
/** Everyone in the account may insert rows, nobody may change them. */
export const JOURNALS = ['outbox', 'audit', 'record_updates']
/** Nobody but the deliverer writes them. */
export const REPORTS = ['deliveries', 'inbound_mails', 'held_mails', 'secure_links']
