import { implement, type Context } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { isPortalUser, isStaff } from '../identity/policy.ts'
import { linksWithTickets, seesJobs } from '../identity/rules.ts'
import { notifications } from './contract.ts'
import { findPortalUserChoices, findSentEmails, findStaffChoices, saveOwnChoices } from './queries.ts'
import {
  CUSTOMER_EMAILS,
  isAboutTickets,
  sentByBusiness,
  staffEmailsOf,
  wantsCustomerEmail,
  wantsStaffEmail,
  type CustomerEmail,
  type EmailChoices,
  type StaffEmail,
} from './rules.ts'

type PortalContext = Pick<Context<typeof notifications.getPortalEmailChoices>, 'db' | 'account' | 'actor'>
type StaffContext = Pick<Context<typeof notifications.getEmailChoices>, 'db' | 'account' | 'actor'>

export const notificationsHandlers = implement('notifications', notifications, {
  async getPortalEmailChoices(ctx) {
    ctx.allow(isPortalUser(ctx.actor))
    return presentPortalChoices(ctx, await findPortalUserChoices(ctx.db, ctx.account.id, ctx.actor.id))
  },

  async updatePortalEmailChoices(ctx, { emails }) {
    ctx.allow(isPortalUser(ctx.actor))
    const choices = merge(await findPortalUserChoices(ctx.db, ctx.account.id, ctx.actor.id), emails)
    if (!(await saveOwnChoices(ctx.db, choices, ctx.now))) throw problem('notFound')
    return presentPortalChoices(ctx, choices)
  },

  async getEmailChoices(ctx) {
    ctx.allow(isStaff(ctx.actor))
    return presentStaffChoices(ctx, await findStaffChoices(ctx.db, ctx.account.id, ctx.actor.id))
  },

  async updateEmailChoices(ctx, { emails }) {
    ctx.allow(isStaff(ctx.actor))
    const choices = merge(await findStaffChoices(ctx.db, ctx.account.id, ctx.actor.id), emails)
    if (!(await saveOwnChoices(ctx.db, choices, ctx.now))) throw problem('notFound')
    return presentStaffChoices(ctx, choices)
  },
})

const merge = <Kind extends string>(
  before: EmailChoices<Kind>,
  change: Partial<Record<Kind, boolean | undefined>>,
): EmailChoices<Kind> => JSON.parse(JSON.stringify({ ...before, ...change })) as EmailChoices<Kind>

/** Of what a portal user may not see there are no emails. */
async function presentPortalChoices({ db, account, actor }: PortalContext, choices: EmailChoices<CustomerEmail>) {
  const sent = { ...(await findSentEmails(db, account.id)).customer, booked: account.portal.confirmBookings }
  const hasJobs = seesJobs(actor, account.portal)
  const hasTickets = linksWithTickets(actor, account.portal).length > 0
  return {
    emails: CUSTOMER_EMAILS.filter((kind) => (isAboutTickets(kind) ? hasTickets : hasJobs))
      .filter((kind) => sentByBusiness(kind, sent))
      .map((kind) => ({ kind, on: wantsCustomerEmail(kind, sent, choices) })),
  }
}

/** Without tickets in the portal, customers do nothing with them that staff could hear of. Colleagues still assign them. */
async function presentStaffChoices({ db, account, actor }: StaffContext, choices: EmailChoices<StaffEmail>) {
  const sent = (await findSentEmails(db, account.id)).staff
  const hasTickets = account.portal.switches.viewTickets
  return {
    emails: staffEmailsOf(actor.role)
      .filter((kind) => hasTickets || !isAboutTickets(kind) || kind === 'ticketAssigned')
      .filter((kind) => sentByBusiness(kind, sent))
      .map((kind) => ({ kind, on: wantsStaffEmail(kind, sent, { role: actor.role, choices }) })),
  }
}
