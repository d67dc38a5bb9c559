/**
 * The demo's book-keeping: people and places in, rows of every table out. Everything is drawn from one seed and told
 * relative to today, so two loads on one day make the same business. Jobs walk through the table of moves: a story the
 * product would refuse cannot be written here.
 */
import type { Insertable } from 'kysely'
import { Temporal } from 'temporal-polyfill'
import { searchTexts } from '../src/features/jobs/search/queries.ts'
import {
  customerStatus,
  transitionOf,
  transitionRolesOf,
  isScheduleVisible,
  type JobStatus,
} from '../src/features/jobs/rules.ts'
import { getDefaultValues, type Field, type FieldValues } from '../src/features/templates/fields/rules.ts'
import { fold } from '../src/platform/fold.ts'
import { newId } from '../src/platform/ids.ts'
import type { DB } from '../db/schema.gen.ts'

export type Rows = { [T in keyof DB]?: Insertable<DB[T]>[] }

export interface StaffOf {
  id: string
  name: string
  role: 'owner' | 'admin' | 'dispatcher' | 'worker'
}
export interface SiteOf {
  id: string
  address: string
  latitude: number
  longitude: number
}
export interface CustomerOf {
  id: string
  name: string
  sites: SiteOf[]
  business: boolean
  portalUsers: { id: string; name: string; since: Date; books: ReadonlySet<string> }[]
}
export interface TemplateOf {
  id: string
  key: string
  name: string
  versions: Field[][]
  minutes: number
  since: Date
}

export type By = { kind: 'staff'; who: StaffOf } | { kind: 'portalUser'; id: string; name: string } | { kind: 'system' }
export interface Step {
  at: Date
  to: JobStatus
  by: By
  reason?: string
  worker?: StaffOf
  scheduled?: Date
  requested?: Date
}
export interface Said {
  at: Date
  by: By
  audience: 'internal' | 'customer'
  body: string
}
export interface AttachedFile {
  name: string
  type: string
  size: number
  key: string
  field?: string
  by: By
  at: Date
}
export interface Story {
  customer: CustomerOf
  site?: SiteOf | null
  template: TemplateOf
  created: Date
  by: By
  /** Brought in by an import in this status. */
  imported?: JobStatus
  requested?: Date | null
  steps?: Step[]
  said?: Said[]
  files?: AttachedFile[]
  answers?: FieldValues
  tags?: string[]
  /** Called when it has its number. */
  written?: (job: { id: string; number: number }) => void
}

export type Chance = ReturnType<typeof chance>
/** mulberry32: small, quick, the same everywhere. */
export function chance(seed: number) {
  let status = seed >>> 0
  const next = () => {
    status = (status + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(status ^ (status >>> 15), 1 | status)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    /** A whole number from `low` to `high`, both included. */
    from: (low: number, high: number) => low + Math.floor(next() * (high - low + 1)),
    one: <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)]!,
    perhaps: (share: number) => next() < share,
  }
}

export const MINUTE = 60_000
export const DAY = 24 * 60 * MINUTE

/** Wall-clock times of the business, counted in days from today. */
export function calendar(now: Date, zone: string) {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone).toPlainDate()
  const at = (days: number, time: string): Date =>
    new Date(today.add({ days }).toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds)
  const closed = (days: number) => today.add({ days }).dayOfWeek === 7
  return {
    at,
    /** So many working days ago (0 or less), at a time that is surely over: never a Sunday, and always one after the other. */
    past: (days: number, time: string): Date => {
      let day = 0
      for (let left = -days; left > 0 || closed(day); day -= 1) if (!closed(day)) left -= 1
      while (closed(day) || at(day, time) > new Date(now.getTime() - 10 * MINUTE)) day -= 1
      return at(day, time)
    },
    /** In so many days, at a time that is surely to come; never a Sunday. */
    coming: (days: number, time: string): Date => {
      let day = days
      while (closed(day) || at(day, time) < new Date(now.getTime() + 45 * MINUTE)) day += 1
      return at(day, time)
    },
    /** Days after a moment, at a time of day. */
    after: (moment: Date, days: number, time: string): Date => {
      const day = Temporal.Instant.fromEpochMilliseconds(moment.getTime())
        .toZonedDateTimeISO(zone)
        .toPlainDate()
        .add({ days })
      return new Date(
        (day.dayOfWeek === 7 ? day.add({ days: 1 }) : day).toZonedDateTime({ timeZone: zone, plainTime: time })
          .epochMilliseconds,
      )
    },
    ago: (minutes: number): Date => new Date(now.getTime() - minutes * MINUTE),
  }
}

