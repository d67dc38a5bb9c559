/** People in tests: each has cookies and calls operations over HTTP by name. */
import type { Actor } from '../src/features/identity/rules.ts'
import { contracts } from '../src/operations.ts'
import { surfaceOf } from '../src/platform/caller.ts'
import type { Definition, Output, RawInput, Wire } from '../src/platform/operation.ts'
import { fill, send, type Reply } from './request.ts'

type Contracts = typeof contracts
export type OperationName = keyof Contracts

/** The password of every person in tests. */
export const PASSWORD = 'correct horse battery'

export interface CallOptions {
  headers?: Record<string, string>
  /** Slug to call, instead of the person's own. */
  slug?: string
  /** `path` calls the main host instead of the portal's own host. */
  place?: 'host' | 'path'
}

interface ProblemFields {
  code?: string
  title?: string
  fields?: Record<string, { code: string; text: string }>
}

export interface Person {
  id: string
  email: string
  kind: Actor['kind']
  cookies: Map<string, string>
  /** Calls an operation over HTTP by its name. */
  call<N extends OperationName>(
    name: N,
    input?: Record<string, unknown>,
    options?: CallOptions,
  ): Promise<Reply<Wire<Output<Contracts[N]>> & ProblemFields>>
  /** Like `call`, but throws when the operation is refused. */
  ok<N extends OperationName>(
    name: N,
    input?: RawInput<Contracts[N]>,
    options?: CallOptions,
  ): Promise<Wire<Output<Contracts[N]>>>
  /** Sends a plain request with this person's cookies to the main host. */
  request(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Reply>
}

export interface PersonOptions {
  kind: Actor['kind']
  id?: string
  email?: string
  slug?: string
  place?: 'host' | 'path'
}

/** A person without a session who calls the server at `port`. */
export function createPerson(port: number, options: PersonOptions): Person {
  const mainHost = `localhost:${port}`
  const cookies = new Map<string, string>()
  const person: Person = {
    id: options.id ?? '',
    email: options.email ?? '',
    kind: options.kind,
    cookies,
    request: (method, path, { body, headers = {} } = {}) =>
      send({ port, host: mainHost, method, path, body, headers, cookies }),
    async call(name, input = {}, { headers = {}, slug = options.slug, place = options.place ?? 'host' } = {}) {
      const definition = (contracts as Record<string, Definition>)[name]!
      const { path, query, body } = fill(definition, input, slug)
      const usesPortalHost = surfaceOf(definition.path) === 'portal' && place === 'host'
      const host = usesPortalHost ? `${slug}.${mainHost}` : mainHost
      const url = `/api/v1${path}${query}`
      return (await send({ port, host, method: definition.method, path: url, body, headers, cookies })) as never
    },
    async ok(name, input, callOptions) {
      const reply = await person.call(name, input as never, callOptions)
      if (reply.status >= 400) throw new Error(`${name} was refused: ${reply.status} ${reply.text}`)
      return reply.body as never
    },
  }
  return person
}
