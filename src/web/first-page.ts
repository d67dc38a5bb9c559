interface Linked {
  kind: 'ticket'
  id: string
}

/** What a secure link opens: its one record, else the first page of the portal. */
export const linkedPath = ({ paths }: App.Locals, record: Linked | null): string =>
  record ? paths.ticket(record.id) : paths.home()

/**
 * The first page of a signed-in portal user: their jobs, else their tickets, else a welcome. Of a link to one record: that record.
 * `outcome` is what it says once.
 */
export const firstPage = (
  { paths }: App.Locals,
  { can, record }: { can: { viewJobs: boolean; viewTickets: boolean }; record?: Linked | null },
  outcome: Record<string, string> = {},
): string =>
  record && can.viewTickets
    ? paths.ticket(record.id, outcome)
    : can.viewJobs
      ? paths.jobs(outcome)
      : can.viewTickets
        ? paths.tickets(outcome)
        : paths.welcome(outcome)
