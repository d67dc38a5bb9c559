/** What a portal user may book, and the booking itself. */
import { randomUUID } from 'node:crypto'
import { prefetching, implement, type Context, type Input } from '../../../platform/operation.ts'
import { notFound, problem, yes } from '../../../platform/problem.ts'
import { toLocalTime, zoneCity } from '../../../platform/zone.ts'
import { customersWithJobs, type CustomerActor } from '../../identity/rules.ts'
import { attachFile, copyFile, type FileRecord } from '../../records/files/queries.ts'
import { isPendingUpload } from '../../records/files/rules.ts'
import { addHistory } from '../../records/queries.ts'
import { actorStamp } from '../../records/rules.ts'
import { getDefaultValues, selectPortalFields, type FieldValues } from '../../templates/fields/rules.ts'
import { answeredFields, fileIdsOfForm, filesOfForm } from '../form/files/rules.ts'
import { activeTemplates, findTemplate, listSites, type TemplateOf } from '../form/queries.ts'
import {
  addressOfSite,
  fieldValues,
  isRequestPast,
  NO_REQUESTED_START,
  parseRequestedStart,
  throwFieldErrors,
  type FieldErrors,
} from '../form/rules.ts'
import { bookingMails } from '../messages.ts'
import { bookableCustomers, mayBookUnlinked, mayUseJobs } from '../policy.ts'
import { insertJobs } from '../queries.ts'
import { jobParent, MAX_JOBS } from '../rules.ts'
import { searchTexts } from '../search/queries.ts'
import { booking } from './contract.ts'
import { findBooker, createCustomerFor, keepOwnAddress, listCustomerNames } from './customer/queries.ts'
import { bookingBlockedReason, chooseCustomer, offeredTemplates } from './policy.ts'
import {
  findEarlierJobs,
  refreshBookingData,
  startBooking,
  type Booker,
  type BookingData,
  type BookingRequest,
} from './queries.ts'
import { bookedJobRow, valuesWithNewFiles, type BookedJob } from './rules.ts'

type BookingContext = Context<(typeof booking)['createPortalJob']>
type BookingInput = Input<(typeof booking)['createPortalJob']>

export const bookingHandlers = implement('jobs', booking, {
  async getBookingOptions(ctx, input) {
    const { id: account, portal, timeZone, currency } = ctx.account
    const customers = bookableCustomers(ctx.actor, portal)
    const createsCustomer = mayBookUnlinked(ctx.actor, portal)
    const active = await activeTemplates(ctx.db, account)
    const activeIds = active.map((template) => template.id)
    const offered = offeredTemplates(ctx.actor, portal, activeIds, customers)
    const blockedReason = bookingBlockedReason(ctx.actor, portal, offered)
    const mayBookSomething = blockedReason === null || blockedReason === 'noJobTypes'
    ctx.allow(mayUseJobs(ctx.actor, portal))
    const canSeeTemplate = !input.template || (mayBookSomething && offered.includes(input.template))
    // Return 404 for job types this user cannot book, so their existence does not leak.
    ctx.allow(canSeeTemplate ? yes : notFound)
    const [names, sites, template, booker, earlierJobs] = await Promise.all([
      listCustomerNames(ctx.db, account, customers),
      listSites(ctx.db, account, customers),
      input.template ? findTemplate(ctx.db, account, input.template) : undefined,
      createsCustomer ? findBooker(ctx.db, account, ctx.actor.id) : undefined,
      input.formKey ? findEarlierJobs(ctx.db, account, input.formKey, ctx.actor.id) : [],
    ])
    return {
      allowed: blockedReason === null,
      blockedReason,
      templates: mayBookSomething
        ? offered
            .map((id) => active.find((each) => each.id === id)!)
            .map(({ id, name, description, icon }) => ({ id, name, description, icon }))
        : [],
      customers: names.map((customer) => presentCustomer(customer, sites)),
      createsCustomer,
      ownAddress: booker?.postal_address ?? null,
      severalJobs: portal.severalJobs,
      maxJobs: portal.severalJobs ? MAX_JOBS : 1,
      requestedStart: portal.requestedStart,
      timeZone,
      currency,
      today: toLocalTime(ctx.now, timeZone).day,
      fields: template ? selectPortalFields(template.fields) : null,
      earlierJobs,
    }
  },

  createPortalJob: prefetching({
    prefetch: (db, input) => startBooking(db, requestOf(input)),
    respond: (ctx, input, bookingData) => createBooking(ctx, input, bookingData!),
  }),
})

