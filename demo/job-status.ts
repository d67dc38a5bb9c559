/**
 * Applies the status steps of a demo job. It uses the product's table of transitions and throws on a step that the
 * product would refuse.
 */
import { customerStatus, isScheduleVisible, type JobStatus } from '../src/features/jobs/rules.ts'
import { transitionOf, transitionRolesOf } from '../src/features/jobs/transitions/rules.ts'
import type { Actor, DemoJob, DemoStaff, StatusStep } from './model.ts'

export interface JobProgress {
  status: JobStatus
  worker: DemoStaff | null
  requested: Date | null
  scheduled: Date | null
  started: Date | null
  completed: Date | null
  canceled: Date | null
  changed: Date
}

export interface HistoryEvent {
  event: string
  audience: 'internal' | 'customer'
  at: Date
  actor: Actor
  from?: JobStatus
  to?: JobStatus
  details?: object
}

export function startProgress(job: DemoJob): JobProgress {
  return {
    status: job.imported ?? 'unassigned',
    worker: null,
    requested: job.requested ?? null,
    scheduled: null,
    started: null,
    completed: null,
    canceled: job.imported === 'canceled' ? job.created : null,
    changed: job.created,
  }
}

export function firstEvent({ imported, created, actor }: DemoJob): HistoryEvent {
  return imported
    ? { event: 'imported', audience: 'internal', at: created, actor: { kind: 'system' }, to: imported }
    : { event: 'created', audience: 'customer', at: created, actor }
}

export function checkStep(job: DemoJob, before: JobProgress, step: StatusStep, now: Date): void {
  const name = `${before.status} → ${step.to} in ${job.template.name} for ${job.customer.name}`
  if (!transitionOf(before.status, step.to, rolesOf(before, step))) throw new Error(`Demo step not allowed: ${name}`)
  if (step.at < before.changed || step.at > now) throw new Error(`Demo step out of order: ${name}`)
}

function rolesOf(before: JobProgress, { actor, worker }: StatusStep) {
  if (actor.kind === 'staff') return transitionRolesOf(actor.member.role, actor.member === (worker ?? before.worker))
  return actor.kind === 'portalUser' ? ['customer' as const] : ['system' as const]
}

export function applyStep(before: JobProgress, step: StatusStep): JobProgress {
  const { at, to } = step
  const after: JobProgress = {
    ...before,
    status: to,
    worker: step.worker ?? before.worker,
    requested: step.requested ?? before.requested,
    scheduled: step.scheduled ?? before.scheduled,
    changed: at,
  }
  if (to === 'unassigned' || to === 'postponed') after.worker = null
  if (to === 'postponed') after.scheduled = null
  if (to === 'started') after.started ??= at
  if (to === 'completed') after.completed = at
  // A canceled job has no times; they stay in its history (E-51).
  if (to === 'canceled') Object.assign(after, { canceled: at, scheduled: null, started: null })
  return after
}

/** The same history events as a status change in the office writes. */
export function eventsOf(before: JobProgress, after: JobProgress, step: StatusStep): HistoryEvent[] {
  const { at, actor } = step
  const [from, to] = [before.status, after.status]
  const isSeen = customerStatus(from) !== customerStatus(to)
  const schedule = isScheduleVisible(to) && after.scheduled ? { scheduledAt: after.scheduled.toISOString() } : undefined
  const moved: HistoryEvent = {
    event: 'moved',
    audience: isSeen ? 'customer' : 'internal',
    at,
    actor,
    from,
    to,
    details: isSeen ? schedule : undefined,
  }
  const events = [moved]
  const becomesScheduled = schedule !== undefined && !isSeen && !isScheduleVisible(from)
  if (becomesScheduled) events.push({ event: 'scheduled', audience: 'customer', at, actor, details: schedule })

  const removed = {
    ...(before.scheduled && !after.scheduled && { scheduledAt: before.scheduled.toISOString() }),
    ...(before.started && !after.started && { startedAt: before.started.toISOString() }),
  }
  if (Object.keys(removed).length > 0)
    events.push({ event: 'timesRemoved', audience: 'internal', at, actor, details: removed })
  if (after.worker !== before.worker) {
    const details = { worker: after.worker?.name ?? null, before: before.worker?.name ?? null }
    events.push({ event: 'assigned', audience: 'internal', at, actor, details })
  }
  if (step.reason)
    events.push({ event: 'reason', audience: 'internal', at, actor, from, to, details: { reason: step.reason } })
  return events
}
