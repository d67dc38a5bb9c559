/** The filters and the views of the list of jobs, with how many jobs each has. Runs on server and screen. */
import type { Api } from '../../../../web/api.ts'
import type { Facet } from '../../../../ui/list.ts'
import { JOB_STATUSES, statusesOf } from '../../rules.ts'
import { shortDay } from '../../../../ui/when.ts'
import { LOOKS, withQueryKeepingPage, type Address } from './job-text.ts'

type Texts = (key: string, vars?: Record<string, unknown>) => string
type Counts = Awaited<ReturnType<Api['countJobs']>>

interface ListAddress {
  url: Address
  counts: Counts
  /** Whether the reader sees the jobs of everybody, not only their own. */
  office: boolean
  t: Texts
}

const OPEN = statusesOf('open')

const countOf = (counts: Counts, statuses: readonly string[]): number =>
  counts.status.filter(({ id }) => statuses.includes(id)).reduce((sum, { count }) => sum + count, 0)

/** Days that the list can be narrowed to by name. */
export const NAMED_DAYS = ['today', 'tomorrow', 'week'] as const

/** The days of visits that an address asks for: "Today", "3 Dec – 5 Dec", or '' for any. */
export function chosenDays(query: { get(name: string): string | null }, locale: string, t: Texts): string {
  const named = NAMED_DAYS.find((day) => day === query.get('day'))
  if (named) return t(`jobs.office.list.days.${named}`)
  const range = [query.get('since') ?? '', query.get('until') ?? '']
  const shown = (day: string) => {
    const noon = new Date(`${day}T12:00Z`)
    return Number.isNaN(noon.getTime()) ? '…' : shortDay(noon, locale, 'UTC')
  }
  return range.some(Boolean) ? range.map(shown).join(' – ') : ''
}

/** What the list can be narrowed to. */
export function jobFacets({ url, counts, choices, office, t }: ListAddress & { choices: Counts }): Facet[] {
  const chosen = new URLSearchParams(url.search).getAll('status')
  const menu = (name: 'worker' | 'template' | 'customer', label: string): Facet => ({
    name,
    label,
    menu: true,
    options: choices[name].map(({ id, name: option }) => ({
      value: id,
      label: name === 'worker' && id === 'none' ? t('jobs.office.noWorker') : option,
      count: counts[name].find((each) => each.id === id)?.count ?? 0,
    })),
  })
  return [
    ...(office ? [menu('worker', t('jobs.office.list.worker'))] : []),
    menu('template', t('jobs.office.list.template')),
    menu('customer', t('jobs.office.list.customer')),
    {
      name: 'status',
      label: t('jobs.office.list.status'),
      multiple: true,
      options: JOB_STATUSES.filter((status) => countOf(choices, [status]) > 0 || chosen.includes(status)).map(
        (status) => ({
          value: status,
          label: t(`jobs.statuses.office.${status}`),
          count: countOf(counts, [status]),
          look: LOOKS[status],
        }),
      ),
    },
  ]
}

/** The tabs above the list: all jobs, open ones, and those that wait for the reader. */
export function jobTabs({ url, counts, office, t, personId }: ListAddress & { personId: string }) {
  const query = new URLSearchParams(url.search)
  const chosen = query.getAll('status')
  const isOpen = chosen.length === OPEN.length && OPEN.every((status) => chosen.includes(status))
  const worker = query.get('worker')
  const onlyUnread = query.get('comments') === 'unread'
  const view = (change: Record<string, string | string[] | null>) =>
    withQueryKeepingPage(url, {
      ...{ status: null, worker: null, comments: null, cursor: null },
      ...{ job: null, tab: null, do: null, to: null },
      ...change,
    })
  const oneStatus = (status: string, count: number | null) => ({
    href: view({ status: [status] }),
    label: t(`jobs.statuses.office.${status}`),
    count,
    current: chosen.join() === status && !worker,
  })
  const all = {
    href: view({}),
    label: t('jobs.office.list.all'),
    current: chosen.length === 0 && !worker && !onlyUnread,
  }
  const open = {
    href: view({ status: OPEN }),
    label: t('jobs.office.list.open'),
    count: worker ? null : countOf(counts, OPEN),
    current: isOpen && !worker && !onlyUnread,
  }
  if (!office) return [all, open, oneStatus('completed', countOf(counts, ['completed']))]
  const assigned = {
    href: view({ status: OPEN, worker: personId }),
    label: t('jobs.office.list.assignedToMe'),
    current: isOpen && worker === personId,
  }
  const unread = {
    href: view({ comments: 'unread' }),
    label: t('jobs.office.list.unread'),
    count: counts.unread ?? null,
    current: onlyUnread,
  }
  return [
    ...[all, open, oneStatus('unassigned', worker ? null : countOf(counts, ['unassigned'])), assigned],
    ...(counts.unread || onlyUnread ? [unread] : []),
  ]
}