const presentCustomer = (
  { id, name }: { id: string; name: string },
  sites: readonly { id: string; customer_id: string; name: string | null; address: string }[],
) => ({
  id,
  name,
  sites: sites
    .filter((site) => site.customer_id === id)
    .map((site) => ({ id: site.id, name: site.name, address: site.address })),
})

const requestOf = (input: BookingInput): BookingRequest => ({
  formKey: input.formKey,
  template: input.template,
  site: input.site,
  quantity: input.quantity,
  files: fileIdsOfForm(input.files, input.fields),
})

async function createBooking(ctx: BookingContext, input: BookingInput, bookingData: BookingData) {
  const { booker } = bookingData
  if (!booker) throw problem('notSignedIn')
  await reachNewCustomers(ctx, input, bookingData)
  const actor = { ...ctx.actor, links: bookingData.links }
  const choice = chooseCustomer(actor, ctx.account.portal, input.customer)
  ctx.allow(choice.decision)
  if (bookingData.earlierJobs.length > 0) return { jobs: bookingData.earlierJobs, isRepeat: true }

  const checked = checkBooking(ctx, input, bookingData, actor, choice)
  const customer = choice.id ?? (await createCustomer(ctx, booker, checked.address.address))
  const jobs = newJobs(ctx, input, checked, { customer, firstNumber: bookingData.firstNumber })
  // All statements are sent at once. Files need the rows of their jobs first.
  const inserted = insertJobs(ctx.db, jobs)
  if (checked.files.size > 0) {
    await inserted
    await attachFiles(ctx, jobs, checked.template, checked.values, checked.files)
  }
  const parents = jobs.map(jobParent)
  const { address } = checked.address
  const typed = input.site === undefined && choice.id && address
  const kept = { customer, user: booker.id, site: ctx.newId(), address: address!, now: ctx.now }
  await Promise.all([
    inserted,
    typed && keepOwnAddress(ctx.db, ctx.account.id, kept),
    addHistory(ctx.db, parents, [{ event: 'created', audience: 'customer' }], actorStamp(ctx), ctx.newId),
    ctx.emitAll(bookingMails(ctx, jobs, checked.template, checked.requested, { ...bookingData, booker })),
  ])
  return { jobs: jobs.map(({ id, number }) => ({ id, number })), isRepeat: false }
}

/**
 * Another booking of the same user may have linked them to a new customer since this request began, or a merge has moved a link
 * of theirs to another one.
 */
async function reachNewCustomers(ctx: BookingContext, input: BookingInput, bookingData: BookingData): Promise<void> {
  const isKnown = ({ id, customer }: { id: string; customer: string }) =>
    ctx.actor.links.some((link) => link.id === id && link.customer === customer)
  const newLinks = bookingData.links.filter((link) => !isKnown(link))
  const newCustomers = customersWithJobs({ ...ctx.actor, links: newLinks }, ctx.account.portal)
  if (newCustomers.length === 0) return
  for (const customer of newCustomers) await ctx.reachAlso({ customer })
  await refreshBookingData(ctx.db, ctx.account.id, bookingData, {
    newCustomers,
    user: ctx.actor.id,
    request: requestOf(input),
  })
}

