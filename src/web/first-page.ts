/** The first page of a signed-in portal user: their jobs, else their tickets, else a welcome. `outcome` is what it says once. */
export const firstPage = (
  { paths }: App.Locals,
  { can }: { can: { viewJobs: boolean; viewTickets: boolean } },
  outcome: Record<string, string> = {},
): string => (can.viewJobs ? paths.jobs(outcome) : can.viewTickets ? paths.tickets(outcome) : paths.welcome(outcome))
