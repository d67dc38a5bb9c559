/** Refusals over HTTP (RFC 9457): any error becomes a problem, with texts in the reader's language. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isDiskFault, isDiskFull } from '../disk.ts'
import type { Faults } from '../faults.ts'
import { FileRefused } from '../files.ts'
import type { Translations } from '../i18n.ts'
import { MOST_FAULTS } from '../input.ts'
import { isProblem, problem, type FieldError, type Problem } from '../problem.ts'
import type { ServerContext } from '../server-context.ts'
import { isShownToPerson, sendProblemPage, type Brand } from './problem-page.ts'

export interface ProblemResponder {
  /** The problem that describes an error. Unknown errors are reported and become `internal`. */
  toProblem(error: unknown, request: FastifyRequest): Problem
  /** Adds title, detail, texts of fields and the request's id. */
  withTexts(refusal: Problem, request: FastifyRequest): ReadableProblem
  /** As a page where a person sees it, else as JSON. */
  send(refusal: Problem, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
}

export interface ReadableProblem extends Problem {
  title: string
  detail?: string
  requestId: string
}

export function createProblemResponder(
  translations: Translations,
  publicUrl: URL,
  reportError: ServerContext['reportError'],
  faults: Faults,
  brandOf: (request: FastifyRequest) => Promise<Brand | null>,
): ProblemResponder {
  function toProblem(error: unknown, request: FastifyRequest): Problem {
    const known = isProblem(error) ? error : expectedProblem(error as FastifyError)
    if (known) faults.note(known, (fault) => reportError(fault, whereIn(request)))
    else reportError(error, whereIn(request))
    return known ?? problem('internal')
  }

  function withTexts(refusal: Problem, request: FastifyRequest): ReadableProblem {
    const locale = translations.choose(request.headers['accept-language'])
    const { code, vars } = refusal
    const textOf = (key: string, values: FieldError['vars']) =>
      translations.has(locale, key) ? translations.t(locale, key, values) : undefined
    const detail = textOf(`problems.${code}Detail`, vars)
    const fieldText = (path: string, { code, vars }: FieldError) => {
      const name = path.split('.').at(-1)!
      // What is missing has a name: an answer that of its question.
      const isAnswer = code === 'required' && vars?.name !== undefined
      const kind = isAnswer ? 'unanswered' : code
      const own = textOf(`problems.byField.${kind}.${isAnswer ? vars.type : name}`, vars)
      return { code, text: own ?? textOf(`problems.fields.${kind}`, vars) ?? code }
    }
    const fields = refusal.fields && mapFirst(refusal.fields, MOST_FAULTS, fieldText)
    return Object.assign(refusal, {
      title: textOf(`problems.${code}`, vars) ?? code,
      ...(detail !== undefined && { detail }),
      ...(fields && { fields }),
      requestId: request.id,
    })
  }

  async function send(refusal: Problem, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const readable = withTexts(refusal, request)
    const { status, code, vars } = readable
    if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter)
    if (code === 'moved') reply.header('location', movedTo(String(vars?.slug), request, publicUrl))
    if (code !== 'moved' && isShownToPerson(request))
      return sendProblemPage(readable, request, reply, { translations, publicUrl, brandOf })
    return reply
      .code(status)
      .type('application/problem+json; charset=utf-8')
      .serializer((value: unknown) => JSON.stringify(value))
      .send(problemBody(readable))
  }

  return { toProblem, withTexts, send }
}

const mapFirst = <From, To>(all: Record<string, From>, count: number, map: (path: string, value: From) => To) =>
  Object.fromEntries(
    Object.entries(all)
      .slice(0, count)
      .map(([path, value]) => [path, map(path, value)]),
  )

type ProblemBody = Pick<ReadableProblem, 'status' | 'code' | 'title' | 'requestId'> & Partial<ReadableProblem>

/** The response body, in the order of the API document. */
export const problemBody = ({ status, code, title, detail, requestId, fields, vars }: ProblemBody) => ({
  type: 'about:blank',
  status,
  code,
  title,
  ...(detail && { detail }),
  requestId,
  ...(fields && { fields }),
  ...(vars && { vars }),
})

/** Errors of Fastify, its plugins and bounded queues that a caller can do something about. */
function expectedProblem(error: FastifyError | FileRefused): Problem | undefined {
  if (error instanceof FileRefused) return problem('input', { fields: { file: error.fieldError } })
  const { retryAfter } = error as { retryAfter?: unknown }
  if (typeof retryAfter === 'number') return problem('busy', { retryAfter })
  if (isDiskFull(error)) return problem('storageFull', { cause: error })
  if (isDiskFault(error)) return problem('storageUnavailable', { retryAfter: 60, cause: error })
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('tooLarge')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem('unsupportedType')
  }
  const { statusCode } = error
  const isClientError = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
  return isClientError ? problem('malformed') : undefined
}

const whereIn = (request: FastifyRequest) => ({ operation: operationOf(request), requestId: request.id })

const operationOf = (request: FastifyRequest): string =>
  (request.routeOptions?.config as { operation?: string } | undefined)?.operation ?? request.url.split('?')[0]!

/** The same address under the account's present slug. A portal's own host serves only that portal, so its host changes. */
function movedTo(slug: string, { url, hostScope }: FastifyRequest, publicUrl: URL): string {
  const origin = hostScope.surface === 'portal' ? `${publicUrl.protocol}//${slug}.${publicUrl.host}` : ''
  return origin + url.replace(/^(\/api\/v1\/(?:portal|office)\/|\/p\/|\/office\/)[^/?]+/, `$1${slug}`)
}
