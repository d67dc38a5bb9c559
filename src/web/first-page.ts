/** The first page of a signed-in portal user: their jobs, or a welcome when there are none. `outcome` is what it says once. */
export const firstPage = (
  { paths }: App.Locals,
  user: { can: { viewJobs: boolean } },
  outcome: Record<string, string> = {},
): string => (user.can.viewJobs ? paths.jobs(outcome) : paths.welcome(outcome))
