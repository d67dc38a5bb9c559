import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import type { Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/**
 * How this server misbehaves towards one recipient. The `…After` kinds and `late421` have taken the mail in before they
 * fail: the sender cannot know.
 */
export type Fault =
  | 'rcpt451'
  | 'rcpt550'
  | 'rcpt421'
  | 'data452'
  | 'data554'
  | 'late421'
  | 'hangAfter'
  | 'dropBefore'
  | 'dropAfter'
  | 'slow'

export interface Arrived {
  /** Of the envelope. */
  from: string
  to: string[]
  messageId: string
  raw: string
}

export interface MailServer {
  url: string
  port: number
  /** Every mail taken in, repeats included, in order. */
  arrived: Arrived[]
  /** Mails to one address, parsed. */
  to(address: string): Promise<Email[]>
  /** Resolves with the newest mail to an address, waiting for it (5 s). */
  next(address: string, timeoutMs?: number): Promise<Email>
  close(): Promise<void>
}

/** A real SMTP server in this process. `faultFor` is asked once for each attempt at a recipient. */
export async function mailServer(
  faultFor: (recipient: string) => Fault | undefined = () => undefined,
  { port = 0, slowMs = 400, greeting }: { port?: number; slowMs?: number; greeting?: () => number | undefined } = {},
): Promise<MailServer> {
  const arrived: Arrived[] = []
  const refusal = (code: number, text: string) => Object.assign(new Error(text), { responseCode: code })
  const faults = new Map<string, Fault | undefined>()
  const hangUp = (id: string) => {
    const connections = (server as unknown as { connections: Set<{ id: string; _socket: { destroy(): void } }> })
      .connections
    for (const connection of connections) if (connection.id === id) connection._socket.destroy()
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onConnect(_session, done) {
      const code = greeting?.()
      done(code ? refusal(code, 'Busy') : null)
    },
    onRcptTo({ address }, session, done) {
      const fault = faultFor(address)
      faults.set(session.id, fault)
      if (fault === 'rcpt451') return done(refusal(451, '4.7.1 Greylisted'))
      if (fault === 'rcpt421') return done(refusal(421, '4.3.2 Closing'))
      if (fault === 'rcpt550') return done(refusal(550, '5.1.1 <secret-words@example> unknown'))
      if (fault === 'dropBefore') return hangUp(session.id)
      done()
    },
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const fault = faults.get(session.id)
        if (fault === 'data452') return done(refusal(452, '4.2.2 Full'))
        if (fault === 'data554') return done(refusal(554, '5.7.1 Spam'))
        const raw = Buffer.concat(parts).toString('utf8')
        arrived.push({
          from: session.envelope.mailFrom ? session.envelope.mailFrom.address : '',
          to: session.envelope.rcptTo.map(({ address }) => address),
          messageId: /^message-id:\s*(\S+)/im.exec(raw)?.[1] ?? '',
          raw,
        })
        if (fault === 'late421') return done(refusal(421, '4.3.2 Shutting down'))
        if (fault === 'dropAfter') return hangUp(session.id)
        if (fault === 'hangAfter') return
        if (fault === 'slow') return setTimeout(done, slowMs)
        done()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((ready, failed) => {
    server.server.once('error', failed)
    server.listen(port, '127.0.0.1', () => ready())
  })
  const actual = (server.server.address() as AddressInfo).port
  const parsed = (address: string) =>
    Promise.all(arrived.filter((mail) => mail.to.includes(address)).map(({ raw }) => PostalMime.parse(raw)))
  return {
    url: `smtp://127.0.0.1:${actual}`,
    port: actual,
    arrived,
    to: parsed,
    async next(address, timeoutMs = 5000) {
      const before = performance.now()
      for (;;) {
        const newest = (await parsed(address)).at(-1)
        if (newest) return newest
        if (performance.now() - before > timeoutMs) throw new Error(`No mail for ${address} within ${timeoutMs} ms`)
        await new Promise((go) => setTimeout(go, 20))
      }
    },
    close: () => new Promise((closed) => server.close(() => closed())),
  }
}
