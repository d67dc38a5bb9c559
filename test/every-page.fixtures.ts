/** Every page of every route, with records to fill them. */
import { addHeldMail } from './held-mails.fixtures.ts'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { TestServer } from './test-server.ts'

const ROUTES = join(import.meta.dirname, '../src/web/routes')

/** The paths of all pages below a route, such as `/office/[account]/jobs/new`. */
export const pagesBelow = (route: string): string[] =>
  globSync('**/+page.svelte', { cwd: join(ROUTES, route) })
    .map((file) => `/${file}`.replace(/\/\+page\.svelte$/, ''))
    .filter((path) => !path.includes('[token]') && !path.includes('sign-out'))
    .sort()

/** Puts records into a path; a parameter without one fails, so that a new page is not forgotten. */
export const fillPath = (path: string, records: Record<string, string>): string =>
  path.replaceAll(/\[(\w+)\]/g, (_, name: string) => {
    if (!records[name]) throw new Error(`No record for [${name}] of ${path}`)
    return records[name]
  })

const WRONG = { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'required', worker: 'optional' }

/** A business with one record of every kind that a page can be about. */
export async function createRecords(server: TestServer) {
  const business = await server.business({ public: true })
  const customer = await business.customer('Eleanor Finch')
  const site = await business.site(customer)
  await business.site(customer, '2 Orchard Lane, Bath')
  const worker = await business.staff('worker', 'Marek Nowak')
  const template = await business.template({ name: 'Boiler service', fields: [WRONG] })
  const user = await business.portalUser({ customers: [customer] })
  const { owner } = business
  const contact = (await owner.ok('addContact', { customer, name: 'Ana Ruiz' })).id
  const { jobs } = await user.ok('createPortalJob', { template, site, fields: { wrong: 'It hums.' } })
  const job = jobs[0]!.id
  const version = (await owner.ok('getJob', { job })).version
  await owner.ok('assignJob', { job, version, worker: worker.id, outright: false })
  const group = (await owner.ok('createPermissionGroup', { name: 'Tenants', permissions: { viewJobs: true } })).id
  const ticket = (await owner.ok('createTicket', { customer, contact, subject: 'The gate does not open' })).id
  const settings = await owner.ok('getTicketSettings')
  const cannedReplies = [{ name: 'Greeting', text: 'Hello {{contact_first_name}}' }]
  const replies = await owner.ok('updateTicketSettings', { version: settings.version, cannedReplies })
  const reply = replies.cannedReplies[0]!.id
  const mail = await addHeldMail(server, business.id, { subject: 'Do you repair ovens?', body: 'Ours is broken.' })
  await owner.ok('addPortalUser', { email: 'invited@post.example' })
  const message = (await owner.ok('listMessages')).rows[0]!.id
  return {
    business,
    worker,
    records: {
      account: business.slug,
      customer,
      site,
      contact,
      template,
      user: user.id,
      job,
      message,
      group,
      ticket,
      kind: 'ticket',
      record: ticket,
      mail,
      reply,
    },
    user,
  }
}
