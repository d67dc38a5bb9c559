import { implement, type Context } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { isPortalUser, isStaff } from '../identity/policy.ts'
import { seesJobs } from '../identity/rules.ts'
import { notifications } from './contract.ts'
import { findPortalUserChoices, findSentEmails, findStaffChoices, saveOwnChoices } from './queries.ts'
import {
  CUSTOMER_EMAILS,
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

/** None for a portal user who may not see jobs, which all of them are about. */
async function presentPortalChoices({ db, account, actor }: PortalContext, choices: EmailChoices<CustomerEmail>) {
  if (!seesJobs(actor, account.portal)) return { emails: [] }
  const sent = { ...(await findSentEmails(db, account.id)).customer, booked: account.portal.confirmBookings }
  return {
    emails: CUSTOMER_EMAILS.filter((kind) => sentByBusiness(kind, sent)).map((kind) => ({
      kind,
      on: wantsCustomerEmail(kind, sent, choices),
    })),
  }
}

async function presentStaffChoices({ db, account, actor }: StaffContext, choices: EmailChoices<StaffEmail>) {
  const sent = (await findSentEmails(db, account.id)).staff
  return {
    emails: staffEmailsOf(actor.role)
      .filter((kind) => sentByBusiness(kind, sent))
      .map((kind) => ({ kind, on: wantsStaffEmail(kind, sent, { role: actor.role, choices }) })),
  }
}
