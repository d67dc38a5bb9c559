import { randomUUID } from 'node:crypto'
import { prefetching, implement, type Context, type Input } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { localOf } from '../../../platform/zone.ts'
import type { PortalOf } from '../../identity/rules.ts'
import { portalFields, startingValues, type Values } from '../../templates/rules.ts'
import { attachFile, copyFile, stillWaits, type FileRecord } from '../files/queries.ts'
import {
  fieldValues,
  actorStamp,
  parseLocalTime,
  addressOfSite,
  throwFieldErrors,
  type FieldErrors,
} from '../handlers.ts'
import { jobBooked, jobBookedOffice } from '../messages.ts'
import { bookableCustomers, mayBook, mayBookUnlinked, mayChooseTemplate } from '../policy.ts'
import {
  activeTemplates,
  addHistory,
  findTemplate,
  insertJobs,
  searchTexts,
  sitesOf,
  type JobRecord,
  type TemplateOf,
} from '../queries.ts'
import { MAX_JOBS } from '../rules.ts'
import { booking } from './contract.ts'
import {
  bookerOf,
  makeCustomerFor,
  namesOf,
  readAgain,
  startBooking,
  type Booker,
  type BookingFacts,
} from './queries.ts'

/** What an uploaded file is named by in a form. */
const isId = (value: unknown): value is string =>
  typeof value === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)

type Booking = Context<(typeof booking)['createPortalJob']>

export const bookingHandlers = implement('jobs', booking, {
  async getBookingOptions(ctx, { template: wanted }) {
    const {
      db,
      actor,
      account: { id: account, portal, timeZone, currency },
    } = ctx
    const customers = bookableCustomers(actor, portal)
    const makesCustomer = mayBookUnlinked(actor, portal)
    const active = await activeTemplates(db, account)
    const offeredIds = offered(
      actor,
      portal,
      active.map((each) => each.id),
      customers.length === 1 ? customers[0]! : null,
      customers,
    )
    const templates = offeredIds.map((id) => active.find((each) => each.id === id)!)
    const fitting = customers.length > 0 || makesCustomer
    // A job type that is not offered to this user is a secret like any other.
    ctx.allow(!wanted || (fitting && offeredIds.includes(wanted)) ? { yes: true } : { yes: false, code: 'notFound' })
    const [names, sites, template, me] = await Promise.all([
      namesOf(db, account, customers),
      sitesOf(db, account, customers),
      wanted ? findTemplate(db, account, wanted) : undefined,
      makesCustomer ? bookerOf(db, account, actor.id) : undefined,
    ])
    const why = fitting
      ? templates.length > 0
        ? null
        : ('noJobTypes' as const)
      : actor.links.length === 0 && !portal.createCustomers
        ? ('noCustomer' as const)
        : ('permission' as const)
    return {
      allowed: fitting && templates.length > 0,
      why,
      templates: fitting ? templates.map(({ id, name, description, icon }) => ({ id, name, description, icon })) : [],
      customers: names.map(({ id, name }) => ({
        id,
        name,
        sites: sites
          .filter((site) => site.customer_id === id)
          .map((site) => ({ id: site.id, name: site.name, address: site.address })),
      })),
      makesCustomer,
      ownAddress: me?.postal_address ?? null,
      severalJobs: portal.severalJobs,
      maxJobs: portal.severalJobs ? MAX_JOBS : 1,
      requestedStart: portal.requestedStart,
      timeZone,
      currency,
      today: localOf(ctx.now, timeZone).day,
      fields: template ? portalFields(template.fields) : null,
    }
  },

  createPortalJob: prefetching({
    prefetch: (db, input) =>
      startBooking(db, {
        formKey: input.formKey,
        template: input.template,
        site: input.site,
        count: input.number,
        files: [...input.files, ...Object.values(input.fields).filter(Array.isArray).flat().filter(isId)],
      }),
    respond: (ctx, input, facts) => book(ctx, input, facts!),
  }),
})

