/** The first page of a signed-in portal user: their jobs, or a welcome when there are none for them. */
export const firstPage = ({ paths }: App.Locals, user: { can: { viewJobs: boolean } }): string =>
  user.can.viewJobs ? paths.jobs() : paths.welcome()