const actor = (by: By) => ({
  actor_kind: by.kind,
  actor_id: by.kind === 'staff' ? by.who.id : by.kind === 'portalUser' ? by.id : null,
  actor_name: by.kind === 'staff' ? by.who.name : by.kind === 'portalUser' ? by.name : null,
})

/** Collects an account's rows. Jobs are numbered in the order they were made, when `rows()` is asked. */
export function openBook(account: string, now: Date) {
  const rows: Rows = {}
  const stories: Story[] = []
  const add = <T extends keyof DB>(table: T, ...added: Insertable<DB[T]>[]) => {
    ;((rows[table] ??= []) as unknown as Insertable<DB[T]>[]).push(...added)
  }

  function writeJob(story: Story, number: number): void {
    const { customer, template, created, by, steps = [], said = [], files = [] } = story
    const id = newId()
    const site = story.site === undefined ? (customer.sites[0] ?? null) : story.site
    const versions = template.versions
    // The newest version is three weeks old: older jobs keep what they were made with.
    const version =
      versions.length > 1 && created < new Date(now.getTime() - 21 * DAY) ? versions.length - 1 : versions.length
    const fields = versions[version - 1]!
    const known = new Set(fields.map((field) => field.id))
    const values: FieldValues = {
      ...getDefaultValues(fields),
      ...Object.fromEntries(Object.entries(story.answers ?? {}).filter(([field]) => known.has(field))),
    }

    let status: JobStatus = story.imported ?? 'unassigned'
    let worker: StaffOf | null = null
    let requested = story.requested ?? null
    let scheduled: Date | null = null,
      started: Date | null = null,
      completed: Date | null = null
    let canceled = story.imported === 'canceled' ? created : null
    let last = created
    const child = { account_id: account, parent_kind: 'job', parent_id: id, customer_id: customer.id }
    const wrote = (
      event: string,
      audience: 'internal' | 'customer',
      at: Date,
      who: By,
      more: { from?: JobStatus; to?: JobStatus; details?: object } = {},
    ) =>
      add('history', {
        ...child,
        id: newId(),
        audience,
        event,
        from_status: more.from ?? null,
        to_status: more.to ?? null,
        details: JSON.stringify(more.details ?? {}),
        ...actor(who),
        created_at: at,
      })
    if (story.imported) wrote('imported', 'internal', created, { kind: 'system' }, { to: story.imported })
    else wrote('created', 'customer', created, by)

    for (const step of steps) {
      const { at, to } = step
      const from = status
      const movers =
        step.by.kind === 'staff'
          ? transitionRolesOf(step.by.who.role, step.by.who === (step.worker ?? worker))
          : step.by.kind === 'portalUser'
            ? ['customer' as const]
            : ['system' as const]
      const told = `${from} → ${to} in ${template.name} for ${customer.name}`
      if (!transitionOf(from, to, movers)) throw new Error(`The demo tells of a move that is refused: ${told}`)
      if (at < last || at > now) throw new Error(`The demo tells of a move out of order: ${told}`)
      const before: { worker: StaffOf | null; scheduled: Date | null; started: Date | null } = {
        worker,
        scheduled,
        started,
      }
      if (step.worker) worker = step.worker
      if (step.scheduled) scheduled = step.scheduled
      if (step.requested) requested = step.requested
      if (to === 'unassigned' || to === 'postponed') worker = null
      if (to === 'postponed') scheduled = null
      if (to === 'started') started ??= at
      if (to === 'completed') completed = at
      // A canceled job has no times; they stay in its history (E-51).
      if (to === 'canceled') {
        canceled = at
        scheduled = started = null
      }
      status = to

      // The same lines as a move in the office writes.
      const seen = customerStatus(from) !== customerStatus(to)
      const time = isScheduleVisible(to) && scheduled ? { scheduledAt: scheduled.toISOString() } : {}
      wrote('moved', seen ? 'customer' : 'internal', at, step.by, { from, to, details: seen ? time : {} })
      if (!seen && !isScheduleVisible(from) && isScheduleVisible(to) && scheduled)
        wrote('scheduled', 'customer', at, step.by, { details: time })
      const lost = {
        ...(before.scheduled && !scheduled && { scheduledAt: before.scheduled.toISOString() }),
        ...(before.started && !started && { startedAt: before.started.toISOString() }),
      }
      if (Object.keys(lost).length > 0) wrote('timesRemoved', 'internal', at, step.by, { details: lost })
      if (worker !== before.worker)
        wrote('assigned', 'internal', at, step.by, {
          details: { worker: worker?.name ?? null, before: before.worker?.name ?? null },
        })
      if (step.reason) wrote('reason', 'internal', at, step.by, { from, to, details: { reason: step.reason } })
      last = at
    }
    for (const each of said) {
      add('comments', {
        ...child,
        id: newId(),
        audience: each.audience,
        author_kind: each.by.kind,
        author_id: actor(each.by).actor_id,
        author_name: actor(each.by).actor_name,
        body: each.body,
        created_at: each.at,
      })
      if (each.at > last) last = each.at
    }
    for (const file of files) {
      const fileId = newId()
      add('files', {
        ...child,
        id: fileId,
        field_id: file.field ?? null,
        audience: 'customer',
        uploader_kind: file.by.kind,
        uploader_id: actor(file.by).actor_id,
        uploader_name: actor(file.by).actor_name,
        name: file.name,
        type: file.type,
        size: String(file.size),
        storage_key: file.key,
        created_at: file.at,
      })
      if (file.field) values[file.field] = [...((values[file.field] as string[] | undefined) ?? []), fileId]
    }
    const tags = story.tags ?? []
    add('jobs', {
      account_id: account,
      id,
      number,
      customer_id: customer.id,
      site_id: site?.id ?? null,
      address: site?.address ?? null,
      latitude: site?.latitude ?? null,
      longitude: site?.longitude ?? null,
      template_id: template.id,
      template_version: version,
      title: template.name,
      worker_id: worker?.id ?? null,
      created_by_kind: by.kind,
      created_by_id: actor(by).actor_id,
      created_by_name: actor(by).actor_name,
      status,
      requested_at: requested,
      scheduled_at: scheduled,
      duration_minutes: template.minutes,
      started_at: started,
      completed_at: completed,
      canceled_at: canceled,
      fields: JSON.stringify(values),
      tags,
      ...searchTexts(
        {
          number,
          title: template.name,
          address: site?.address ?? null,
          tags,
          external_reference: null,
          fields: values,
        },
        fields,
      ),
      version: 1 + steps.length,
      created_at: created,
      updated_at: last,
    })
    story.written?.({ id, number })
  }

  return {
    add,
    job: (story: Story) => {
      stories.push(story)
    },
    customer({
      name,
      reference,
      business = false,
      notes = '',
      billing,
      sites,
      contacts,
      since,
    }: {
      name: string
      reference: string
      business?: boolean
      notes?: string
      since: Date
      billing?: { name: string; email: string }
      sites: { name?: string; address: string; at: [number, number] }[]
      contacts: { name: string; role?: string; email?: string; phone?: string }[]
    }): CustomerOf {
      const id = newId()
      const placed = sites.map((site) => ({
        id: newId(),
        address: site.address,
        latitude: site.at[0],
        longitude: site.at[1],
      }))
      add('customers', {
        account_id: account,
        id,
        name,
        reference,
        notes,
        billing_name: billing?.name ?? null,
        billing_email: billing?.email ?? null,
        billing_address: billing ? (sites[0]?.address ?? null) : null,
        created_at: since,
        updated_at: since,
        search_text: fold(
          name,
          reference,
          ...contacts.flatMap((each) => [each.name, each.email, each.phone]),
          ...sites.flatMap((site) => [site.name, site.address]),
        ),
      })
      contacts.forEach((each, index) =>
        add('contacts', {
          account_id: account,
          id: newId(),
          customer_id: id,
          name: each.name,
          role: each.role ?? null,
          email: each.email ?? null,
          email_norm: each.email?.toLowerCase() ?? null,
          phone: each.phone ?? null,
          is_primary: index === 0,
          created_at: since,
          updated_at: since,
        }),
      )
      sites.forEach((site, index) =>
        add('sites', {
          account_id: account,
          id: placed[index]!.id,
          customer_id: id,
          name: site.name ?? null,
          address: site.address,
          latitude: site.at[0],
          longitude: site.at[1],
          created_at: since,
          updated_at: since,
        }),
      )
      return { id, name, sites: placed, business, portalUsers: [] }
    },
    template({
      key,
      name,
      description,
      icon,
      minutes,
      versions,
      position,
      since,
      archived = false,
    }: {
      key: string
      name: string
      description: string
      icon: string
      minutes: number
      versions: Field[][]
      position: number
      since: Date
      archived?: boolean
    }): TemplateOf {
      const id = newId()
      add('templates', {
        account_id: account,
        id,
        name,
        description,
        icon,
        duration_minutes: minutes,
        position,
        status: archived ? 'archived' : 'active',
        version: versions.length,
        created_at: since,
        updated_at: since,
      })
      versions.forEach((fields, index) =>
        add('template_versions', {
          account_id: account,
          template_id: id,
          version: index + 1,
          fields: JSON.stringify(fields),
          created_at: index === 0 ? since : new Date(now.getTime() - 21 * DAY),
        }),
      )
      return { id, key, name, versions, minutes, since }
    },
    /** Everything, in an order that foreign keys like. `lastNumber` is the number of the newest job. */
    rows(lastNumber: number): Rows {
      const ordered = stories.toSorted((one, other) => one.created.getTime() - other.created.getTime())
      ordered.forEach((story, index) => writeJob(story, lastNumber - ordered.length + 1 + index))
      add('counters', { account_id: account, kind: 'job', next: String(lastNumber + 1) })
      return rows
    },
  }
}
export type Book = ReturnType<typeof openBook>