async function book(
  ctx: Booking,
  input: Input<(typeof booking)['createPortalJob']>,
  facts: Awaited<ReturnType<typeof startBooking>>,
) {
  const {
    db,
    account: { id: account, timeZone, portal },
    now,
  } = ctx
  const { booker } = facts
  if (!booker) throw problem('notSignedIn')
  // Linked since this request began, by another booking of the same user.
  const fresh = facts.links
    .filter((link) => link.scope === 'whole' && !ctx.actor.links.some((known) => known.id === link.id))
    .map((link) => link.customer)
  for (const customer of fresh) await ctx.reachAlso({ customer })
  if (fresh.length > 0)
    await readAgain(db, account, facts, { fresh, user: ctx.actor.id, formKey: input.formKey, count: input.number })
  const actor = { ...ctx.actor, links: facts.links }
  const customer = chosenCustomer(ctx, actor, input.customer)
  if (facts.before.length > 0) return { jobs: facts.before, again: true }

  const fieldErrors: FieldErrors = { ...customer.fieldErrors }
  const template =
    facts.template &&
    offered(actor, portal, facts.active, customer.id, customer.id ? [customer.id] : []).includes(facts.template.id)
      ? facts.template
      : undefined
  if (!template) fieldErrors.template = 'choice'
  const place = addressOfSite(
    facts.sites.filter((site) => site.customer_id === customer.id),
    { site: input.site, address: input.address },
    fieldErrors,
  )
  // Without script the form offers the addresses of all one's customers: say which is wrong, the customer or the place.
  if (
    fieldErrors.site === 'choice' &&
    facts.sites.some((site) => bookableCustomers(actor, portal).includes(site.customer_id))
  )
    fieldErrors.site = 'siteOfOtherCustomer'
  if (!place.site_id && !place.address) fieldErrors.address = 'required'
  const requested = portal.requestedStart
    ? parseLocalTime(input.requested, timeZone, 'requested', fieldErrors)
    : undefined
  if (input.requested && !portal.requestedStart) fieldErrors.requested = 'unknown'
  if (requested && requested <= now) fieldErrors.requested = { code: 'timePast', vars: { zone: timeZone } }
  if (input.number > 1 && !portal.severalJobs) fieldErrors.number = { code: 'tooBig', vars: { max: 1 } }
  const fields = template?.fields ?? []
  const values = fieldValues(fields, input.fields, startingValues(fields), timeZone, fieldErrors, 'portal')
  const files = chosenFiles(
    template,
    input.files,
    values,
    facts.files.filter((file) => stillWaits(file, now)),
    fieldErrors,
  )
  throwFieldErrors(fieldErrors)

  const customerId = customer.id ?? (await newCustomer(ctx, booker, place.address))
  const batch = input.formKey ?? randomUUID()
  const jobs = Array.from({ length: input.number }, (_, index) => {
    const job = {
      account_id: account,
      id: ctx.newId(),
      number: facts.first + index,
      customer_id: customerId,
      ...place,
      template_id: template!.id,
      template_version: template!.version,
      title: template!.name,
      worker_id: null,
      created_by_kind: 'portalUser',
      created_by_id: actor.id,
      created_by_name: actor.name,
      status: 'unassigned' as const,
      requested_at: requested ?? null,
      scheduled_at: null,
      duration_minutes: template!.duration_minutes,
      fields: index === 0 ? values : withOwnFiles(ctx, template!, values),
      tags: [],
      batch_id: batch,
      external_reference: null,
      created_at: now,
      updated_at: now,
    }
    return { ...job, ...searchTexts(job, fields) }
  })
  const booked = insertJobs(db, jobs)
  if (files.size > 0) {
    await booked
    await attachAll(ctx, jobs, template!, values, files)
  }
  await Promise.all([
    booked,
    addHistory(db, jobs, [{ event: 'created', audience: 'customer' }], actorStamp(ctx), now, ctx.newId),
    sendBookingMails(ctx, jobs, template!, requested ?? null, facts.dispatchers),
  ])
  return { jobs: jobs.map(({ id, number }) => ({ id, number })), again: false }
}

/** Of the active job types those this user may book, in the account's order; one only for who may not choose. */
function offered(
  actor: Booking['actor'],
  portal: PortalOf,
  active: readonly string[],
  customer: string | null,
  customers: readonly string[],
): string[] {
  const bookable = actor.bookable.filter((id) => active.includes(id))
  const chooses =
    customers.length > 0
      ? customers.some((each) => mayChooseTemplate(actor, portal, each))
      : mayChooseTemplate(actor, portal, customer)
  return chooses ? bookable : bookable.slice(0, 1)
}

