/** What the tests of the audit need to cause its events: callers, links and records. */
import { linkIn, type Business, type OperationName, type Person, type Reply } from '../../../test/test-server.ts'
import type { TestServer } from '../../../test/test-server.ts'
import type { AUDIT_EVENTS, AuditEventName } from './rules.ts'

/** One request that must leave exactly one entry. */
export interface Cause {
  call(): Promise<Reply>
  /** Id of the caller in the entry; null for a caller without a session. */
  actor: string | null
  /** Id of whom or what it is about, or how to find it once the request is answered. */
  subject: string | null | (() => Promise<string>)
  /** Accounts that get the entry, when it is not the one of `shop`. */
  accounts?: string[]
}

export interface Scene {
  server: TestServer
  shop: Business
}

export type Scenario = (scene: Scene) => Promise<Cause>
type OperationsOf<E extends AuditEventName> = (typeof AUDIT_EVENTS)[E]['operations'][number]
/** A missing event or operation does not compile. */
export type Scenarios = { [E in AuditEventName]: { [O in OperationsOf<E>]: Scenario } }

export const NEW_PASSWORD = 'seven quiet lanterns'
/** Account id of entries that belong to no account. */
export const INSTALLATION = '00000000-0000-0000-0000-000000000000'

let addresses = 0
export const newAddress = () => `audited.${++addresses}.${Math.random().toString(36).slice(2)}@post.example`

/** The token in the newest mail to an address. */
export const mailedToken = async ({ server }: Scene, address: string): Promise<string> =>
  linkIn((await server.mailTo(address)).at(-1), /https?:\/\/\S+\/[\w-]{43}/)
    .split('/')
    .at(-1)!

export const personIdOf = async ({ server }: Scene, { email }: Person): Promise<string> =>
  (
    await server.stored((db) =>
      db.selectFrom('people').select('id').where('email', '=', email).executeTakeFirstOrThrow(),
    )
  ).id

/** A call by staff, about `subject`. */
export const asStaff = (
  { shop }: Scene,
  name: OperationName,
  input: Record<string, unknown>,
  subject: string | null = null,
): Cause => ({ call: () => shop.owner.call(name, input), actor: shop.owner.id, subject })

export const asPerson = async (
  scene: Scene,
  name: OperationName,
  input: Record<string, unknown> = {},
): Promise<Cause> => {
  const person = await personIdOf(scene, scene.shop.owner)
  return { call: () => scene.shop.owner.call(name, input), actor: person, subject: person }
}

export const asUser = (user: Person, name: OperationName, input: Record<string, unknown> = {}): Cause => ({
  call: () => user.call(name, input),
  actor: user.id,
  subject: user.id,
})

/** The subject is known only afterwards: the entry names what the response names. */
export const creating = ({ shop }: Scene, name: OperationName, input: Record<string, unknown>): Cause => {
  const cause: Cause = {
    actor: shop.owner.id,
    subject: null,
    async call() {
      const reply = await shop.owner.call(name, input)
      cause.subject = (reply.body as { id?: string }).id ?? null
      return reply
    },
  }
  return cause
}

export async function invitedMember(scene: Scene) {
  const email = newAddress()
  const { id } = await scene.shop.owner.ok('inviteStaff', { email, role: 'worker' })
  return { id, email, token: await mailedToken(scene, email) }
}

export async function signedUp(scene: Scene) {
  const email = newAddress()
  const visitor = scene.shop.visitor()
  await visitor.ok('signUp', { email, name: 'Martha Okonkwo', password: NEW_PASSWORD } as never)
  const { id } = await userWithAddress(scene, email)
  return { id, email, visitor, token: await mailedToken(scene, email) }
}

export async function invitedUser(scene: Scene) {
  const email = newAddress()
  const { id } = await scene.shop.owner.ok('addPortalUser', { email })
  return { id, email, token: await mailedToken(scene, email) }
}

const userWithAddress = ({ server, shop }: Scene, email: string) =>
  server.stored((db) =>
    db
      .selectFrom('portal_users')
      .select('id')
      .where('account_id', '=', shop.id)
      .where('email_norm', '=', email)
      .executeTakeFirstOrThrow(),
  )

export async function waitingInvitation(scene: Scene): Promise<string> {
  await scene.shop.owner.ok('inviteStaff', { email: newAddress(), role: 'worker' })
  return (await scene.shop.owner.ok('listMessages')).rows[0]!.id
}

export const linkOf = async ({ shop }: Scene, user: string): Promise<string> =>
  (await shop.owner.ok('getPortalUser', { user })).links[0]!.id

/** An open reset link of a portal user. */
export async function portalReset(scene: Scene, user: Person): Promise<string> {
  await scene.shop.visitor().ok('requestPortalPasswordReset', { email: user.email })
  return mailedToken(scene, user.email)
}

/** The image of one pixel, as a form sends it. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
export const uploadLogo = (person: Person, slug: string) =>
  person.request('POST', `/api/v1/office/${slug}/logo`, {
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: Buffer.concat([
      Buffer.from(
        '--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n',
      ),
      PIXEL,
      Buffer.from('\r\n--b--\r\n'),
    ]),
  })

export const settingsOf = async ({ shop }: Scene) => {
  const { name, timeZone, locale, currency, accent, supportEmail, supportPhone, postalAddress, version } =
    await shop.owner.ok('getAccount')
  return { name, timeZone, locale, currency, accent, supportEmail, supportPhone, postalAddress, version }
}

export const site = async ({ shop }: Scene) => {
  const customer = await shop.customer()
  return { customer, site: await shop.site(customer) }
}

export async function contact({ shop }: Scene) {
  const customer = await shop.customer()
  const added = (await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })) as { id: string }
  return { customer, contact: added.id }
}

export const versionOf = async ({ shop }: Scene, customer: string) =>
  (await shop.owner.ok('getCustomer', { customer })).version

/** A refusal of a call by a worker, who may manage nothing. */
export const byWorker =
  (
    name: OperationName,
    input: (scene: Scene) => Promise<Record<string, unknown>> | Record<string, unknown> = () => ({}),
    subjectIn?: string,
  ): Scenario =>
  async (scene) => {
    const worker = await scene.shop.staff('worker')
    const given = await input(scene)
    return {
      call: () => worker.call(name, given),
      actor: worker.id,
      subject: subjectIn ? (given[subjectIn] as string) : null,
    }
  }

export const staffRefusal = (name: OperationName, input: Record<string, unknown> = {}): Scenario =>
  byWorker(name, async ({ shop }) => ({ ...input, member: shop.owner.id }), 'member')

export const userRefusal = (
  name: OperationName,
  input: (scene: Scene) => Promise<Record<string, unknown>> | Record<string, unknown> = () => ({}),
): Scenario =>
  byWorker(name, async (scene) => ({ ...(await input(scene)), user: (await scene.shop.portalUser()).id }), 'user')

export const invalidLink =
  (name: OperationName, input: Record<string, unknown> = {}): Scenario =>
  async ({ shop }) => ({
    call: () => shop.visitor().call(name, { token: 'A'.repeat(43), ...input }),
    actor: null,
    subject: null,
  })