// ---- ordinary days ----

export interface Days {
  now: Date
  zone: string
  seed: number
  customers: CustomerOf[]
  /** Which templates a customer asks for. */
  wants: (customer: CustomerOf, luck: Chance) => TemplateOf
  answers: (template: TemplateOf, luck: Chance, done: boolean) => FieldValues
  dispatchers: StaffOf[]
  workers: StaffOf[]
  counts: Partial<Record<JobStatus, number>>
  words: {
    customer: string[]
    office: string[]
    internal: string[]
    done: string[]
    canceled: string[]
    paused: string[]
  }
}

/** As many jobs of each status as asked for, spread over the last 90 days as such statuses are: open ones are recent. */
export function fillDays(
  book: Book,
  { now, zone, seed, customers, wants, answers, dispatchers, workers, counts, words }: Days,
): void {
  const luck = chance(seed)
  const { past, coming, after } = calendar(now, zone)
  const clockTime = (low: number, high: number) =>
    `${String(luck.from(low, high)).padStart(2, '0')}:${luck.one(['00', '15', '30', '45'])}`
  const exact = (moment: Date) => new Date(moment.getTime() + luck.from(0, 14) * MINUTE + luck.from(0, 59) * 1000)
  const later = (moment: Date, low: number, high: number) => new Date(moment.getTime() + luck.from(low, high) * MINUTE)

  for (const [status, count] of Object.entries(counts) as [JobStatus, number][])
    for (let made = 0; made < count; made++) {
      const customer = luck.perhaps(0.45) ? luck.one(customers.filter((each) => each.business)) : luck.one(customers)
      const template = wants(customer, luck)
      const dispatcher: By = { kind: 'staff', who: luck.one(dispatchers) }
      const worker = luck.one(workers)
      const onJob: By = { kind: 'staff', who: worker }
      const over = status === 'completed' || status === 'canceled'
      const days = over
        ? -luck.from(status === 'completed' ? 7 : 4, 76)
        : status === 'unassigned'
          ? -luck.from(1, 4)
          : -luck.from(2, 6)
      const created = exact(past(days, clockTime(7, 17)))
      // Only who was there already, and only what they are offered.
      const bookers = customer.portalUsers.filter((each) => each.since < created && each.books.has(template.id))
      const user = bookers.length > 0 && luck.perhaps(0.6) ? luck.one(bookers) : null
      const by: By = user ? { kind: 'portalUser', id: user.id, name: user.name } : dispatcher
      const wish = luck.perhaps(0.5)
        ? after(created, luck.from(2, 6), luck.one(['08:00', '09:00', '12:00', '13:00', '15:00']))
        : null
      const story: Story = {
        customer,
        site: luck.one(customer.sites),
        template,
        created,
        by,
        requested: wish && wish > created ? wish : null,
        answers: answers(template, luck, status === 'completed'),
        steps: [],
        said: [],
      }
      const { steps, said } = story as Required<Story>
      const planned = later(created, 30, 20 * 60)
      const inTime = (moment: Date) =>
        moment < now ? moment : new Date(created.getTime() + (now.getTime() - created.getTime()) / 2)
      const visit = (min: number, max: number) => past(days + luck.from(min, max), clockTime(8, 15))

      if (status === 'completed') {
        let when = visit(1, 5)
        if (when <= planned) when = new Date(planned.getTime() + 90 * MINUTE)
        const asked = luck.perhaps(0.3)
        steps.push({ at: planned, to: asked ? 'pending' : 'assigned', by: dispatcher, worker, scheduled: when })
        const accepted = later(planned, 5, 40)
        if (asked) steps.push({ at: accepted, to: 'assigned', by: onJob })
        const began = new Date(Math.max(exact(when).getTime(), accepted.getTime()))
        steps.push({ at: began, to: 'started', by: onJob })
        let end = later(began, Math.ceil(template.minutes * 0.6), Math.ceil(template.minutes * 1.2))
        if (luck.perhaps(0.08)) {
          const stopped = later(began, 10, 25)
          const on = later(stopped, 30, 90)
          steps.push(
            { at: stopped, to: 'paused', by: onJob, reason: luck.one(words.paused) },
            { at: on, to: 'started', by: onJob },
          )
          end = later(on, 15, 60)
        }
        steps.push({ at: end, to: 'completed', by: onJob })
        if (luck.perhaps(0.35))
          said.push({
            at: later(end, 1, 20),
            by: onJob,
            audience: luck.perhaps(0.5) ? 'customer' : 'internal',
            body: luck.one(words.done),
          })
      } else if (status === 'canceled') {
        const ends = later(planned, 60, 600)
        if (luck.perhaps(0.5))
          steps.push({
            at: planned,
            to: 'assigned',
            by: dispatcher,
            worker,
            scheduled: after(created, 3, clockTime(8, 15)),
          })
        steps.push({
          at: ends,
          to: 'canceled',
          by: user && luck.perhaps(0.7) ? by : dispatcher,
          ...(luck.perhaps(0.6) && { reason: luck.one(words.canceled) }),
        })
      } else if (status !== 'unassigned') {
        const ahead = coming(luck.from(0, 6), clockTime(8, 15))
        const first = inTime(planned)
        if (status === 'unpublished')
          steps.push({ at: first, to: 'unpublished', by: dispatcher, worker, scheduled: ahead })
        if (status === 'pending') steps.push({ at: first, to: 'pending', by: dispatcher, worker, scheduled: ahead })
        if (status === 'assigned') steps.push({ at: first, to: 'assigned', by: dispatcher, worker, scheduled: ahead })
        if (status === 'postponed')
          steps.push(
            { at: first, to: 'assigned', by: dispatcher, worker, scheduled: ahead },
            {
              at: inTime(later(first, 60, 200)),
              to: 'postponed',
              by: dispatcher,
              requested: coming(luck.from(5, 12), '09:00'),
            },
          )
        if (status === 'started' || status === 'paused') {
          const began = new Date(now.getTime() - luck.from(50, 100) * MINUTE)
          steps.push(
            {
              at: first < began ? first : created,
              to: 'assigned',
              by: dispatcher,
              worker,
              scheduled: new Date(Math.round(began.getTime() / (30 * MINUTE)) * 30 * MINUTE),
            },
            { at: began, to: 'started', by: onJob },
          )
          if (status === 'paused')
            steps.push({ at: later(began, 20, 40), to: 'paused', by: onJob, reason: luck.one(words.paused) })
        }
      }
      if (user && luck.perhaps(0.3))
        said.push({ at: inTime(later(created, 2, 30)), by, audience: 'customer', body: luck.one(words.customer) })
      if (luck.perhaps(0.25))
        said.push({
          at: inTime(later(created, 40, 300)),
          by: dispatcher,
          audience: 'customer',
          body: luck.one(words.office),
        })
      if (luck.perhaps(0.2))
        said.push({
          at: inTime(later(created, 40, 300)),
          by: dispatcher,
          audience: 'internal',
          body: luck.one(words.internal),
        })
      said.sort((one, other) => one.at.getTime() - other.at.getTime())
      book.job(story)
    }
}
