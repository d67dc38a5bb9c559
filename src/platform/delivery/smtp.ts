import { Readable } from 'node:stream'
import { domainToASCII } from 'node:url'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { headerName } from './layout.ts'
import { isMailAddress } from './outbox.ts'

export interface OutgoingMail {
  to: { address: string; name?: string | null }
  /** The business's name; the address is the installation's. */
  fromName: string
  replyTo?: string | null
  /** `<id@host>`, the same for every attempt. */
  messageId: string
  /** Id of a mail that was never sent: what refers to it is shown as one conversation. */
  thread?: string | null
  date: Date
  subject: string
  html: string
  text: string
}

/**
 * How an attempt ended. `refused`: the recipient's server rejects it for good. `deferred`: it was certainly not delivered, try
 * again. `ambiguous`: it may have been (421, hang or drop after DATA), try again under the same Message-ID.
 */
export interface SendResult {
  outcome: 'sent' | 'refused' | 'deferred' | 'ambiguous'
  /** One English sentence for the Messages page, without addresses or tokens. */
  detail: string
  code?: number
}

export interface Transport {
  /** Never throws for what the other side does. `signal` cuts it short, which is ambiguous once the mail is on its way. */
  send(mail: OutgoingMail, signal?: AbortSignal): Promise<SendResult>
}

export interface SmtpOptions {
  /** smtp://user:password@host:587 · smtps://… (TLS from the start) · ?requireTLS=true · ?rejectUnauthorized=false */
  url: string
  /** The address mails come from, plain or as `Name <address>`; the name is replaced by the business's. */
  from: string
  timeouts?: { connect?: number; silence?: number; whole?: number }
}

/** Reads and checks the settings; throws with a text for the administrator. Opens nothing yet. */
export function createSmtp({ url, from, timeouts = {} }: SmtpOptions): Transport & { fromAddress: string } {
  const target = new URL(url)
  if (target.protocol !== 'smtp:' && target.protocol !== 'smtps:')
    throw new Error('SMTP_URL must start with smtp:// or smtps://')
  const fromAddress = (/<([^<>]+)>\s*$/.exec(from)?.[1] ?? from).trim()
  if (!isMailAddress(fromAddress)) throw new Error('MAIL_FROM must be one mail address')
  const settings: SmtpSettings = {
    fromAddress,
    credentials: target.username
      ? { user: decodeURIComponent(target.username), pass: decodeURIComponent(target.password) }
      : null,
    connection: connectionOptions(target, fromAddress, timeouts),
    timeout: timeouts.whole ?? 60_000,
  }
  return {
    fromAddress,
    async send(mail, signal) {
      if (!isMailAddress(mail.to.address)) return { outcome: 'refused', detail: 'Not a valid email address' }
      const body = await build(mail, fromAddress)
      const { default: SMTPConnection } = await import('nodemailer/lib/smtp-connection')
      return converse(new SMTPConnection(settings.connection), settings, mail.to.address, body, signal)
    },
  }
}

interface SmtpSettings {
  fromAddress: string
  credentials: { user: string; pass: string } | null
  connection: ReturnType<typeof connectionOptions>
  /** Milliseconds for the whole attempt. */
  timeout: number
}

function connectionOptions(target: URL, fromAddress: string, timeouts: NonNullable<SmtpOptions['timeouts']>) {
  const flag = (name: string) => target.searchParams.get(name)
  const secure = target.protocol === 'smtps:'
  const requireTLS = flag('requireTLS') === 'true'
  const hasPassword = target.username !== ''
  const needsVerifiedServer = secure || hasPassword || requireTLS
  return {
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: Number(target.port) || (secure ? 465 : 587),
    secure,
    requireTLS,
    // Without a password nothing worth stealing is sent: encrypt when it works. With one, only over a verified connection.
    opportunisticTLS: !hasPassword,
    tls: { rejectUnauthorized: flag('rejectUnauthorized') !== 'false' && needsVerifiedServer },
    name: flag('name') ?? domainToASCII(fromAddress.split('@')[1]!),
    connectionTimeout: timeouts.connect ?? 10_000,
    greetingTimeout: timeouts.connect ?? 10_000,
    socketTimeout: timeouts.silence ?? 30_000,
  }
}

