/** Takes in mail by SMTP. Whoever delivers it hears an answer only once it is stored, so nothing is lost between two servers. */
import type { AddressInfo } from 'node:net'
import type { SMTPServer, SMTPServerSession } from 'smtp-server'
import type { Log } from '../../log.ts'
import { readMail, type IncomingMail } from './mail.ts'

/** `unknown`: no such mailbox. `busy`: too many mails lately, to be sent again later. */
export type Mailbox = 'known' | 'unknown' | 'busy'

/** What the listener and the HTTP hook share. */
export interface MailboxOptions {
  /** Bytes of one mail; a larger one is refused when it is announced, and at the latest when it arrives. */
  sizeLimit: number
  findMailbox(address: string): Promise<Mailbox>
  /** Stores a mail for all recipients that were accepted. May be called again with the same mail. */
  receive(mail: IncomingMail, to: readonly string[]): Promise<void>
}

export interface MailListenerOptions extends MailboxOptions {
  host: string | null
  port: number
  log: Log
}

export interface MailListener {
  listen(): Promise<void>
  /** Once it listens. */
  port(): number
  close(): Promise<void>
}

const MAX_CLIENTS = 20
const MAX_RECIPIENTS = 20
const SILENCE_MS = 60_000

const refusal = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode })
const TRY_LATER = '4.3.0 Try again later'

export function createMailListener(options: MailListenerOptions): MailListener {
  let server: SMTPServer | undefined
  return {
    async listen() {
      server = await createServer(options)
      await listenOn(server, options)
    },
    port: () => (server!.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => (server ? server.close(resolve) : resolve())),
  }
}

function listenOn(server: SMTPServer, { host, port }: MailListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, host ?? undefined, () => resolve())
  })
}

async function createServer(options: MailListenerOptions): Promise<SMTPServer> {
  const { sizeLimit, log } = options
  // Loaded on demand: most installations take in no mail.
  const { SMTPServer } = await import('smtp-server')
  const server = new SMTPServer({
    banner: 'Portico',
    size: sizeLimit,
    maxClients: MAX_CLIENTS,
    socketTimeout: SILENCE_MS,
    closeTimeout: 1000,
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onRcptTo({ address }, session, done) {
      answerRecipient(options, address, session).then(() => done(), done)
    },
    onData(stream, session, done) {
      collect(stream)
        .then(async (raw) => {
          if (stream.sizeExceeded) throw refusal(552, '5.3.4 The message is too large')
          const { from, to } = envelopeOf(session)
          const mail = await readMail(raw, from).catch(() => {
            throw refusal(554, '5.6.0 The message cannot be read')
          })
          return options.receive(mail, to)
        })
        .then(
          () => done(),
          (error: Error & { responseCode?: number }) => {
            if (!error.responseCode) log.error({ err: error }, 'A mail that arrived could not be stored')
            done(error.responseCode ? error : refusal(451, TRY_LATER))
          },
        )
    },
  })
  server.on('error', (error) => log.warn({ err: error }, 'A connection that delivers mail failed'))
  return server
}

async function answerRecipient(
  { findMailbox, log }: MailListenerOptions,
  address: string,
  session: SMTPServerSession,
): Promise<void> {
  if (session.envelope.rcptTo.length >= MAX_RECIPIENTS) throw refusal(452, '4.5.3 Too many recipients')
  const mailbox = await findMailbox(address).catch((error: unknown) => {
    log.error({ err: error }, 'The recipient of a mail could not be looked up')
    throw refusal(451, TRY_LATER)
  })
  if (mailbox === 'unknown') throw refusal(550, '5.1.1 No such mailbox')
  if (mailbox === 'busy') throw refusal(450, '4.2.1 Too many messages, try again later')
}

const envelopeOf = ({ envelope }: SMTPServerSession) => ({
  from: envelope.mailFrom ? envelope.mailFrom.address : '',
  to: envelope.rcptTo.map(({ address }) => address),
})

/** All bytes of a mail; what is over the limit is not kept, because the stream ends there. */
async function collect(stream: AsyncIterable<Buffer> & { sizeExceeded: boolean }): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) if (!stream.sizeExceeded) parts.push(part)
  return Buffer.concat(parts)
}
