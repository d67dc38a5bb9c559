/** Takes in mail by HTTP, from a mail server or service that holds the secret. */
import type { FastifyInstance } from 'fastify'
import { problem } from '../../problem.ts'
import { isSameSecret } from '../../secrets.ts'
import { readMail } from './mail.ts'
import type { MailboxOptions } from './listener.ts'

/** `?to=` for each recipient and `?from=` are the envelope; a bounce has an empty `from`. The body is the mail as it arrived. */
const PATH = '/api/v1/mail-in'
const RETRY_SECONDS = 600

export async function addMailHook(
  app: FastifyInstance,
  { secret, sizeLimit, findMailbox, receive }: MailboxOptions & { secret: string },
): Promise<void> {
  await app.register(async (scope) => {
    scope.addContentTypeParser('message/rfc822', { parseAs: 'buffer', bodyLimit: sizeLimit }, (_request, body, done) =>
      done(null, body),
    )
    // Before the body is read. Without the secret there is nothing here.
    scope.addHook('onRequest', async ({ headers }) => {
      if (!isSameSecret(headers.authorization, `Bearer ${secret}`)) throw problem('notFound')
    })
    scope.post(PATH, { bodyLimit: sizeLimit }, async ({ query, body }, reply) => {
      const { from, to } = query as { from?: string | string[]; to?: string | string[] }
      const recipients = [to ?? []].flat()
      const envelopeFrom = [from ?? []].flat().join()
      if (recipients.length === 0) throw problem('input', { fields: { to: 'required' } })
      if (!Buffer.isBuffer(body)) throw problem('unsupportedType')
      const mailboxes = await Promise.all(recipients.map(findMailbox))
      if (mailboxes.includes('busy')) throw problem('tooMany', { retryAfter: RETRY_SECONDS, vars: { minutes: 10 } })
      if (!mailboxes.includes('known')) throw problem('notFound')
      const mail = await readMail(body, envelopeFrom).catch(() => {
        throw problem('malformed')
      })
      await receive(mail, recipients)
      return reply.code(204).send()
    })
  })
}
