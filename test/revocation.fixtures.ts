/** Two servers of one database, and a portal user with a job, for the tests of lost access. */
import { afterAll, beforeAll, inject } from 'vitest'
import {
  startTestServer,
  startSeparateServer,
  send,
  type Business,
  type TestServer,
  type Person,
} from './test-server.ts'

export let server: TestServer
let secondServer: TestServer

/** Starts both servers before the tests of a file. */
export function startTwoServers(): void {
  beforeAll(async () => {
    server = await startTestServer()
    secondServer = await startSeparateServer(inject('world'), { twinOf: server })
  })
  afterAll(() => secondServer.close())
}

export interface Scene {
  shop: Business
  user: Person
  customer: string
  template: string
  job: string
}

export async function createScene(): Promise<Scene> {
  const shop = await server.business()
  const template = await shop.template()
  const customer = await shop.customer()
  const user = await shop.portalUser({ customers: [customer] })
  const { jobs } = await user.ok('createPortalJob', {
    template,
    customer,
    address: '14 Pelican Quay',
    fields: {},
  } as never)
  return { shop, user, customer, template, job: jobs[0]!.id }
}

/** Statuses of the same request on both nodes. */
export async function statuses(
  person: Person,
  shop: Business,
  path: string,
  surface: 'portal' | 'office' = 'portal',
  method = 'GET',
  body?: unknown,
): Promise<number[]> {
  const results: number[] = []
  for (const node of [secondServer, server]) {
    const host = surface === 'portal' ? `${shop.slug}.localhost:${node.port}` : `localhost:${node.port}`
    results.push(
      (
        await send({
          port: node.port,
          host,
          method,
          path: `/api/v1/${surface}/${shop.slug}${path}`,
          body,
          cookies: new Map(person.cookies),
        })
      ).status,
    )
  }
  return results
}
export const readUserVersion = async ({ shop, user }: Scene) =>
  (await shop.owner.ok('getPortalUser', { user: user.id })).version
export const updateSettings = async ({ shop }: Scene, change: object) => {
  const { version: seen } = await shop.owner.ok('getPortalSettings')
  await shop.owner.ok('updatePortalSettings', { version: seen, ...change } as never)
}

export async function moveToGroup(shop: Business, user: Person, kind: string): Promise<void> {
  const { rows } = await shop.owner.ok('listPermissionGroups')
  const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
  const group = rows.find((each) => each.kind === kind)!.id
  await shop.owner.ok('updatePortalLink', { user: user.id, link: links[0]!.id, group })
}
