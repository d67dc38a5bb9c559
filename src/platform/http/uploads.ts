/** Uploads: a multipart request with one file, received on disk and given to its operation. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../caller.ts'
import type { FileStore } from '../files.ts'
import type { Parts } from '../input.ts'
import type { Upload } from '../operation.ts'
import type { OperationResponse } from '../output.ts'
import { problem, type Problem } from '../problem.ts'
import { isMultipart, newForm, receiveForm, type FormLimits, type ReceivedForm } from './forms.ts'
import { applyOutcome, splitOutcome } from './page-outcomes.ts'
import type { ProblemResponder } from './problems.ts'
import { sendResponse } from './responses.ts'

/** A path of ours: no other host, no backslashes, no control characters. */
const RETURN_PATH = /^\/(?![/\\])[^\\\u0000-\u001f]*$/

/** An upload has one file and few fields. */
const limitsFor = (fileSize: number): FormLimits => ({ fileSize, files: 1, fields: 20, fieldBytes: 64 * 1024 })

/** Runs an upload. A form without script is redirected to its `return` field; everybody else gets JSON. */
export async function receiveUpload(
  {
    sizeLimit,
    parts,
    files,
    caller,
    execute,
    problems,
  }: {
    sizeLimit: number
    parts: Parts
    files: FileStore
    /** Learns for whom the form was made, once it is received. */
    caller: Caller
    execute(parts: Parts): Promise<OperationResponse>
    problems: ProblemResponder
  },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const isPlainForm = (request.headers.accept ?? '').includes('text/html')
  const form = newForm()
  const leadBack = (target: string) => {
    const { path, outcome } = splitOutcome(target)
    applyOutcome(request, reply, { outcome: null, left: outcome && { path: path.split(/[?#]/)[0]!, outcome } })
    return reply.redirect(path, 303)
  }
  // Called when the caller is known, so that nobody else's bytes reach the disk.
  const receive = async () => {
    if (!isMultipart(request)) throw problem('unsupportedType')
    const received = await receiveForm(request.raw, limitsFor(sizeLimit), files.receive, { form })
    caller.formOwner = received.fields.find(([name]) => name === 'formOwner')?.[1]
    return uploadOf(received)
  }
  try {
    const response = await execute({ ...parts, receive })
    const target = isPlainForm && returnPath(form)
    return target ? leadBack(target) : sendResponse(response, request, reply)
  } catch (error) {
    request.raw.resume()
    const refusal = problems.toProblem(error, request)
    // The page may not be this person's to see, and could not say why.
    const target = isPlainForm && refusal.code !== 'otherPerson' && returnPath(form)
    if (!target) throw refusal
    // The address says what a success is to say.
    return leadBack(withProblem(splitOutcome(target).path, refusal))
  } finally {
    await form.discard()
  }
}

/** Where a form without script wants to be led back to. */
function returnPath({ fields }: ReceivedForm): string | undefined {
  const path = fields.find(([name]) => name === 'return')?.[1]
  return path !== undefined && RETURN_PATH.test(path) ? path : undefined
}

function uploadOf({ fields, files }: ReceivedForm): { file: Upload; body: unknown } {
  const file = files.find(({ field, name, content }) => field === 'file' && (name !== '' || content.size > 0))
  if (!file) throw problem('input', { fields: { file: 'required' } })
  const body: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, value] of fields) {
    if (name in body || name in Object.prototype) throw problem('malformed')
    body[name] = value
  }
  delete body.return
  delete body.formOwner
  return { file: { name: file.name, type: file.type, content: file.content }, body: { ...body } }
}

/**
 * The page again, with the refusal in place of the success that the form expected. It has the focus, which a fragment in the
 * address would keep from it. Numbers of the text, such as a limit, travel along: the page says the refusal again.
 */
function withProblem(path: string, refusal: Problem): string {
  const field = refusal.fields?.file
  const vars = Object.entries((field ?? refusal).vars ?? {}).filter(([, value]) => typeof value === 'number')
  const [page, query] = path.split('#')[0]!.split('?')
  const search = new URLSearchParams(query)
  for (const name of [...search.keys()]) if (name === 'done' || name.startsWith('problem')) search.delete(name)
  search.append('problem', field?.code ?? refusal.code)
  for (const [name, value] of vars) search.append(`problem.${name}`, String(value))
  return `${page}?${search}`
}