/** Whom this booking is for, by the links of this very moment (E-23). `id` null: one is to be made. */
function chosenCustomer(
  { account, allow }: Booking,
  actor: Booking['actor'],
  wanted: string | undefined,
): { id: string | null; fieldErrors: FieldErrors } {
  const { links } = actor
  const mine = bookableCustomers(actor, account.portal)
  if (links.length === 0) {
    allow(mayBook(actor, account.portal, null))
    return { id: null, fieldErrors: wanted ? { customer: 'choice' } : {} }
  }
  const known = wanted !== undefined && links.some((link) => link.customer === wanted && link.scope === 'whole')
  allow(mayBook(actor, account.portal, known ? wanted : (mine[0] ?? links[0]!.customer)))
  const id = wanted ?? (mine.length === 1 ? mine[0] : undefined)
  if (id !== undefined && known === (wanted !== undefined)) return { id, fieldErrors: {} }
  return { id: mine[0] ?? null, fieldErrors: { customer: wanted ? 'choice' : 'required' } }
}

async function newCustomer(ctx: Booking, booker: Booker, address: string | null): Promise<string> {
  const ids = { customer: ctx.newId(), contact: ctx.newId(), link: ctx.newId(), site: ctx.newId() }
  await ctx.reachAlso({ customer: ids.customer, contact: ids.contact })
  await makeCustomerFor(ctx.db, ctx.account.id, booker, ids, address, ctx.now)
  await ctx.audit({
    event: 'customerMadeAtBooking',
    subjectKind: 'customer',
    subjectId: ids.customer,
    details: { portalUser: booker.id },
  })
  return ids.customer
}

/** The files a form names: those under the job and those that answer its questions, all this user's and waiting. */
function chosenFiles(
  template: TemplateOf | undefined,
  loose: readonly string[],
  values: Values,
  waiting: readonly FileRecord[],
  fieldErrors: FieldErrors,
): Map<string, FileRecord> {
  const asked = (template?.fields ?? [])
    .filter((field) => field.type === 'file')
    .map((field) => ({ field, ids: (values[field.id] ?? []) as string[] }))
  const wanted = new Set([...loose, ...asked.flatMap(({ ids }) => ids)])
  const found = new Map(waiting.flatMap((file) => (wanted.has(file.id) ? [[file.id, file]] : [])))
  if (loose.some((id) => !found.has(id))) fieldErrors.files = 'fileNotFound'
  for (const { field, ids } of asked)
    if (ids.some((id) => !found.has(id))) fieldErrors[`fields.${field.id}`] = 'fileNotFound'
  return found
}

/** Answers of the second and further jobs: the same, with file ids of their own. */
function withOwnFiles(ctx: Booking, template: TemplateOf, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([id, value]) => [
      id,
      template.fields.some((field) => field.id === id && field.type === 'file')
        ? (value as string[]).map(() => ctx.newId())
        : value,
    ]),
  )
}

async function attachAll(
  ctx: Booking,
  jobs: readonly Pick<JobRecord, 'id' | 'customer_id' | 'fields'>[],
  template: TemplateOf,
  values: Values,
  files: ReadonlyMap<string, FileRecord>,
): Promise<void> {
  const fieldOf = new Map(
    template.fields
      .filter((field) => field.type === 'file')
      .flatMap((field) => ((values[field.id] ?? []) as string[]).map((id, index) => [id, { field: field.id, index }])),
  )
  const [first, ...more] = jobs
  for (const file of files.values()) {
    const asked = fieldOf.get(file.id)
    for (const job of more) {
      await copyFile(
        ctx.db,
        file,
        job,
        asked?.field ?? null,
        asked ? (job.fields[asked.field] as string[])[asked.index]! : ctx.newId(),
      )
    }
    await attachFile(ctx.db, file, first!, asked?.field ?? null)
  }
}

/** One mail for the whole booking (E-42): to who booked, if the business confirms bookings, and to who runs the work. */
async function sendBookingMails(
  ctx: Booking,
  jobs: readonly Pick<JobRecord, 'id' | 'number'>[],
  template: TemplateOf,
  requested: Date | null,
  dispatchers: BookingFacts['dispatchers'],
): Promise<void> {
  const { account, actor } = ctx
  const first = jobs[0]!
  const vars = {
    job: first.id,
    title: template.name,
    numbers: jobs.map((job) => String(job.number)).join(', '),
    count: jobs.length,
    requestedAt: requested?.toISOString() ?? '',
    booker: actor.name,
  }
  const subject = { kind: 'job', id: first.id }
  await ctx.emitAll([
    ...(account.portal.confirmBookings
      ? [
          {
            message: jobBooked,
            to: { address: actor.email, name: actor.name },
            subject,
            locale: ctx.locale,
            vars: { ...vars, reader: actor.id },
          },
        ]
      : []),
    ...dispatchers.map((member) => ({
      message: jobBookedOffice,
      to: { address: member.email, name: member.name },
      subject,
      locale: account.locale,
      vars: { ...vars, reader: member.id },
    })),
  ])
}
