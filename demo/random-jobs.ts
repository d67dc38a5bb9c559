/** Ordinary jobs of the last 90 days, drawn at random. Open jobs are recent. */
import type { JobStatus } from '../src/features/jobs/rules.ts'
import type { FieldValues } from '../src/features/templates/fields/rules.ts'
import type { BusinessBuilder } from './builder.ts'
import { addMinutes, createCalendar, MINUTE, roundToMinutes, type Calendar } from './calendar.ts'
import type { Actor, DemoComment, DemoCustomer, DemoStaff, DemoTemplate, StatusStep } from './model.ts'
import { createRandom, type Random } from './random.ts'

/** Comments and reasons to choose from. */
export interface Phrases {
  customer: string[]
  office: string[]
  internal: string[]
  done: string[]
  canceled: string[]
  paused: string[]
}

export interface RandomJobsInput {
  now: Date
  zone: string
  seed: number
  customers: DemoCustomer[]
  pickTemplate: (customer: DemoCustomer, random: Random) => DemoTemplate
  answers: (template: DemoTemplate, random: Random, isCompleted: boolean) => FieldValues
  dispatchers: DemoStaff[]
  workers: DemoStaff[]
  /** How many jobs of each status. */
  counts: Partial<Record<JobStatus, number>>
  phrases: Phrases
}

interface JobPlan {
  input: RandomJobsInput
  random: Random
  calendar: Calendar
  status: JobStatus
  customer: DemoCustomer
  template: DemoTemplate
  dispatcher: Actor
  worker: DemoStaff
  byWorker: Actor
  /** Creation day, counted from today. */
  day: number
  created: Date
  /** The portal user who booked it, when one did. */
  booker: Actor | null
  /** When the office first handles it. */
  handled: Date
}

interface Progress {
  steps: StatusStep[]
  comments: DemoComment[]
}

export function addRandomJobs(builder: BusinessBuilder, input: RandomJobsInput): void {
  const random = createRandom(input.seed)
  const calendar = createCalendar(input.now, input.zone)
  for (const [status, count] of Object.entries(input.counts) as [JobStatus, number][])
    for (let added = 0; added < count; added++) addRandomJob(builder, input, random, calendar, status)
}

// The order of draws decides what the demo contains: a draw moved up or down changes every later job.
function addRandomJob(
  builder: BusinessBuilder,
  input: RandomJobsInput,
  random: Random,
  calendar: Calendar,
  status: JobStatus,
): void {
  const { customers, dispatchers, workers } = input
  const customer = random.chance(0.45) ? random.pick(customers.filter((each) => each.business)) : random.pick(customers)
  const template = input.pickTemplate(customer, random)
  const dispatcher: Actor = { kind: 'staff', member: random.pick(dispatchers) }
  const worker = random.pick(workers)
  const day = drawDay(random, status)
  const created = exactTime(random, calendar.past(day, clockTime(random, 7, 17)))
  const booker = drawBooker(random, customer, template, created)
  const requested = drawRequestedTime(random, calendar, created)
  const site = random.pick(customer.sites)
  const answers = input.answers(template, random, status === 'completed')
  const plan: JobPlan = {
    input,
    random,
    calendar,
    status,
    customer,
    template,
    dispatcher,
    worker,
    byWorker: { kind: 'staff', member: worker },
    day,
    created,
    booker,
    handled: randomlyLater(random, created, 30, 20 * 60),
  }
  const { steps, comments } = drawProgress(plan)
  comments.push(...drawComments(plan))
  comments.sort((one, other) => one.at.getTime() - other.at.getTime())
  builder.addJob({
    customer,
    site,
    template,
    created,
    actor: booker ?? dispatcher,
    requested,
    answers,
    steps,
    comments,
  })
}

const clockTime = (random: Random, lowHour: number, highHour: number) => {
  const hour = String(random.integer(lowHour, highHour)).padStart(2, '0')
  return `${hour}:${random.pick(['00', '15', '30', '45'])}`
}

/** Up to a quarter of an hour later, with seconds, as real events are. */
const exactTime = (random: Random, moment: Date) => {
  const minutes = random.integer(0, 14)
  return new Date(moment.getTime() + minutes * MINUTE + random.integer(0, 59) * 1000)
}

const randomlyLater = (random: Random, moment: Date, lowMinutes: number, highMinutes: number) =>
  addMinutes(moment, random.integer(lowMinutes, highMinutes))

function drawDay(random: Random, status: JobStatus): number {
  if (status === 'completed') return -random.integer(7, 76)
  if (status === 'canceled') return -random.integer(4, 76)
  return status === 'unassigned' ? -random.integer(1, 4) : -random.integer(2, 6)
}

/** A portal user who existed at that time and may book the template. */
function drawBooker(random: Random, customer: DemoCustomer, template: DemoTemplate, created: Date): Actor | null {
  const candidates = customer.portalUsers.filter((user) => user.createdAt < created && user.templates.has(template.id))
  if (candidates.length === 0 || !random.chance(0.6)) return null
  const { id, name } = random.pick(candidates)
  return { kind: 'portalUser', id, name }
}

function drawRequestedTime(random: Random, calendar: Calendar, created: Date): Date | null {
  if (!random.chance(0.5)) return null
  const days = random.integer(2, 6)
  const requested = calendar.after(created, days, random.pick(['08:00', '09:00', '12:00', '13:00', '15:00']))
  return requested > created ? requested : null
}

