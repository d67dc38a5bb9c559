/** The HTML of pages, as the server sends it, follows the HTML standard: browsers and screen readers need not guess. */
import { HtmlValidate } from 'html-validate'
import { beforeAll, expect, it } from 'vitest'
import { createRecords, fillPath, pagesBelow } from './every-page.fixtures.ts'
import { startPagesServer } from './no-script.ts'
import type { Person, TestServer } from './test-server.ts'

const validator = new HtmlValidate({ extends: ['html-validate:standard'] })

let server: TestServer, made: Awaited<ReturnType<typeof createRecords>>

beforeAll(async () => {
  server = await startPagesServer()
  made = await createRecords(server)
})

/** What is wrong with a page, one line for each rule and element. */
async function findFaults(person: Person, path: string, statuses = [200]): Promise<string[]> {
  const { status, text, headers } = await person.request('GET', path, { headers: { accept: 'text/html' } })
  if (headers.location) return []
  expect(statuses, path).toContain(status)
  const { results } = await validator.validateString(text, path)
  const lines = text.split('\n')
  const messages = results.flatMap((result) => result.messages)
  return messages.map(
    ({ ruleId, message, line }) => `${path} ${ruleId}: ${message} ${lines[line - 1]?.trim().slice(0, 80)}`,
  )
}

async function expectValid(person: Person, paths: string[], least: number, statuses?: number[]): Promise<void> {
  expect(paths.length).toBeGreaterThanOrEqual(least)
  const faults: string[] = []
  for (const path of paths) faults.push(...(await findFaults(person, path, statuses)))
  expect(faults).toEqual([])
}

it('of every page of the office is valid', async () => {
  const { business, records } = made
  const paths = pagesBelow('office/[account]').map((path) => fillPath(`/office/[account]${path}`, records))
  const office = `/office/${records.account}`
  const states = [
    `/jobs?job=${records.job}`,
    `/jobs?job=${records.job}&tab=history`,
    `/jobs?job=${records.job}&do=schedule`,
    `/jobs/${records.job}?do=cancel`,
    `/jobs/new?customer=${records.customer}&template=${records.template}`,
    '/jobs?q=nothing+like+this',
    '/settings/staff?invite=1',
    `/settings/portal/users?remove=${records.user}`,
  ].map((path) => office + path)
  await expectValid(business.owner, [...paths, ...states, '/office'], 30, [200, 404])
})

it('of every page of the portal is valid, for customers and for visitors', async () => {
  const { business, records, user } = made
  const portal = `/p/${records.account}`
  const ofCustomers = pagesBelow('p/[portal]').filter((path) => !path.startsWith('/(auth)'))
  const states = [`/jobs/${records.job}?confirm=cancel`, `/jobs/${records.job}?confirm=delete`, '/jobs?q=nothing']
  const paths = [...ofCustomers, ...states].map((path) => portal + fillPath(path, records))
  await expectValid(user, paths, 8, [200, 404])
  const ofVisitors = pagesBelow('p/[portal]/(auth)').map((path) => portal + fillPath(path, records))
  await expectValid(business.visitor(), ofVisitors, 5, [200, 404])
})

it('of the pages that belong to no business is valid, and of those that refuse', async () => {
  const { business, records, user } = made
  const paths = ['/', '/office/sign-in', '/office/forgot-password', '/nowhere', '/p/no-such-portal']
  await expectValid(server.anyone(), paths, 5, [200, 404])
  await expectValid(
    user,
    [`/p/${records.account}/jobs/x`, `/p/${records.account}/activate/${'A'.repeat(43)}`],
    2,
    [200, 404],
  )
  const body = 'formOwner=x&body='
  const headers = { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }
  const ended = await business
    .visitor()
    .request('POST', `/p/${records.account}/jobs/${records.job}?/comment`, { body, headers })
  const { results } = await validator.validateString(ended.text)
  expect([ended.status, results]).toEqual([401, []])
})
