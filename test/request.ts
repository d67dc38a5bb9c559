/** HTTP requests as the tests send them. */
import http from 'node:http'
import type { Definition } from '../src/platform/operation.ts'

export interface Reply<T = unknown> {
  status: number
  /** Parsed JSON, or the text. */
  body: T
  headers: http.IncomingHttpHeaders
  text: string
}

export interface RequestOptions {
  port: number
  host: string
  method: string
  path: string
  body?: unknown
  headers?: Record<string, string>
  /** Sent with the request and updated from the response. */
  cookies?: Map<string, string>
}

/** Splits flat input into path, query and body, as the contract declares them. */
export function fill(definition: Definition, input: Record<string, unknown>, slug: string | undefined) {
  const rest = { ...input }
  const path = definition.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'account' || name === 'portal') return encodeURIComponent(slug ?? 'nowhere')
    const value = rest[name]
    delete rest[name]
    return encodeURIComponent(String(value))
  })
  const search = new URLSearchParams()
  for (const key of Object.keys(definition.query?.shape ?? {})) {
    if (rest[key] !== undefined) for (const value of [rest[key]].flat()) search.append(key, String(value))
    delete rest[key]
  }
  const isRead = definition.method === 'GET'
  if (isRead) for (const [key, value] of Object.entries(rest)) search.append(key, String(value))
  const hasBody = !isRead && (definition.body !== undefined || Object.keys(rest).length > 0)
  return { path, query: search.size > 0 ? `?${search}` : '', body: hasBody ? rest : undefined }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

const nodes = new Map<number, number[]>()
let sentCount = 0

/** From now on requests to `port` go to these ports in turn, which are nodes of one installation. */
export function setNodes(port: number, ports: number[]): void {
  nodes.set(port, ports)
}

function nextNode(port: number): number {
  const ports = nodes.get(port) ?? [port]
  return ports[sentCount++ % ports.length]!
}

/** Connects to 127.0.0.1 with the given Host header, because only browsers resolve *.localhost. */
export function send(options: RequestOptions): Promise<Reply> {
  const { port, host, method, path, headers = {}, cookies = new Map<string, string>() } = options
  const body = encodeBody(options.body)
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port: nextNode(port),
        method,
        path,
        agent,
        headers: {
          host,
          ...(method !== 'GET' && method !== 'HEAD' && { origin: `http://${host}` }),
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...(cookies.size > 0 && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...headers,
        },
      },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => {
          for (const header of response.headers['set-cookie'] ?? []) storeCookie(cookies, header)
          const text = Buffer.concat(parts).toString()
          const isJson = /json/.test(response.headers['content-type'] ?? '')
          const parsed: unknown = isJson ? JSON.parse(text || 'null') : text
          resolve({ status: response.statusCode ?? 0, body: parsed, headers: response.headers, text })
        })
        response.on('error', reject)
      },
    )
    // The server may have closed a reused connection; like browsers, retry a GET on a new one.
    request.on('error', (error: NodeJS.ErrnoException) => {
      const canRetry = request.reusedSocket && error.code === 'ECONNRESET' && method === 'GET'
      if (canRetry) resolve(send({ port, host, method, path, headers, cookies }))
      else reject(error)
    })
    request.end(body)
  })
}

function encodeBody(body: unknown): string | Buffer | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body
  return JSON.stringify(body)
}

function storeCookie(cookies: Map<string, string>, header: string): void {
  const [pair = '', ...attributes] = header.split(';')
  const [name = '', value = ''] = pair.split('=')
  const isExpired = attributes.some((attribute) => {
    const expires = /^\s*expires=(.*)/i.exec(attribute)?.[1]
    return /^\s*max-age=0/i.test(attribute) || (expires !== undefined && new Date(expires) < new Date(1000))
  })
  if (value === '' || isExpired) cookies.delete(name)
  else cookies.set(name, value)
}
