/**
 * What is read of emails as real programs write them: test/fixtures/inbound has one file for each, and expected.json, written by
 * hand, the text and the files that it must yield.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createReplyAddresses } from './addresses.ts'
import { automaticKind } from './automatic.ts'
import { readMail } from './mail.ts'
import { textOfHtml, visibleText } from './text.ts'

const folder = join(import.meta.dirname, '../../../../test/fixtures/inbound')
interface Expected {
  text: string
  files: { name: string; size: number }[]
  automatic: string | null
}
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, Expected>
const mails = readdirSync(folder).flatMap((file) => (file.endsWith('.eml') ? [file.slice(0, -4)] : []))

describe('an email that arrived', () => {
  it.each(mails)('issue 10, 7: %s yields its text and its files', async (name) => {
    const mail = await readMail(readFileSync(join(folder, `${name}.eml`)), 'ana@dockside.example')
    expect({
      text: mail.text,
      files: mail.files.map((file) => ({ name: file.name, size: file.content.byteLength })),
      automatic: mail.automatic,
    }).toEqual(expected[name])
  })

  it('has an expectation for each of at least forty', () => {
    expect(Object.keys(expected).sort()).toEqual(mails.sort())
    expect(mails.length).toBeGreaterThanOrEqual(40)
  })

  it('is recognized again by its Message-ID, and without one by its bytes', async () => {
    const raw = readFileSync(join(folder, 'gmail-web.eml'))
    expect((await readMail(raw, '')).key).toBe('<gmail-web@mail.example>')
    const without = Buffer.from(raw.toString('latin1').replace(/^Message-ID:.*\r\n/m, ''), 'latin1')
    const { key } = await readMail(without, '')
    expect(key).toMatch(/^[\da-f]{64}$/)
    expect((await readMail(without, '')).key).toBe(key)
    expect((await readMail(Buffer.from(`${without.toString('latin1')} `, 'latin1'), '')).key).not.toBe(key)
  })

  it('has the address of its sender in lower case, whatever its name is', async () => {
    const { from } = await readMail(readFileSync(join(folder, 'encoded-sender.eml')), '')
    expect(from).toBe('ana@dockside.example')
  })
})

describe('mail that no person wrote', () => {
  const person = { envelopeFrom: 'ana@dockside.example', from: 'ana@dockside.example' }
  it.each([
    ['Auto-Submitted: no is a person', [{ key: 'auto-submitted', value: 'No' }], person, null],
    ['a null return path is a bounce', [], { ...person, envelopeFrom: '' }, 'bounce'],
    ['mailer-daemon is a bounce', [], { ...person, from: 'MAILER-DAEMON@mx.example' }, 'bounce'],
    [
      'Auto-Submitted is an answer of a program',
      [{ key: 'auto-submitted', value: 'auto-replied' }],
      person,
      'autoReply',
    ],
    ['a list is a list', [{ key: 'list-id', value: '<a.b>' }], person, 'list'],
    ['bulk mail is a list', [{ key: 'precedence', value: 'Bulk' }], person, 'list'],
    ['noreply never reads an answer', [], { ...person, from: 'no-reply@shop.example' }, 'autoReply'],
  ])('RFC 3834: %s', (_name, headings, sender, kind) => {
    expect(automaticKind(headings, sender)).toBe(kind)
  })
})

describe('text that is made to take long', () => {
  it('is kept as it is, within a second', async () => {
    const hostile = `Hello\n${'Op \nschreef schreef schreef \n'.repeat(600)}`
    const before = performance.now()
    expect(await visibleText(hostile)).toContain('Hello')
    expect(performance.now() - before).toBeLessThan(2_000)
  })

  it('in HTML is read without its hidden parts, however deep it is', () => {
    expect(textOfHtml('<div>'.repeat(20_000) + 'deep')).toBe('deep')
    expect(textOfHtml('<p style="display:none">secret</p><p>seen</p><script>run()</script>')).toBe('seen')
    expect(textOfHtml('a &lt;b&gt; c')).toBe('a <b> c')
  })
})

describe('reply addresses', () => {
  const addresses = createReplyAddresses(Buffer.alloc(32, 1), 'in.portal.example')

  it('differ by recipient and key, fit a mailbox name, and are found in any case', () => {
    const address = addresses.addressOf('ticket:1:2')
    expect(address).toMatch(/^reply\+[\da-f]{32}@in\.portal\.example$/)
    expect(addresses.addressOf('ticket:1:3')).not.toBe(address)
    expect(createReplyAddresses(Buffer.alloc(32, 2), 'in.portal.example').addressOf('ticket:1:2')).not.toBe(address)
    expect(addresses.hashOf(address.toUpperCase())).toEqual(addresses.hashOf(address))
  })

  it('of other domains and of other shapes are none of ours', () => {
    const local = addresses.addressOf('ticket:1:2').split('@')[0]!
    for (const other of [`${local}@portal.example`, 'info@in.portal.example', `x${local}@in.portal.example`, local])
      expect(addresses.hashOf(other)).toBeNull()
  })
})