function drawProgress(plan: JobPlan): Progress {
  if (plan.status === 'unassigned') return { steps: [], comments: [] }
  if (plan.status === 'completed') return completedProgress(plan)
  if (plan.status === 'canceled') return { steps: canceledSteps(plan), comments: [] }
  return { steps: openSteps(plan), comments: [] }
}

function completedProgress(plan: JobPlan): Progress {
  const { input, random, calendar, template, dispatcher, worker, byWorker, handled } = plan
  const visitDay = plan.day + random.integer(1, 5)
  let scheduled = calendar.past(visitDay, clockTime(random, 8, 15))
  if (scheduled <= handled) scheduled = addMinutes(handled, 90)
  const isOffered = random.chance(0.3)
  const steps: StatusStep[] = [
    { at: handled, to: isOffered ? 'pending' : 'assigned', actor: dispatcher, worker, scheduled },
  ]
  const accepted = randomlyLater(random, handled, 5, 40)
  if (isOffered) steps.push({ at: accepted, to: 'assigned', actor: byWorker })
  const started = new Date(Math.max(exactTime(random, scheduled).getTime(), accepted.getTime()))
  steps.push({ at: started, to: 'started', actor: byWorker })
  let completed = randomlyLater(random, started, Math.ceil(template.minutes * 0.6), Math.ceil(template.minutes * 1.2))
  if (random.chance(0.08)) {
    const paused = randomlyLater(random, started, 10, 25)
    const resumed = randomlyLater(random, paused, 30, 90)
    steps.push({ at: paused, to: 'paused', actor: byWorker, reason: random.pick(input.phrases.paused) })
    steps.push({ at: resumed, to: 'started', actor: byWorker })
    completed = randomlyLater(random, resumed, 15, 60)
  }
  steps.push({ at: completed, to: 'completed', actor: byWorker })
  return { steps, comments: drawClosingComment(plan, completed) }
}

function drawClosingComment({ input, random, byWorker }: JobPlan, completed: Date): DemoComment[] {
  if (!random.chance(0.35)) return []
  return [
    {
      at: randomlyLater(random, completed, 1, 20),
      actor: byWorker,
      audience: random.chance(0.5) ? 'customer' : 'internal',
      body: random.pick(input.phrases.done),
    },
  ]
}

function canceledSteps({
  input,
  random,
  calendar,
  dispatcher,
  worker,
  created,
  booker,
  handled,
}: JobPlan): StatusStep[] {
  const steps: StatusStep[] = []
  const canceled = randomlyLater(random, handled, 60, 600)
  if (random.chance(0.5)) {
    const scheduled = calendar.after(created, 3, clockTime(random, 8, 15))
    steps.push({ at: handled, to: 'assigned', actor: dispatcher, worker, scheduled })
  }
  steps.push({
    at: canceled,
    to: 'canceled',
    actor: booker && random.chance(0.7) ? booker : dispatcher,
    ...(random.chance(0.6) && { reason: random.pick(input.phrases.canceled) }),
  })
  return steps
}

/** The moment itself, or halfway between the job's creation and now when it is still to come. */
const beforeNow = ({ input: { now }, created }: JobPlan, moment: Date) =>
  moment < now ? moment : new Date(created.getTime() + (now.getTime() - created.getTime()) / 2)

function openSteps(plan: JobPlan): StatusStep[] {
  const { random, calendar, status, dispatcher, worker } = plan
  const days = random.integer(0, 6)
  const scheduled = calendar.coming(days, clockTime(random, 8, 15))
  const handled = beforeNow(plan, plan.handled)
  if (status === 'started' || status === 'paused') return inProgressSteps(plan, handled)
  if (status !== 'postponed') return [{ at: handled, to: status, actor: dispatcher, worker, scheduled }]
  const postponed = beforeNow(plan, randomlyLater(random, handled, 60, 200))
  return [
    { at: handled, to: 'assigned', actor: dispatcher, worker, scheduled },
    { at: postponed, to: 'postponed', actor: dispatcher, requested: calendar.coming(random.integer(5, 12), '09:00') },
  ]
}

function inProgressSteps(plan: JobPlan, handled: Date): StatusStep[] {
  const { input, random, status, dispatcher, worker, byWorker, created } = plan
  const started = addMinutes(input.now, -random.integer(50, 100))
  const steps: StatusStep[] = [
    {
      at: handled < started ? handled : created,
      to: 'assigned',
      actor: dispatcher,
      worker,
      scheduled: roundToMinutes(started, 30),
    },
    { at: started, to: 'started', actor: byWorker },
  ]
  if (status === 'paused') {
    const at = randomlyLater(random, started, 20, 40)
    steps.push({ at, to: 'paused', actor: byWorker, reason: random.pick(input.phrases.paused) })
  }
  return steps
}

function drawComments(plan: JobPlan): DemoComment[] {
  const { input, random, dispatcher, booker } = plan
  const comments: DemoComment[] = []
  const draw = (actor: Actor, audience: DemoComment['audience'], minutes: [number, number], bodies: string[]) => {
    const at = beforeNow(plan, randomlyLater(random, plan.created, ...minutes))
    comments.push({ at, actor, audience, body: random.pick(bodies) })
  }
  if (booker && random.chance(0.3)) draw(booker, 'customer', [2, 30], input.phrases.customer)
  if (random.chance(0.25)) draw(dispatcher, 'customer', [40, 300], input.phrases.office)
  if (random.chance(0.2)) draw(dispatcher, 'internal', [40, 300], input.phrases.internal)
  return comments
}
