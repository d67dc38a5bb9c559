/** The "…" menu of a job and the messages after its actions, for the panel and the job page. */
import type { OfficePaths } from '../../../../paths.ts'
import type { IconName } from '../../../../ui/icons.ts'
import { JOB_STATUSES } from '../../rules.ts'
import { t } from '../../../../ui/i18n.ts'
import { withQueryKeepingPage, type Address, type Job } from './job-text.ts'

type Item = { label: string; icon?: IconName; href: string; danger?: boolean; divider?: boolean }

/** The new job's form chooses these by its address. */
const copied = (job: Job) => ({ customer: job.customer.id, template: job.template.id })

export const moreItems = (job: Job, url: Address, to: OfficePaths): Item[] => [
  ...(job.can.edit ? [{ label: t('jobs.office.edit'), icon: 'pencil' as const, href: to.editJob(job.id) }] : []),
  ...(job.can.duplicate
    ? [
        {
          label: t('jobs.office.duplicate'),
          icon: 'copy' as const,
          href: to.newJob({ ...copied(job), from: job.id }),
        },
      ]
    : []),
  ...(job.can.delete
    ? [
        {
          label: t('jobs.office.delete.button'),
          icon: 'trash' as const,
          href: withQueryKeepingPage(url, { do: 'delete', to: null }),
          danger: true,
          divider: true,
        },
      ]
    : []),
]

export const successMessages = (translate: typeof t): Record<string, string> =>
  Object.fromEntries(
    [
      'created',
      'saved',
      'scheduled',
      ...JOB_STATUSES,
      'reinstated',
      'undone',
      'commentAdded',
      'commentShared',
      'fileAdded',
      'filesAdded',
      'fileDeleted',
    ].map((outcome) => [outcome, translate(`jobs.office.done.${outcome}`)]),
  )

/** Outcomes of changes that can be undone; the server decides whether this one still can. */
export const isUndoable = (outcome: string): boolean =>
  outcome === 'scheduled' || outcome === 'reinstated' || (JOB_STATUSES as readonly string[]).includes(outcome)