/** Validates the form. @throws `input` with all field errors. */
function checkBooking(
  { account: { timeZone, portal }, now }: BookingContext,
  input: BookingInput,
  bookingData: BookingData,
  actor: CustomerActor,
  choice: { id: string | null; fieldErrors: FieldErrors },
) {
  const fieldErrors: FieldErrors = { ...choice.fieldErrors }
  const offered = offeredTemplates(actor, portal, bookingData.active, choice.id ? [choice.id] : [])
  const template = bookingData.template && offered.includes(bookingData.template.id) ? bookingData.template : undefined
  if (!template) fieldErrors.template = 'choice'
  const address = checkAddress(input, bookingData, choice.id, bookableCustomers(actor, portal), fieldErrors)
  const requested = portal.requestedStart ? parseRequestedStart(input.requested, timeZone, fieldErrors) : undefined
  if (input.requested && !portal.requestedStart) fieldErrors.requested = 'unknown'
  const isPast = requested && isRequestPast(requested, now, timeZone)
  if (isPast) fieldErrors.requested = { code: 'timePast', vars: { zone: zoneCity(timeZone) } }
  if (input.quantity > 1 && !portal.severalJobs) fieldErrors.quantity = { code: 'tooBig', vars: { max: 1 } }
  const fields = template?.fields ?? []
  const values = fieldValues(fields, input.fields, getDefaultValues(fields), timeZone, fieldErrors, 'portal')
  const uploads = bookingData.uploads.filter((file) => isPendingUpload(file, now))
  const files = filesOfForm(fields, input.files, values, uploads, fieldErrors)
  throwFieldErrors(fieldErrors)
  return { template: template!, address, requested: requested ?? NO_REQUESTED_START, values, files }
}

function checkAddress(
  { site, address }: Pick<BookingInput, 'site' | 'address'>,
  { sites }: BookingData,
  customer: string | null,
  bookable: readonly string[],
  fieldErrors: FieldErrors,
) {
  const ofCustomer = sites.filter((each) => each.customer_id === customer)
  const checked = addressOfSite(ofCustomer, { site, address }, fieldErrors)
  // Without script the form offers the sites of all customers, so the error says whether customer or site is wrong.
  const belongsToOtherCustomer =
    fieldErrors.site === 'choice' && sites.some((each) => bookable.includes(each.customer_id))
  if (belongsToOtherCustomer) fieldErrors.site = 'siteOfOtherCustomer'
  if (!checked.site_id && !checked.address) fieldErrors.address = 'required'
  return checked
}

async function createCustomer(ctx: BookingContext, booker: Booker, address: string | null): Promise<string> {
  const ids = { customer: ctx.newId(), contact: ctx.newId(), link: ctx.newId(), site: ctx.newId() }
  await ctx.reachAlso({ customer: ids.customer, contact: ids.contact })
  await createCustomerFor(ctx.db, ctx.account.id, booker, ids, address, ctx.now)
  await ctx.audit({
    event: 'customerCreatedByBooking',
    subjectKind: 'customer',
    subjectId: ids.customer,
    details: { portalUser: booker.id },
  })
  return ids.customer
}

/** Rows of all jobs of the booking. Each job gets its own file rows, so deleting one leaves the others. */
function newJobs(
  ctx: BookingContext,
  input: BookingInput,
  { template, address, requested, values }: ReturnType<typeof checkBooking>,
  { customer, firstNumber }: { customer: string; firstNumber: number },
) {
  const batch = input.formKey ?? randomUUID()
  const shared = {
    account: ctx.account.id,
    customer,
    template,
    address,
    requested,
    actor: ctx.actor,
    batch,
    now: ctx.now,
  }
  return Array.from({ length: input.quantity }, (_, index) => {
    const job = bookedJobRow(shared, {
      id: ctx.newId(),
      number: firstNumber + index,
      values: index === 0 ? values : valuesWithNewFiles(template.fields, values, ctx.newId),
    })
    return { ...job, ...searchTexts(job, template.fields) }
  })
}

/** The first job gets the uploads themselves, the others copies of their rows. */
async function attachFiles(
  ctx: BookingContext,
  [first, ...others]: readonly BookedJob[],
  template: TemplateOf,
  values: FieldValues,
  files: ReadonlyMap<string, FileRecord>,
): Promise<void> {
  const answered = answeredFields(template.fields, values)
  for (const file of files.values()) {
    const answer = answered.get(file.id)
    const field = answer?.field ?? null
    for (const job of others) {
      const id = answer ? (job.fields[answer.field] as string[])[answer.index]! : ctx.newId()
      await copyFile(ctx.db, file, jobParent(job), field, id)
    }
    await attachFile(ctx.db, file, jobParent(first!), field)
  }
}
