/**
 * Accounts: the business itself. Its name, zone, words and looks, the office as one person sees it, and the
 * one-time set-up of an empty installation. Slug and portal are settings of the portal.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { email, line, moment, seenVersion, text } from '../../platform/schema.ts'
import { DEFAULT_LOCALE, LOCALES } from './regions/rules.ts'

declareProblems({
  accountChanged: 409,
  setUpClosed: 409,
})

/** Largest logo as sent, in bytes. */
const LOGO_LIMIT = 2 * 1024 * 1024

const zone = () =>
  z
    .string()
    .max(64, 'tooLong')
    .refine((name) => isTimeZone(name), 'timeZone')
const currency = () =>
  z
    .string()
    .trim()
    .toUpperCase()
    .refine((code) => Intl.supportedValuesOf('currency').includes(code), 'currency')
const accent = () =>
  z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^#[0-9a-f]{6}$/, 'color')
const phone = () => line(40).regex(/^[+(]?[\d\s()./-]{3,}$/, 'phone')
const slug = () =>
  z
    .string()
    .trim()
    .toLowerCase()
    .min(1, 'required')
    .regex(/^(?!xn--)[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/, 'slug')
const password = () => z.string().min(1, 'required').max(1_000, 'tooLong')

/** ResolvedCaller to Intl, and a place rather than an offset. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z]+(?:[/_+-][A-Za-z0-9_+-]+)*$/.test(name)
  } catch {
    return false
  }
}

const role = z.enum(['owner', 'admin', 'dispatcher', 'worker'])
const settings = z.object({
  name: z.string(),
  slug: z.string(),
  timeZone: z.string(),
  locale: z.string(),
  currency: z.string(),
  accent: z.string(),
  logo: z.string().nullable(),
  supportEmail: z.string().nullable(),
  supportPhone: z.string().nullable(),
  postalAddress: z.string().nullable(),
  version: z.number(),
})
const token = z.strictObject({ token: z.string().max(200) })

export const accounts = contract('accounts', {
  getOffice: operation({
    method: 'GET',
    path: '/office/{account}',
    audience: ['staff'],
    summary: 'The office as I see it: the account, who I am there, what is open to me',
    output: z.object({
      slug: z.string(),
      name: z.string(),
      accent: z.string(),
      logo: z.string().nullable(),
      timeZone: z.string(),
      locale: z.string(),
      currency: z.string(),
      /** `portal`: full address of the customer portal; null while it is closed. */
      portal: z.string().nullable(),
      me: z.object({ id: z.string(), name: z.string(), role }),
      accounts: z.array(z.object({ slug: z.string(), name: z.string(), role })),
      can: z.object({ runOffice: z.boolean(), manage: z.boolean() }),
    }),
  }),
  getOfficeHome: operation({
    method: 'GET',
    path: '/office/{account}/home',
    audience: ['staff'],
    summary: 'What waits for me today: counts, requests to schedule, the next visits',
    output: z.object({
      /** Each at most 1,000. `today` is the business's own day. */
      counts: z.object({ requested: z.number(), today: z.number(), started: z.number(), stuck: z.number() }),
      requested: z.array(job()),
      next: z.array(job()),
      /** Only the owner and the admins are told. */
      failedMessages: z.number().nullable(),
      /** While nothing was ever booked, the first steps are shown. */
      first: z
        .object({ hasTemplates: z.boolean(), hasCustomers: z.boolean(), portalOpen: z.boolean(), hasJobs: z.boolean() })
        .nullable(),
    }),
  }),
  getAccount: operation({
    method: 'GET',
    path: '/office/{account}/account',
    audience: ['staff'],
    summary: 'Name, zone, words and looks of the business',
    output: settings,
  }),
  updateAccount: operation({
    method: 'PATCH',
    path: '/office/{account}/account',
    audience: ['staff'],
    summary: 'Change name, zone, words and looks of the business',
    body: z.strictObject({
      version: seenVersion(),
      name: line(120),
      timeZone: zone(),
      locale: z.enum(LOCALES),
      currency: currency(),
      accent: accent(),
      supportEmail: email().nullable(),
      supportPhone: phone().nullable(),
      postalAddress: text(300).nullable(),
    }),
    output: settings,
    problems: ['accountChanged'],
    writes: true,
  }),
  uploadLogo: operation({
    method: 'POST',
    path: '/office/{account}/logo',
    audience: ['staff'],
    summary: 'Set the logo: one PNG, JPEG or WebP',
    upload: LOGO_LIMIT,
    output: z.object({ logo: z.string() }),
    writes: true,
  }),
  removeLogo: operation({
    method: 'DELETE',
    path: '/office/{account}/logo',
    audience: ['staff'],
    summary: 'Take the logo away',
    output: z.object({}),
    writes: true,
  }),
  getOfficeLogo: operation({
    method: 'GET',
    path: '/office/{account}/logo',
    audience: ['staff'],
    summary: 'The logo of the business',
    download: true,
    output: z.object({}),
    /** Part of the address only so that a browser fetches a new logo at once. */
    query: z.strictObject({ v: z.string().max(20).optional() }),
  }),
  getSetUp: operation({
    method: 'GET',
    path: '/people/set-up/{token}',
    audience: ['anonymous', 'person'],
    summary: 'Whether this set-up link still works',
    params: token,
    output: z.object({ status: z.enum(['open', 'used', 'expired', 'unknown']), expiresAt: moment().nullable() }),
  }),
  setUp: operation({
    method: 'POST',
    path: '/people/set-up/{token}',
    audience: ['anonymous', 'person'],
    summary: 'Make the first account and its owner; works once',
    params: token,
    body: z.strictObject({
      business: line(120),
      slug: slug(),
      locale: z.enum(LOCALES).default(DEFAULT_LOCALE),
      timeZone: zone(),
      currency: currency(),
      name: line(120),
      email: email(),
      password: password(),
    }),
    output: z.object({ slug: z.string() }),
    problems: ['setUpClosed'],
    limits: [{ by: 'address', max: 60, seconds: 900 }],
    writes: true,
  }),
})

function job() {
  return z.object({
    id: z.string(),
    number: z.number(),
    title: z.string(),
    customer: z.string(),
    status: z.string(),
    requestedAt: moment().nullable(),
    scheduledAt: moment().nullable(),
    worker: z.string().nullable(),
    createdAt: moment(),
  })
}
