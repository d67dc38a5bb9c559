import { describe, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { mailLayout } from '../../../tools/mail-layout.ts'
import { translationsFrom } from '../i18n.ts'
import type { TranslationTree } from '../i18n.ts'
import { headerName, renderMail } from './layout.ts'

const mail = JSON.parse(
  readFileSync(new URL('../../../locales/en/mail.json', import.meta.url), 'utf8'),
) as TranslationTree
const translations = translationsFrom({
  en: {
    mail,
    demo: {
      mail: {
        activation: {
          subject: 'Confirm your email for {{business}}',
          preheader: 'Then you can book online, {{name}}.',
          title: 'Hello {{name}}, confirm your email',
          body: 'You signed up to book **repairs** with us.\n\nOn {{portal}} or [our page](https://www.example.com/), {{name}}.',
          button: 'Activate account',
          footer: 'Sign in with {{email}}. If you did not sign up, {{name}}, ignore this email.',
        },
      },
    },
  },
})
const brand = {
  name: 'Harbour Appliance Repair',
  accent: '#0f6b7c',
  address: '18 Wapping Wharf, Bristol BS1 6UD',
  phone: '0117 496 0142',
  supportEmail: 'help@harbour-repair.example',
  timeZone: 'Europe/London',
  locale: 'en-GB',
}
const base = {
  translations,
  locale: 'en',
  key: 'demo.mail.activation',
  brand,
  vars: {
    name: 'Martha',
    email: 'martha@post.example',
    portal: { url: 'https://harbour.example/', text: 'harbour.example' },
  },
  link: { url: 'https://harbour.example/activate/7Qk2', until: new Date('2026-12-03T10:00:00Z') },
}

describe('a mail', () => {
  test('says who it is from, what to do, until when, and the same in plain text', async () => {
    const { subject, html, text } = await renderMail(base)
    expect(subject).toBe('Confirm your email for Harbour Appliance Repair')
    for (const part of [
      'Hello Martha, confirm your email',
      'https://harbour.example/activate/7Qk2',
      'Thursday 3 December 2026',
      '18 Wapping Wharf',
      '0117 496 0142',
      'help@harbour-repair.example',
      'ignore this email',
    ]) {
      expect(html).toContain(part)
      expect(text).toContain(part)
    }
    expect(html).toContain('prefers-color-scheme: dark')
    expect(html).toContain('<strong>repairs</strong>')
    expect(html).toContain('border-top:4px solid #0f6b7c')
    expect(html).not.toMatch(/<script|@@|\uE000|https?:\/\/fonts|@import/)
    expect(html.match(/<img/g)).toBeNull()
    expect(text).toBe(`Hello Martha, confirm your email

You signed up to book repairs with us.

On harbour.example (https://harbour.example/) or our page (https://www.example.com/), Martha.

Activate account:
https://harbour.example/activate/7Qk2

This link expires on Thursday 3 December 2026.

Sign in with martha@post.example. If you did not sign up, Martha, ignore this email.

-- \nHarbour Appliance Repair, 18 Wapping Wharf, Bristol BS1 6UD
0117 496 0142 · help@harbour-repair.example
`)
  })

  test('PS-57: scripts, markdown links, pictures, braces and marks in what people typed stay text', async () => {
    const hostile = [
      '<script>alert(1)</script>',
      '[click](https://evil.example/)',
      '![x](https://evil.example/p.png)',
      '**bold**',
      '{{email}}',
      '$t(mail.layout.linkAlways)',
      '\uE0000\uE001',
      '"><a href="https://evil.example">x</a>',
      'https://evil.example/win',
      '@@url@@',
      '$&$1',
    ]
    for (const name of hostile) {
      const { html, text, subject } = await renderMail({
        ...base,
        vars: { ...base.vars, name },
        brand: { ...brand, name: `B ${name}` },
      })
      const links = [...html.matchAll(/href="([^"]*)"/g)].map((m) => m[1])
      expect([name, new Set(links)]).toEqual([
        name,
        new Set([
          'https://harbour.example/activate/7Qk2',
          'https://harbour.example/',
          'https://www.example.com/',
          'mailto:help@harbour-repair.example',
        ]),
      ])
      expect(html).not.toContain('<script')
      expect(html).not.toContain('<img')
      expect(html.match(/<strong>/g)).toHaveLength(1)
      expect(text.split('\n')[0]).not.toContain('https://evil.example/win') // mail programs would make it a link
      expect(html + text + subject).not.toMatch(/[\uE000\uE001]/)
      expect(subject).not.toMatch(/[\r\n]/)
    }
    const shown = await renderMail({ ...base, vars: { ...base.vars, name: '[click](https://evil.example/)' } })
    expect(shown.text).toContain('Hello [click](https: //evil.example/), confirm your email')
    const literal = await renderMail({ ...base, vars: { ...base.vars, name: '@@url@@ $& **b**' } })
    expect(literal.html).toContain('Hello @@url@@ $&amp; **b**, confirm your email')
  })

  test('only addresses a person may follow become links', async () => {
    for (const url of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'nonsense']) {
      await expect(renderMail({ ...base, link: { url } })).rejects.toThrow('not an address')
      const { html } = await renderMail({ ...base, vars: { ...base.vars, portal: { url } } })
      expect(html).not.toContain(`href="${url}"`)
    }
  })

  test('a business’s own words may hold Markdown but no HTML and no pictures', async () => {
    const theirs = translations.withOverrides({
      en: {
        demo: {
          mail: {
            activation: {
              body: 'Hi <img src=x onerror=alert(1)> ![p](https://x.example/p.png) [go](javascript:alert(1)) *soon*',
            },
          },
        },
      },
    })
    const { html } = await renderMail({ ...base, translations: theirs })
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(html).toContain('<em>soon</em>')
    expect(html).not.toMatch(/<img|javascript:/)
  })

  test('PS-56: a name cannot leave its header', () => {
    expect(headerName('Eve"\r\nBcc: all@example.com\r\n<x@y>')).toBe('Eve Bcc: all at example.com x at y')
    expect(headerName('Smith, Jones & Söhne')).toBe('Smith, Jones & Söhne')
    expect(headerName('ceo@bank.example')).toBe('ceo at bank.example')
    expect(headerName('ceo\u200b＠bank.example')).toBe('ceo at bank.example')
    expect(headerName('"ceo﹫bank.example" <x>')).toBe('ceo at bank.example x')
    expect(headerName('\u202Egpj.exe')).toBe('gpj.exe')
    expect(headerName('x'.repeat(5000))).toHaveLength(100)
  })

  test('a logo replaces the letter, a bad colour becomes ours, nothing stands for what is not there', async () => {
    const withLogo = await renderMail({
      ...base,
      brand: { ...brand, logoUrl: 'https://harbour.example/logo.png', accent: 'red;background:url(//x)' },
    })
    expect(withLogo.html).toContain('src="https://harbour.example/logo.png"')
    expect(withLogo.html).not.toContain('url(')
    expect(withLogo.html).not.toContain('>H</div>')
    const plain = await renderMail({ ...base, link: null })
    expect(plain.html).toContain('>H</div>')
    expect(plain.html).not.toMatch(/activate|<!-- \/?\w+ -->/)
  })

  test('layout.gen.ts is what layout.mjml compiles to', async () => {
    const current = readFileSync(new URL('./layout.gen.ts', import.meta.url), 'utf8') === (await mailLayout())
    expect(current ? 'current' : 'run: npm run codegen').toBe('current')
  })
})
