/** Successful responses: JSON as the output schema made it, or the bytes of a file. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { contentDisposition } from '../file-names.ts'
import type { Effect, Frame } from '../effects.ts'
import type { OperationResponse } from '../output.ts'
import { applyEffects } from './session-cookies.ts'

type SentFile = Extract<Effect, { file: unknown }>['file']

export function sendResponse(
  { json, status, effect, account }: OperationResponse,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (effect && 'file' in effect) return reply.code(200).headers(fileHeaders(effect.file)).send(effect.file.stream)
  if (effect) applyEffects(request, reply, [{ effect, accountId: account ?? null }])
  return reply.code(status).type('application/json; charset=utf-8').serializer(asIs).send(json)
}

/** It is JSON text already. */
const asIs = (json: unknown) => json as string

const fileHeaders = ({ name, type, size, inline, frame, anywhere, keepFor }: SentFile) => ({
  'content-type': type,
  'content-length': size,
  'content-disposition': contentDisposition(name, inline ? 'inline' : 'attachment'),
  'cache-control': keepFor === undefined ? 'private, no-store' : `public, max-age=${keepFor}`,
  ...(frame && { 'x-frame-options': 'SAMEORIGIN' }),
  // A logo is shown inside mails, wherever they are read.
  ...(anywhere && { 'cross-origin-resource-policy': 'cross-origin' }),
  // No file runs anything in our origin, whatever its bytes are (PS-27).
  'content-security-policy': frame ? framePolicy(frame) : "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  'x-content-type-options': 'nosniff',
})

const framePolicy = ({ pictures }: Frame) =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `img-src 'self' ${pictures.join(' ')}`,
    "frame-ancestors 'self'",
    'sandbox allow-popups allow-popups-to-escape-sandbox',
  ].join('; ')
