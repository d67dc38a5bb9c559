/** Texts and order of what the page, the panel and the form of a job say, and the list of jobs does not. */
import type { Job } from './job-text.ts'

/** "Created by Dana Reyes", or where a job without a named creator came from. */
export function createdBy(
  { createdBy: { kind, name } }: Job,
  t: (key: string, vars?: Record<string, unknown>) => string,
) {
  if (kind === 'portalUser') return name ? t('jobs.office.job.bookedBy', { name }) : t('jobs.office.job.bookedInPortal')
  if (kind === 'system') return t('jobs.office.imported')
  return t('jobs.office.job.createdBy', { name: name ?? t('records.office.people.other') })
}

type AnsweredField = Pick<Job['fields'][number], 'type' | 'value'>

/** Fields with an answer, and those without one; each with the sections that they stand under. */
export function splitByAnswer<F extends AnsweredField>(fields: readonly F[]): { answered: F[]; unanswered: F[] } {
  const isEmpty = ({ value }: F) => value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
  return {
    answered: withSections(fields, (field) => !isEmpty(field)),
    unanswered: withSections(fields, isEmpty),
  }
}

/** Fields without those that files answer, and without sections that are empty then. */
export const withoutFiles = <F extends AnsweredField>(fields: readonly F[]): F[] =>
  withSections(fields, ({ type }) => type !== 'file')

function withSections<F extends AnsweredField>(fields: readonly F[], isChosen: (field: F) => boolean): F[] {
  const chosen: F[] = []
  let section: F | undefined
  for (const field of fields) {
    if (field.type === 'section') section = field
    else if (isChosen(field)) {
      if (section) chosen.push(section)
      section = undefined
      chosen.push(field)
    }
  }
  return chosen
}