/** One SMTP session for one mail, from connecting to the outcome. */
function converse(
  connection: SMTPConnection,
  { fromAddress, credentials, timeout }: SmtpSettings,
  recipient: string,
  body: Buffer,
  signal: AbortSignal | undefined,
): Promise<SendResult> {
  return new Promise((resolve) => {
    // Until the content is asked for nothing can have arrived; after that only a clear reply says so.
    let handedOver = false
    const content = function* () {
      handedOver = true
      yield body
    }
    const finish = (result: SendResult) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      resolve(result)
      connection.removeAllListeners('error')
      connection.on('error', () => {})
      if (result.outcome === 'sent') connection.quit()
      else connection.close()
    }
    const abort = () => finish(interrupted(handedOver, 'The attempt was stopped'))
    const timer = setTimeout(() => finish(interrupted(handedOver, 'The mail server took too long')), timeout)
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)

    connection.on('error', (error) => finish(resultOfError(error, handedOver)))
    connection.on('end', () => finish(interrupted(handedOver, 'The mail server closed the connection')))
    const accepted: SendResult = { outcome: 'sent', detail: 'Accepted by the mail server', code: 250 }
    const deliver = () => {
      connection.send({ from: fromAddress, to: [recipient] }, Readable.from(content()), (error) =>
        finish(error ? resultOfError(error, handedOver) : accepted),
      )
    }
    connection.connect((error) => {
      if (error) return finish(resultOfError(error, false))
      if (!credentials) return deliver()
      connection.login({ credentials }, (refusal) => (refusal ? finish(resultOfError(refusal, false)) : deliver()))
    })
  })
}

async function build(mail: OutgoingMail, fromAddress: string): Promise<Buffer> {
  // Loaded with the first mail: a tenth of the start-up time, and no request waits for a mail.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const domain = (address: string) => {
    const at = address.lastIndexOf('@')
    const host = address.slice(at + 1)
    return at < 0 ? address : `${address.slice(0, at)}@${domainToASCII(host) || host}`
  }
  return new MailComposer({
    // Objects, never joined text: a comma or quote in a name cannot make a second recipient (PS-56).
    from: { name: headerName(mail.fromName), address: fromAddress },
    to: { name: headerName(mail.to.name ?? ''), address: domain(mail.to.address) },
    ...(mail.replyTo && isMailAddress(mail.replyTo)
      ? { replyTo: { name: headerName(mail.fromName), address: mail.replyTo } }
      : {}),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: mail.messageId,
    ...(mail.thread ? { inReplyTo: mail.thread, references: [mail.thread] } : {}),
    date: mail.date,
    // Out-of-office programs must not answer a machine.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: '\r\n',
  })
    .compile()
    .build()
}

const interrupted = (handedOver: boolean, detail: string): SendResult => ({
  outcome: handedOver ? 'ambiguous' : 'deferred',
  detail,
})

interface SmtpError {
  code?: string
  command?: string
  responseCode?: number
  response?: string
}

/** What an error of the session means for this one mail. */
function resultOfError(error: SmtpError, handedOver: boolean): SendResult {
  const code = error.responseCode
  const command = error.command ?? ''
  if (error.code === 'EAUTH')
    return { outcome: 'deferred', detail: 'The mail server rejected the sign-in', ...(code ? { code } : {}) }
  if (!code) {
    const descriptions: Record<string, string> = {
      EDNS: 'The mail server was not found',
      ETLS: 'No secure connection to the mail server',
      ETIMEDOUT: 'The mail server did not answer',
      ESOCKET: 'No connection to the mail server',
      ECONNECTION: 'The mail server closed the connection',
      EENVELOPE: 'The address was not accepted',
    }
    return interrupted(handedOver, descriptions[error.code ?? ''] ?? 'The mail server could not be reached')
  }
  // Only the number is used: the text comes from the other server and may hold anything.
  const enhanced = /\b([245]\.\d{1,3}\.\d{1,3})\b/.exec(error.response ?? '')?.[1]
  const codes = `(${code}${enhanced ? ` ${enhanced}` : ''})`
  if (command === 'RCPT TO' && code >= 500)
    return { outcome: 'refused', detail: `${refusal(code, enhanced)} ${codes}`, code }
  if (command === 'DATA' && code >= 500)
    return { outcome: 'refused', detail: `${refusal(code, enhanced, true)} ${codes}`, code }
  // 421 ends the session and leaves open whether the mail was kept.
  if (command === 'DATA' && code === 421)
    return { outcome: 'ambiguous', detail: `The mail server stopped during the message ${codes}`, code }
  if (command === 'MAIL FROM' && code >= 500)
    return { outcome: 'deferred', detail: `The mail server rejected the sender address ${codes}`, code }
  return { outcome: 'deferred', detail: `The mail server asked to try again later ${codes}`, code }
}

function refusal(code: number, enhanced: string | undefined, content = false): string {
  if (enhanced === '5.1.1' || enhanced === '5.1.10' || enhanced === '5.1.6') return 'No such mailbox'
  if (enhanced === '5.1.2' || enhanced === '5.4.4') return 'No such email domain'
  if (enhanced === '5.2.1') return 'The mailbox is disabled'
  if (enhanced === '5.2.2' || code === 552) return 'The mailbox is full or the message is too large'
  if (enhanced?.startsWith('5.7')) return 'The message was not permitted'
  if (content) return 'The message was not accepted'
  return code === 550 || code === 551 || code === 553 ? 'No such mailbox' : 'The address was not accepted'
}
