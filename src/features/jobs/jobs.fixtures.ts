/** What tests of jobs share: a business with everything a job needs, and files as browsers send them. */
import { randomBytes } from 'node:crypto'
import { startTestServer, type Business, type Person, type Reply } from '../../../test/test-server.ts'

export const home = await startTestServer()

export interface World {
  harbour: Business
  customer: string
  site: string
  template: string
  eleanor: Person
  dispatcher: Person
  worker: Person
}

/** A portal user with one customer, a template, a dispatcher and a worker. */
export async function createWorld({
  fields = [] as unknown[],
  permissions = null as object | null,
} = {}): Promise<World> {
  const harbour = await home.business()
  const customer = await harbour.customer()
  return {
    harbour,
    customer,
    site: await harbour.site(customer),
    template: await harbour.template({ fields }),
    eleanor: await harbour.portalUser({ customers: [customer], permissions }),
    dispatcher: await harbour.staff('dispatcher', 'Dana Reyes'),
    worker: await harbour.staff('worker', 'Marek Nowak'),
  }
}

/** Books one job and answers its id. */
export async function bookJob({ eleanor, template, site }: World, more: object = {}): Promise<string> {
  return (await eleanor.ok('createPortalJob', { template, site, ...more })).jobs[0]!.id
}

/** Changes the status of a job as somebody, with the version that the reader sees. */
export async function moveJob(who: Person, job: string, input: Record<string, unknown>, reader: Person = who) {
  const { version } = await reader.ok('getJob', { job })
  return who.call('changeJobStatus', { job, version, ...input })
}

export const FIELDS = [
  { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'required', worker: 'optional' },
  { id: 'model', name: 'Model', type: 'text', portal: 'optional', worker: 'optional' },
  { id: 'contract', name: 'Under contract', type: 'text', portal: 'readOnly', worker: 'optional', value: 'No' },
  { id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' },
  { id: 'photos', name: 'Photos', type: 'file', portal: 'optional', worker: 'optional' },
] as const

export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** One file as a browser's form sends it. */
export function upload(
  who: Person,
  path: string,
  {
    name = 'note.txt',
    type = 'text/plain',
    bytes = Buffer.from('Water stays in the bottom.') as Buffer,
    more = {} as Record<string, string>,
    headers = {} as Record<string, string>,
  } = {},
): Promise<
  Reply<{
    id: string
    name: string
    type: string
    size: number
    code?: string
    fields?: Record<string, { code: string }>
  }>
> {
  const boundary = `----${randomBytes(8).toString('hex')}`
  const head = Object.entries(more)
    .map(([key, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`)
    .join('')
  const body = Buffer.concat([
    Buffer.from(
      `${head}--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name.replaceAll('"', '%22')}"\r\ncontent-type: ${type}\r\n\r\n`,
    ),
    bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  return who.request('POST', `/api/v1${path}`, {
    body,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, ...headers },
  }) as never
}
