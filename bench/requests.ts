/** The requests of each measured operation, to our server and to the baseline. */
import type { Request } from 'autocannon'
import { ACCOUNT, PASSWORD, SLUG, type BenchUser, type BenchWorld } from './dataset.ts'
import type { ReaderKind } from './tickets.ts'

export interface OperationRequests {
  ours: Request[]
  ceiling: Request[]
  /** To the second baseline, which answers three of them. */
  lean?: Request[]
}
export type OperationName =
  | 'list'
  | 'open'
  | 'search'
  | 'create'
  | 'login'
  | 'staffList'
  | 'listPage'
  | 'partnerLike200'
  | `${'ticketList' | 'ticketOpen'}:${ReaderKind}`

export function buildRequests(world: BenchWorld): Record<OperationName, OperationRequests> {
  const { users, jobs, manyCustomersUser, owner } = world
  const userOf = (job: { user: number }) => users[job.user]!
  return {
    list: {
      ours: users.map((user) => portalRequest(user.token, '/jobs')),
      ceiling: users.map((user) => ceilingRequest(user.token, '/jobs')),
      lean: users.map((user) => ceilingRequest(user.token, '/jobs')),
    },
    open: {
      ours: jobs.map((job) => portalRequest(userOf(job).token, `/jobs/${job.id}`)),
      ceiling: jobs.map((job) => ceilingRequest(userOf(job).token, `/jobs/${job.id}`)),
      lean: jobs.map((job) => ceilingRequest(userOf(job).token, `/jobs/${job.id}`)),
    },
    search: searchRequests(world),
    create: createRequests(world),
    login: loginRequests(world),
    staffList: {
      ours: [
        {
          method: 'GET',
          path: `/api/v1/office/${SLUG}/jobs`,
          headers: { host: 'localhost', cookie: `portico_people=${owner.token}` },
        },
      ],
      ceiling: [ceilingRequest(owner.token, '/office')],
    },
    listPage: {
      ours: users.map((user) => ({
        method: 'GET',
        path: `/p/${SLUG}/jobs`,
        headers: { host: 'localhost', cookie: portalCookie(user.token), accept: 'text/html' },
      })),
      ceiling: users.map((user) => ceilingRequest(user.token, '/page')),
    },
    partnerLike200: {
      ours: [portalRequest(manyCustomersUser.token, '/jobs')],
      ceiling: [ceilingRequest(manyCustomersUser.token, '/jobs')],
    },
    ...ticketRequests(world, 'whole'),
    ...ticketRequests(world, 'contact'),
    ...ticketRequests(world, 'link'),
  }
}

function ticketRequests<Kind extends ReaderKind>({ ticketReaders }: BenchWorld, kind: Kind) {
  const readers = ticketReaders.filter((reader) => reader.kind === kind)
  const send = (path: (ticket: string) => string): OperationRequests => ({
    ours: readers.map(({ token, ticket }) => portalRequest(token, path(ticket))),
    ceiling: readers.map(({ token, ticket }) => ceilingRequest(token, path(ticket))),
  })
  return {
    [`ticketList:${kind}`]: send(() => '/tickets'),
    [`ticketOpen:${kind}`]: send((ticket) => `/tickets/${ticket}`),
  } as Record<`${'ticketList' | 'ticketOpen'}:${Kind}`, OperationRequests>
}

/** Searches one customer of each user: 0 is the largest, 1 the medium one. */
export function buildCustomerSearches(world: BenchWorld, customerIndex: 0 | 1): Request[] {
  return world.jobs
    .filter((_, index) => index % 6 === 0)
    .flatMap((job) => {
      const user = world.users[job.user]!
      const customer = user.customers[customerIndex]
      const serial = customerIndex === 1 ? job.serial : 'sn00'
      return ['repair', serial, String(job.number)].map((search) =>
        portalRequest(user.token, `/jobs?customer=${customer}&search=${search}`),
      )
    })
}

/** A common word fills the page at once; a serial and a number match one job. The three alternate. */
function searchRequests({ jobs, users }: BenchWorld): OperationRequests {
  const searches = jobs
    .filter((_, index) => index % 6 === 0)
    .flatMap((job) =>
      ['repair', job.serial, String(job.number)].map((search) => ({
        token: users[job.user]!.token,
        path: `/jobs?search=${search}`,
      })),
    )
  return {
    ours: searches.map(({ token, path }) => portalRequest(token, path)),
    ceiling: searches.map(({ token, path }) => ceilingRequest(token, path)),
  }
}

function createRequests(world: BenchWorld): OperationRequests {
  const booking = (user: BenchUser) => ({
    customer: user.customers[1],
    site: world.sites.get(user.customers[1]!),
    template: world.template,
    fields: { brand: 'Aurora', serial: 'SN12345', fault: 'Leaks at the door' },
  })
  return {
    ours: world.users.map((user) => withOrigin(portalRequest(user.token, '/jobs', booking(user)))),
    ceiling: world.users.map((user) => {
      const { site, fields } = booking(user)
      return ceilingRequest(user.token, '/jobs', { site, fields })
    }),
    lean: world.users.map((user) => ceilingRequest(user.token, '/jobs', { customer: user.customers[1] })),
  }
}

/** Every sign-in has its own client address; otherwise the rate limit would refuse it. */
function loginRequests({ users }: BenchWorld): OperationRequests {
  let addresses = 0
  const nextAddress = () => {
    addresses += 1
    return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`
  }
  return {
    ours: users.map((user) => ({
      ...portalRequest('', '/sign-in', { email: user.email, password: PASSWORD }),
      setupRequest: (request: Request) => ({
        ...request,
        headers: {
          host: 'localhost',
          'content-type': 'application/json',
          origin: 'http://localhost',
          'x-forwarded-for': nextAddress(),
        },
      }),
    })),
    ceiling: [ceilingRequest('', '/login', { password: PASSWORD })],
  }
}

/** A GET, or a POST with a JSON body. */
function sessionRequest(token: string, path: string, body?: object): Request {
  return {
    method: body ? 'POST' : 'GET',
    path,
    ...(body && { body: JSON.stringify(body) }),
    headers: {
      host: 'localhost',
      cookie: portalCookie(token),
      ...(body && { 'content-type': 'application/json' }),
    },
  }
}

function portalRequest(token: string, path: string, body?: object): Request {
  return sessionRequest(token, `/api/v1/portal/${SLUG}${path}`, body)
}

function ceilingRequest(token: string, path: string, body?: object): Request {
  return sessionRequest(token, path, body)
}

function withOrigin(request: Request): Request {
  return { ...request, headers: { ...request.headers, origin: 'http://localhost' } }
}

function portalCookie(token: string): string {
  return `portico_portal_${ACCOUNT.slice(-12)}=${token}`
}
