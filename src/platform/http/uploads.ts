/** Uploads: one file part of a multipart request, streamed to its operation. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Parts } from '../input.ts'
import type { Upload } from '../operation.ts'
import type { OperationResponse } from '../output.ts'
import { problem, type Problem } from '../problem.ts'
import type { ProblemResponder } from './problems.ts'
import { sendResponse } from './responses.ts'

/** A path of ours: no other host, no backslashes, no control characters. */
const RETURN_PATH = /^\/(?![/\\])[^\\\u0000-\u001f]*$/

interface UploadForm {
  file: Upload
  body: Record<string, unknown>
  /** Where a form without script wants to be led back to. */
  returnPath: string | undefined
}

/** Runs an upload. A form without script is redirected to its `return` field; everybody else gets JSON. */
export async function receiveUpload(
  {
    sizeLimit,
    parts,
    execute,
    problems,
  }: {
    sizeLimit: number
    parts: Parts
    execute(parts: Parts): Promise<OperationResponse>
    problems: ProblemResponder
  },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const isPlainForm = (request.headers.accept ?? '').includes('text/html')
  let returnPath: string | undefined
  try {
    const form = await readForm(request, sizeLimit)
    if (isPlainForm) returnPath = form.returnPath
    const response = await execute({ ...parts, body: form.body, file: form.file })
    return returnPath ? reply.redirect(returnPath, 303) : sendResponse(response, request, reply)
  } catch (error) {
    request.raw.resume()
    const refusal = problems.toProblem(error, request)
    if (!returnPath) throw refusal
    return reply.redirect(withProblem(returnPath, refusal), 303)
  }
}

async function readForm(request: FastifyRequest, sizeLimit: number): Promise<UploadForm> {
  if (!request.isMultipart()) throw problem('unsupportedType')
  const part = await request.file({ limits: { fileSize: sizeLimit } })
  if (!part) throw problem('input', { fields: { file: 'required' } })
  const body: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(part.fields))
    if (field && !Array.isArray(field) && field.type === 'field') body[name] = field.value
  const { return: target, ...rest } = body
  return {
    file: { name: part.filename, type: part.mimetype, stream: part.file },
    body: rest,
    returnPath: typeof target === 'string' && RETURN_PATH.test(target) ? target : undefined,
  }
}

/** Numbers of the text, such as a limit, travel along: the page says the refusal again. */
function withProblem(path: string, refusal: Problem): string {
  const field = refusal.fields?.file
  const vars = Object.entries((field ?? refusal).vars ?? {}).filter(([, value]) => typeof value === 'number')
  const query = new URLSearchParams([
    ['problem', field?.code ?? refusal.code],
    ...vars.map(([name, value]) => [`problem.${name}`, String(value)]),
  ])
  return `${path}${path.includes('?') ? '&' : '?'}${query}`
}
