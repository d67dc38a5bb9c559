/** Writes the rows of one demo job: the job itself, its history, comments and files. */
import { searchTexts } from '../src/features/jobs/search/queries.ts'
import { getDefaultValues, type Field, type FieldValues } from '../src/features/templates/fields/rules.ts'
import { newId } from '../src/platform/ids.ts'
import { DAY } from './calendar.ts'
import {
  applyStep,
  checkStep,
  eventsOf,
  firstEvent,
  startProgress,
  type HistoryEvent,
  type JobProgress,
} from './job-status.ts'
import { actorColumns, type AddRows, type DemoComment, type DemoFile, type DemoJob } from './model.ts'

export interface RowTarget {
  account: string
  now: Date
  add: AddRows
}

/** Columns that every row about a job has. */
interface ParentColumns {
  account_id: string
  parent_kind: 'job'
  parent_id: string
  customer_id: string
}

export function addJobRows(target: RowTarget, job: DemoJob, number: number): void {
  const { account, now, add } = target
  const { steps = [], comments = [], files = [] } = job
  const id = newId()
  const parent: ParentColumns = {
    account_id: account,
    parent_kind: 'job',
    parent_id: id,
    customer_id: job.customer.id,
  }
  const { progress, events } = applySteps(job, now)
  for (const event of events) addHistory(add, parent, event)
  for (const comment of comments) addComment(add, parent, comment)
  const { version, fields, values } = answersOf(job, now)
  for (const file of files) {
    const fileId = addFile(add, parent, file)
    if (file.field) values[file.field] = [...((values[file.field] as string[] | undefined) ?? []), fileId]
  }
  const { title, address, tags } = descriptionOf(job)
  add('jobs', {
    account_id: account,
    id,
    number,
    customer_id: job.customer.id,
    ...siteColumns(job),
    template_id: job.template.id,
    template_version: version,
    title,
    ...actorColumns('created_by', job.actor),
    ...progressColumns(progress),
    duration_minutes: job.template.minutes,
    fields: JSON.stringify(values),
    tags,
    ...searchTexts({ number, title, address, tags, external_reference: null, fields: values }, fields),
    version: 1 + steps.length,
    created_at: job.created,
    updated_at: comments.reduce((last, { at }) => (at > last ? at : last), progress.changed),
  })
  job.onNumbered?.({ id, number })
}

function applySteps(job: DemoJob, now: Date): { progress: JobProgress; events: HistoryEvent[] } {
  let progress = startProgress(job)
  const events = [firstEvent(job)]
  for (const step of job.steps ?? []) {
    checkStep(job, progress, step, now)
    const next = applyStep(progress, step)
    events.push(...eventsOf(progress, next, step))
    progress = next
  }
  return { progress, events }
}

const progressColumns = ({ worker, status, requested, scheduled, started, completed, canceled }: JobProgress) => ({
  worker_id: worker?.id ?? null,
  status,
  requested_at: requested,
  scheduled_at: scheduled,
  started_at: started,
  completed_at: completed,
  canceled_at: canceled,
})

/** The template version of the job's day, and the answers that fit it. */
function answersOf({ template, created, answers = {} }: DemoJob, now: Date) {
  const { versions } = template
  // The newest version is three weeks old; older jobs have the one before.
  const isBeforeNewest = versions.length > 1 && created < new Date(now.getTime() - 21 * DAY)
  const version = isBeforeNewest ? versions.length - 1 : versions.length
  const fields: Field[] = versions[version - 1]!
  const fieldIds = new Set(fields.map((field) => field.id))
  const values: FieldValues = {
    ...getDefaultValues(fields),
    ...Object.fromEntries(Object.entries(answers).filter(([field]) => fieldIds.has(field))),
  }
  return { version, fields, values }
}

const siteOf = (job: DemoJob) => job.site ?? job.customer.sites[0]

function siteColumns(job: DemoJob) {
  const site = siteOf(job)
  return {
    site_id: site?.id ?? null,
    address: site?.address ?? null,
    latitude: site?.latitude ?? null,
    longitude: site?.longitude ?? null,
  }
}

const descriptionOf = (job: DemoJob) => ({
  title: job.template.name,
  address: siteOf(job)?.address ?? null,
  tags: job.tags ?? [],
})

function addHistory(add: AddRows, parent: ParentColumns, event: HistoryEvent): void {
  add('history', {
    ...parent,
    id: newId(),
    audience: event.audience,
    event: event.event,
    from_status: event.from ?? null,
    to_status: event.to ?? null,
    details: JSON.stringify(event.details ?? {}),
    ...actorColumns('actor', event.actor),
    created_at: event.at,
  })
}

function addComment(add: AddRows, parent: ParentColumns, comment: DemoComment): void {
  add('comments', {
    ...parent,
    id: newId(),
    audience: comment.audience,
    ...actorColumns('author', comment.actor),
    body: comment.body,
    created_at: comment.at,
  })
}

function addFile(add: AddRows, parent: ParentColumns, file: DemoFile): string {
  const id = newId()
  add('files', {
    ...parent,
    id,
    field_id: file.field ?? null,
    audience: 'customer',
    ...actorColumns('uploader', file.actor),
    name: file.name,
    type: file.type,
    size: String(file.size),
    storage_key: file.key,
    created_at: file.at,
  })
  return id
}
