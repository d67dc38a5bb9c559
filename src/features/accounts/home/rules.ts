/** What each number of the home page counts, and the list of jobs that it leads to: one filter for both. Pure. */
import { JOB_STATUSES, type JobStatus } from '../../jobs/rules.ts'

/** As the address of the job list says it. */
export interface TileFilter {
  status?: JobStatus[]
  /** Jobs scheduled for today, in the business's time zone. */
  day?: 'today'
  comments?: 'unread'
}

export type Tile = 'requested' | 'today' | 'started' | 'stuck' | 'unread'

export const TILES: Record<Tile, TileFilter> = {
  requested: { status: ['unassigned'] },
  today: { status: JOB_STATUSES.filter((status) => status !== 'canceled'), day: 'today' },
  started: { status: ['started', 'paused'] },
  stuck: { status: ['declined', 'postponed'] },
  /** Not for workers: they are not shown what the office has read. */
  unread: { comments: 'unread' },
}
