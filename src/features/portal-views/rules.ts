/** How long a portal view lasts, and as whom the portal can be viewed. Pure. */

export const VIEW_KINDS = ['customer', 'contact', 'portalUser', 'secureLink'] as const
export type ViewKind = (typeof VIEW_KINDS)[number]

/** A view ends when nothing was opened for so long. find_portal_view (db/migrations) has the same limits. */
const IDLE_MINUTES = 60
/** And at the latest so long after its start. */
const LONGEST_HOURS = 8

interface Times {
  startedAt: Date
  seenAt: Date
}

/** When a view ends if nothing is opened until then. */
export const endOf = ({ startedAt, seenAt }: Times): Date =>
  new Date(Math.min(seenAt.getTime() + IDLE_MINUTES * 60_000, startedAt.getTime() + LONGEST_HOURS * 3600_000))
