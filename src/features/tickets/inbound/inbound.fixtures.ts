/** A server that takes in mail, and people who answer the emails that they get. */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Email } from 'postal-mime'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { inject } from 'vitest'
import { linkToContact } from '../../../../test/access-tickets.fixtures.ts'
import { startSeparateServer, type Business, type Person } from '../../../../test/test-server.ts'

export const MAIL_IN_DOMAIN = 'in.portico.example'
export const HOOK_SECRET = 'Zq3JrZ0pLk2vXcT7yHn9dWb5sMfUe8AaG'
export const home = await startSeparateServer(inject('world'), {
  singleNode: true,
  env: { MAIL_IN_DOMAIN, MAIL_IN_PORT: '0', MAIL_IN_HOST: '127.0.0.1', MAIL_IN_SECRET: HOOK_SECRET },
})

export interface InboundScene {
  shop: Business
  customer: string
  dispatcher: Person
  worker: Person
  ana: Person
  ticket: string
}

export async function createInboundScene(): Promise<InboundScene> {
  const shop = await home.business()
  const customer = await shop.customer('Dockside Lettings')
  const contact = (await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })).id
  const dispatcher = await shop.staff('dispatcher', 'Dana Reyes')
  const worker = await shop.staff('worker', 'Marek Nowak')
  const ana = await shop.portalUser({ name: 'Ana Ruiz' })
  await linkToContact(home, shop.id, ana.id, { customer, contact })
  const { id } = await dispatcher.ok('createTicket', { customer, contact, subject: 'The gate does not open' })
  return { shop, customer, dispatcher, worker, ana, ticket: id }
}

/** The newest email to a person, once what waits is sent. */
export async function newestMailTo(person: Person): Promise<Email> {
  home.clock.advance(5 * 60_000)
  const mail = (await home.mailTo(person.email)).at(-1)
  if (!mail) throw new Error(`No mail to ${person.email}`)
  return mail
}

export const replyAddressOf = (mail: Email): string => {
  const [first] = mail.replyTo ?? []
  return first && 'address' in first && first.address ? first.address : ''
}

/** The address at which this person can reply to the ticket. */
export async function addressFor({ ticket, dispatcher }: InboundScene, person: Person): Promise<string> {
  await dispatcher.ok('addTicketComment', { ticket, audience: 'customer', body: 'We are on our way.' })
  return replyAddressOf(await newestMailTo(person))
}

export interface Sending {
  from: string
  to: string
  text?: string
  headers?: Record<string, string>
  files?: { name: string; content: Buffer }[]
  /** Of the SMTP session; the same as `from` without it. */
  envelopeFrom?: string
  id?: string
}

/** One mail as its bytes. */
export function writeMail({
  from,
  to,
  text = '',
  headers = {},
  files = [],
  id = crypto.randomUUID(),
}: Sending): string {
  const lines = Object.entries({
    From: from,
    To: to,
    Subject: 'Re: something else entirely',
    'Message-ID': `<${id}@mail.example>`,
    'MIME-Version': '1.0',
    'Content-Type': 'multipart/mixed; boundary="part"',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`)
  const parts = [
    `Content-Type: text/plain; charset=utf-8\r\n\r\n${text.replaceAll('\n', '\r\n')}`,
    ...files.map(
      ({ name, content }) =>
        `Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="${name}"\r\n` +
        `Content-Transfer-Encoding: base64\r\n\r\n${content.toString('base64').replaceAll(/.{76}/g, '$&\r\n')}`,
    ),
  ]
  return `${lines.join('\r\n')}\r\n\r\n${parts.map((part) => `--part\r\n${part}\r\n`).join('')}--part--\r\n`
}

/** Delivers a mail by SMTP and answers the code of the server's answer. */
export const sendMail = (sending: Sending): Promise<number> =>
  deliver({ from: sending.envelopeFrom ?? sending.from, to: sending.to }, writeMail(sending))

export function deliver(envelope: { from: string; to: string; size?: number }, raw: string): Promise<number> {
  const connection = new SMTPConnection({ host: '127.0.0.1', port: home.app.inbound!.port(), ignoreTLS: true })
  return new Promise((resolve, reject) => {
    connection.on('error', reject)
    connection.connect(() =>
      connection.send({ size: Buffer.byteLength(raw), ...envelope }, raw, (error) => {
        connection.quit()
        const code = (error as { responseCode?: number } | null)?.responseCode
        if (error && !code) reject(error)
        else resolve(code ?? 250)
      }),
    )
  })
}

export const storedOutcomes = (ticket: string) =>
  home.stored((db) =>
    db
      .selectFrom('inbound_mails')
      .select(['outcome', 'detail'])
      .where('ticket_id', '=', ticket)
      .orderBy('received_at')
      .orderBy('id')
      .execute(),
  )

/** Says lines to the listener, each after the answer to the one before, and returns the last line of each answer. */
export async function converse(lines: readonly string[]): Promise<string[]> {
  const socket = connect(home.app.inbound!.port(), '127.0.0.1')
  const answers: string[] = []
  for await (const line of createInterface(socket)) {
    if (/^\d{3}-/.test(line)) continue
    answers.push(line)
    const next = lines[answers.length - 1]
    if (next === undefined) break
    socket.write(`${next}\r\n`)
  }
  socket.destroy()
  return answers
}
