import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import { afterEach, describe, expect, test } from 'vitest'
import { mailServer } from '../../../test/mail-server.ts'
import type { Fault, MailServer } from '../../../test/mail-server.ts'
import { createSmtp } from './smtp.ts'
import type { OutgoingMail } from './smtp.ts'

let server: MailServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const mail: OutgoingMail = {
  to: { address: 'martha@post.example', name: 'Martha Okonkwo' },
  fromName: 'Harbour Appliance Repair',
  replyTo: 'help@harbour-repair.example',
  messageId: '<0190-1@portico.example>',
  date: new Date('2026-03-02T09:00:00Z'),
  subject: 'Activate your account',
  html: '<p>Hello</p>',
  text: 'Hello',
}
const timeouts = { connect: 500, silence: 300, whole: 900 }
const smtpTo = (url: string) => createSmtp({ url, from: 'Portico <portal@portico.example>', timeouts })

describe('handing a mail over', () => {
  test('it shows the business’s name, our address, the business’s Reply-To and the stable Message-ID', async () => {
    server = await mailServer()
    expect(await smtpTo(server.url).send(mail)).toMatchObject({ outcome: 'sent' })
    expect(server.arrived).toHaveLength(1)
    expect(server.arrived[0]).toMatchObject({ from: 'portal@portico.example', to: ['martha@post.example'] })
    const parsed = await PostalMime.parse(server.arrived[0]!.raw)
    expect(parsed).toMatchObject({
      from: { name: 'Harbour Appliance Repair', address: 'portal@portico.example' },
      replyTo: [{ address: 'help@harbour-repair.example' }],
      to: [{ name: 'Martha Okonkwo', address: 'martha@post.example' }],
      messageId: '<0190-1@portico.example>',
      subject: 'Activate your account',
      date: '2026-03-02T09:00:00.000Z',
    })
    expect(parsed.text?.trim()).toBe('Hello')
    expect(parsed.html).toContain('<p>Hello</p>')
    expect(parsed.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated')
  })

  test('PS-56: no name and no address adds a recipient or a header', async () => {
    server = await mailServer()
    const smtp = smtpTo(server.url)
    const names = [
      'Eve\r\nBcc: all@evil.example',
      'Eve" <all@evil.example>, "x',
      'a@evil.example, b@evil.example',
      'Eve;all@evil.example:',
      '=?utf-8?q?=0d=0aBcc:_x?=',
      'Søren Ödön',
    ]
    for (const name of names) await smtp.send({ ...mail, fromName: name, to: { address: mail.to.address, name } })
    for (const address of [
      'a@x.example, b@x.example',
      'a@x.example\r\nRCPT TO:<b@x.example>',
      '"a b"@x.example',
      'a@x.example <b@x.example>',
      'nobody',
      '',
    ]) {
      expect((await smtp.send({ ...mail, to: { address } })).outcome).toBe('refused')
    }
    expect(server.arrived).toHaveLength(names.length)
    for (const { raw, to, from } of server.arrived) {
      expect({ to, from }).toEqual({ to: ['martha@post.example'], from: 'portal@portico.example' })
      const parsed = await PostalMime.parse(raw)
      expect(parsed.to?.map(({ address }) => address)).toEqual(['martha@post.example'])
      // Mail programs show this name alone: it is never an address.
      expect(parsed.from?.name).not.toMatch(/[@\uff20\ufe6b]/)
      expect(parsed.from?.address).toBe('portal@portico.example')
      for (const each of [parsed.replyTo?.[0], parsed.to?.[0]]) expect(each?.name).not.toMatch(/[@\uff20\ufe6b]/)
      expect(parsed.replyTo?.map(({ address }) => address)).toEqual(['help@harbour-repair.example'])
      expect(parsed.bcc ?? []).toEqual([])
      expect(parsed.headers.map(({ key }) => key)).not.toContain('bcc')
    }
    expect((await PostalMime.parse(server.arrived.at(-1)!.raw)).from?.name).toBe('Søren Ödön')
  })

  const endings: [Fault, string, string, number][] = [
    ['rcpt550', 'refused', 'No such mailbox (550 5.1.1)', 0],
    ['data554', 'refused', 'The message was not permitted (554 5.7.1)', 0],
    ['rcpt451', 'deferred', 'The mail server asked to try again later (451 4.7.1)', 0],
    ['rcpt421', 'deferred', 'The mail server closed the connection', 0],
    ['dropBefore', 'deferred', 'The mail server closed the connection', 0],
    ['data452', 'deferred', 'The mail server asked to try again later (452 4.2.2)', 0],
    ['late421', 'ambiguous', 'The mail server stopped during the message (421 4.3.2)', 1],
    ['hangAfter', 'ambiguous', 'The mail server did not answer', 1],
    ['dropAfter', 'ambiguous', 'The mail server closed the connection', 1],
  ]
  test.each(endings)('a server that answers %s leaves the mail %s', async (fault, outcome, detail, copies) => {
    server = await mailServer(() => fault)
    expect(await smtpTo(server.url).send(mail)).toMatchObject({ outcome, detail })
    expect(server.arrived).toHaveLength(copies)
  })

  test('a server that is away, mute, dribbling or busy only defers', async () => {
    server = await mailServer(undefined, { greeting: () => 421 })
    expect((await smtpTo(server.url).send(mail)).outcome).toBe('deferred')
    const url = server.url
    await server.close()
    server = undefined
    expect(await smtpTo(url).send(mail)).toMatchObject({
      outcome: 'deferred',
      detail: 'No connection to the mail server',
    })
    for (const behave of [undefined, '220-still here\r\n', '250-still here\r\n']) {
      const odd = createServer((socket) => {
        socket.on('error', () => {})
        if (!behave) return
        if (behave.startsWith('250')) socket.write('220 welcome\r\n') // then an answer to EHLO that never ends
        const dribble = setInterval(() => socket.write(behave), 100)
        socket.on('close', () => clearInterval(dribble))
      })
      await new Promise<void>((ready) => odd.listen(0, '127.0.0.1', ready))
      const start = performance.now()
      expect((await smtpTo(`smtp://127.0.0.1:${(odd.address() as AddressInfo).port}`).send(mail)).outcome).toBe(
        'deferred',
      )
      expect(performance.now() - start).toBeLessThan(1500)
      odd.close()
    }
  })

  test('stopping cuts a hanging attempt', async () => {
    server = await mailServer(() => 'hangAfter')
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 250)
    expect(await smtpTo(server.url).send(mail, stop.signal)).toEqual({
      outcome: 'ambiguous',
      detail: 'The attempt was stopped',
    })
  })

  test('wrong settings are named', () => {
    expect(() => createSmtp({ url: 'http://x', from: 'a@b.example' })).toThrow('SMTP_URL')
    expect(() => createSmtp({ url: 'smtp://x', from: 'a@b.example, c@d.example' })).toThrow('MAIL_FROM')
  })
})
