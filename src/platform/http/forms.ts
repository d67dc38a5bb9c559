/**
 * Forms: files are streamed to disk and fields kept in memory, within limits. A form is used when it has arrived as a whole,
 * so a broken one changes nothing.
 */
import { openAsBlob } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import type { FastifyRequest } from 'fastify'
import type { FileStore, ReceivedFile } from '../files.ts'
import { isProblem, problem } from '../problem.ts'

export interface FormLimits {
  /** Bytes of one file. */
  fileSize: number
  files: number
  fields: number
  /** Bytes of all fields together, with their names. */
  fieldBytes: number
}

interface FormFile {
  field: string
  /** As the sender called it; '' when a browser sends a file field in which nothing was chosen. */
  name: string
  /** What the sender claims. */
  type: string
  content: ReceivedFile
}

export interface ReceivedForm {
  /** In their order; a name may come several times. */
  fields: [name: string, value: string][]
  files: FormFile[]
  /** Files that could not be saved, where a form is received without them. */
  unsaved: { field: string; name: string; code: string }[]
  /** Removes the files that were not kept. */
  discard(): Promise<void>
}

export function newForm(): ReceivedForm {
  const files: FormFile[] = []
  return {
    fields: [],
    files,
    unsaved: [],
    discard: async () => void (await Promise.all(files.map(({ content }) => content.discard()))),
  }
}

export const isMultipart = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  /^multipart\/form-data\b/i.test(headers['content-type'] ?? '')

const isUrlEncoded = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')

interface ReceiveOptions {
  form?: ReceivedForm
  /** Code of the problem with which the form is received without a file; rethrows what ends the whole form. */
  codeOfUnsaved?(error: unknown): string
}

/**
 * Reads the body of a request into `form`, which holds the fields that came before an error.
 * @throws problem `unsupportedType` when it is no form, `malformed` when it is no whole form, `tooLarge` when it has more parts
 *   than the limits allow, or what `receive` throws; nothing is left of its files then
 */
export async function receiveForm(
  request: IncomingMessage,
  limits: FormLimits,
  receive: FileStore['receive'],
  { form = newForm(), codeOfUnsaved }: ReceiveOptions = {},
): Promise<ReceivedForm> {
  if (isUrlEncoded(request)) {
    form.fields.push(...(await receiveFields(request, limits)))
    return form
  }
  if (!isMultipart(request)) throw problem('unsupportedType')
  const saving: Promise<void>[] = []
  try {
    await parseForm(request, limits, {
      field: (name, value) => form.fields.push([name, value]),
      file(stream, file) {
        const index = saving.length
        // A stream that ends early would hold up the rest of the form.
        const saved = receive(stream.iterator({ destroyOnReturn: false }), limits.fileSize).then(
          (content) => {
            form.files[index] = { ...file, content }
          },
          (error: unknown) => {
            if (!codeOfUnsaved) throw error
            form.unsaved.push({ field: file.field, name: file.name, code: codeOfUnsaved(error) })
            stream.resume()
          },
        )
        saving.push(saved)
        return saved
      },
    })
    await Promise.all(saving)
    return form
  } catch (error) {
    await Promise.allSettled(saving)
    await form.discard()
    throw error
  }
}

/** The fields of a form without files. They are counted before they are taken apart: half a megabyte holds 260,000. */
async function receiveFields(
  request: IncomingMessage,
  { fields, fieldBytes }: FormLimits,
): Promise<[name: string, value: string][]> {
  const parts: Buffer[] = []
  let bytes = 0
  let separators = 0
  try {
    // The rest of a form that is too large is read on by who answers: the connection stays.
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += part.length
      for (let at = part.indexOf('&'); at >= 0; at = part.indexOf('&', at + 1)) separators++
      if (bytes > fieldBytes || separators >= fields) throw problem('tooLarge')
      parts.push(part)
    }
  } catch (error) {
    throw isProblem(error) ? error : problem('malformed')
  }
  return [...new URLSearchParams(Buffer.concat(parts).toString())]
}

interface PartReceiver {
  field(name: string, value: string): void
  /** Reads the stream to its end. */
  file(stream: Readable, file: Omit<FormFile, 'content'>): Promise<void>
}

/** Resolves at the end of a whole form. Whatever ends it early is thrown, and also ends the stream of the file under way. */
function parseForm(request: IncomingMessage, limits: FormLimits, receiver: PartReceiver): Promise<void> {
  const parser = createParser(request, limits)
  return new Promise<void>((resolve, reject) => {
    let fieldBytes = 0
    const open = new Set<Readable>()
    const fail = (error: unknown) => {
      request.unpipe(parser)
      for (const stream of open) stream.destroy(error as Error)
      reject(error)
    }
    parser.on('field', (name: string | undefined, value: string) => {
      fieldBytes += Buffer.byteLength(name ?? '') + Buffer.byteLength(value)
      if (name === undefined) fail(problem('malformed'))
      else if (fieldBytes > limits.fieldBytes) fail(problem('tooLarge'))
      else receiver.field(name, value)
    })
    parser.on(
      'file',
      (field: string | undefined, stream: Readable, name: string | undefined, _: string, type: string) => {
        // Busboy also emits what is wrong with the form on the stream of the file it is in.
        stream.on('error', () => {})
        open.add(stream)
        if (field === undefined) fail(problem('malformed'))
        else receiver.file(stream, { field, name: name ?? '', type }).then(() => open.delete(stream), fail)
      },
    )
    parser.on('filesLimit', () => fail(problem('input', { fields: { file: 'tooMany' } })))
    for (const event of ['fieldsLimit', 'partsLimit']) parser.on(event, () => fail(problem('tooLarge')))
    parser.on('error', () => fail(problem('malformed')))
    parser.on('finish', resolve)
    // Cut off by the sender, or by us after a minute.
    request.on('close', () => request.complete || fail(problem('malformed')))
    request.on('error', () => fail(problem('malformed')))
    request.pipe(parser)
  })
}

function createParser({ headers }: IncomingMessage, { files, fields, fieldBytes }: FormLimits) {
  try {
    return new Busboy({
      headers: headers as BusboyHeaders,
      // One more than allowed, so that busboy passes it on and it is refused here.
      limits: { files, fields, parts: files + fields, fieldSize: fieldBytes + 1, headerPairs: 100, headerSize: 16_384 },
    })
  } catch {
    // No boundary, or one that cannot be.
    throw problem('malformed')
  }
}

/** The form as pages read it. Its files stay on disk; one that could not be saved is told in `unsaved.<field>`. */
export async function toFormData({ fields, files, unsaved }: ReceivedForm): Promise<FormData> {
  const data = new FormData()
  for (const { field, name, code } of unsaved) data.append(`unsaved.${field}`, `${code} ${name}`)
  for (const [name, value] of fields) data.append(name, value)
  for (const { field, name, type, content } of files) data.append(field, await openAsBlob(content.path, { type }), name)
  return data
}
