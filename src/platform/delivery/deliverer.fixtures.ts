/**
 * The messages and the business of deliverer.test.ts; run as a program, a worker that can be killed. Its clock runs
 * thirty times as fast, so that back-off takes seconds and a lease three.
 */
import { asRole } from '../database/roles.ts'
import { openPool } from '../database/pool.ts'
import { translationsFrom } from '../i18n.ts'
import type { TranslationTree } from '../i18n.ts'
import { createLog } from '../log.ts'
import { createDeliverer } from './deliverer.ts'
import { message } from './outbox.ts'
import type { Sender } from './outbox.ts'
import { createSmtp } from './smtp.ts'

export const greeting = message<{ job?: string }>({
  kind: 'greeting',
  textKey: 'demo.mail.greeting',
  stillWanted: async () => true,
  extra: ({ job }) => ({ job: job ?? '' }),
})
export const invitation = message<{ job?: string; token: string }>({
  kind: 'invitation',
  textKey: 'demo.mail.greeting',
  secret: true,
  linkKind: 'invitation',
  stillWanted: async () => true,
  link: ({ token }, { portalUrl }) => ({ url: portalUrl(`/activate/${token}`) }),
  extra: ({ job }) => ({ job: job ?? '' }),
})
export const reset = message<{ token: string }>({ ...invitation, kind: 'reset', linkKind: 'reset', urgent: true })
export const poison = message({
  ...greeting,
  kind: 'poison',
  link: () => {
    throw new Error('poison')
  },
})

export const sender: Sender = {
  id: '',
  slug: 'harbour',
  name: 'Harbour Appliance Repair',
  accent: '#0f6b7c',
  timeZone: 'Europe/London',
  locale: 'en-GB',
  supportEmail: 'help@harbour-repair.example',
  portalUrl: (path) => `https://harbour.portico.example${path}`,
  officeUrl: (path) => `https://portico.example/office/harbour${path}`,
  mainUrl: (path) => `https://portico.example${path}`,
}

const mail = { layout: { linkUntil: 'Until {{date}}.', linkAlways: 'Copy:' } }
const greetingTexts = {
  subject: 'Hello from {{business}}',
  preheader: 'Hello',
  title: 'Hello {{name}}',
  body: 'About {{job}}.',
  button: 'Open',
  footer: 'Because.',
}
export const translationTree: Record<string, TranslationTree> = {
  en: { mail, demo: { mail: { greeting: greetingTexts } } },
}

if (process.argv[1]?.endsWith('deliverer.fixtures.ts')) {
  const { connect, passwords, account, url, begin } = JSON.parse(process.env.WORLD!)
  const worker = createDeliverer({
    systemPool: openPool(asRole(connect, 'portico_system', passwords)),
    transport: createSmtp({
      url,
      from: 'portal@portico.example',
      timeouts: { connect: 500, silence: 400, whole: 1500 },
    }),
    messages: [greeting, invitation, reset, poison],
    senderOf: async () => ({ ...sender, id: account }),
    translations: translationsFrom(translationTree),
    clock: { now: () => new Date(begin + (Date.now() - begin) * 30) },
    log: createLog({ level: 'silent' }),
    sweepEvery: 200,
  })
  worker.start()
}
