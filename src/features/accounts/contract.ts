/**
 * Accounts: the business itself. Its name, zone, contact details and branding, the office as one person sees it, and the
 * one-time set-up of an empty installation. Slug and portal are settings of the portal.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import {
  count,
  email,
  empty,
  flag,
  line,
  phone,
  moment,
  password,
  recordId,
  recordVersion,
  seenVersion,
  text,
} from '../../platform/schema.ts'
import { staffRole } from '../identity/contract.ts'
import { workingHours } from './hours/contract.ts'
import { DEFAULT_LOCALE, LOCALES } from './regions/rules.ts'

declareProblems({
  accountChanged: [409, 'Someone else changed the settings since the `version` you sent. Read them again.'],
  setUpClosed: [409, 'The set-up link was used or has expired.'],
})

/** Largest logo as sent, in bytes. */
const LOGO_LIMIT = 2 * 1024 * 1024

// ---- input ----

const locale = z.enum(LOCALES).meta({ id: 'Locale', description: 'Language and region, such as en-US.' })
const zone = () =>
  z
    .string()
    .max(64, 'tooLong')
    .refine((name) => isTimeZone(name), 'timeZone')
    .describe('IANA time zone, such as America/New_York.')
const currency = () =>
  z
    .string()
    .max(20, { error: 'currency', abort: true })
    .trim()
    .toUpperCase()
    .refine((code) => Intl.supportedValuesOf('currency').includes(code), 'currency')
    .describe('ISO 4217 currency, such as USD.')
const accent = () =>
  z
    .string()
    .max(20, { error: 'color', abort: true })
    .trim()
    .toLowerCase()
    .regex(/^#[0-9a-f]{6}$/, 'color')
    .describe('Brand color as #rrggbb.')
const slug = () =>
  z
    .string()
    .max(200, { error: 'tooLong', abort: true })
    .trim()
    .toLowerCase()
    .min(1, 'required')
    .regex(/^(?!xn--)[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/, 'slug')

/** Known to Intl, and a place rather than an offset. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}

// ---- answers ----

const look = {
  name: z.string().describe('Name of the business.'),
  slug: z.string().describe("Name in the account's addresses."),
  timeZone: z.string().describe('IANA time zone; all times are shown in it.'),
  locale: z.string().describe('Language and region, such as en-US.'),
  currency: z.string().describe('ISO 4217 currency.'),
  accent: z.string().describe('Brand color as #rrggbb.'),
  logo: z.string().nullable().describe('Path of the logo; null if there is none.'),
}
const settings = z
  .object({
    ...look,
    supportEmail: z.string().nullable().describe('Email address that customers see.'),
    supportPhone: z.string().nullable().describe('Phone number that customers see.'),
    postalAddress: z.string().nullable().describe('Postal address that customers see.'),
    workingHours,
    version: recordVersion(),
  })
  .meta({ id: 'Account', description: 'Settings of the business.' })
const homeJob = z
  .object({
    id: recordId(),
    number: z.number().describe('Number of the job.'),
    title: z.string().describe('What is to be done.'),
    customer: z.string().describe('Name of the customer.'),
    status: z.string().describe('Status of the job.'),
    requestedAt: moment().nullable().describe('Start that the customer asked for.'),
    requestedAnyTime: flag('Any time of the requested day suits. Left out if not.').optional(),
    scheduledAt: moment().nullable().describe('Scheduled start.'),
    worker: z.string().nullable().describe('Name of the assigned worker.'),
    createdAt: moment().describe('When the job was created.'),
  })
  .meta({ id: 'HomeJob', description: 'A job on the home page of the office.' })
const home = z.object({
  counts: z
    .object({
      requested: count('Jobs that wait to be scheduled.'),
      today: count("Visits today, in the business's time zone."),
      started: count('Jobs in progress.'),
      stuck: count('Jobs that need attention.'),
      unread: count('Jobs with comments that the office has not read. Not for workers.').optional(),
    })
    .describe('Numbers of jobs; each stops at 1,000.'),
  requested: z.array(homeJob).describe('Oldest jobs that wait to be scheduled.'),
  next: z.array(homeJob).describe('Next visits that have not started, soonest first.'),
  failedMessages: z.number().nullable().describe('Number of failed messages; null unless you are owner or admin.'),
  first: z
    .object({
      hasTemplates: flag('There is a template.'),
      hasCustomers: flag('There is a customer.'),
      portalOpen: flag('The portal is on.'),
      hasJobs: flag('There is a job.'),
    })
    .nullable()
    .describe('First steps of a new account; null once they are done.'),
})

const accountOperations = {
  getOffice: operation({
    method: 'GET',
    path: '/office/{account}',
    audience: ['staff'],
    summary: 'Get the office',
    description: 'The account, your role in it, and your other accounts.',
    output: z.object({
      ...look,
      portal: z.string().nullable().describe('Full address of the customer portal; null while it is off.'),
      tickets: flag('Whether the business uses tickets.'),
      me: z.object({ id: recordId(), name: z.string().describe('Your name.'), role: staffRole }).describe('You.'),
      accounts: z
        .array(
          z.object({
            slug: z.string().describe('Slug of the account.'),
            name: z.string().describe('Name of the business.'),
            role: staffRole,
          }),
        )
        .describe('Accounts that you are staff of.'),
      can: z
        .object({ runOffice: flag('See and plan all jobs.'), manage: flag('Change settings and staff.') })
        .describe('What you may do.'),
    }),
  }),
  getOfficeHome: operation({
    method: 'GET',
    path: '/office/{account}/home',
    audience: ['staff'],
    summary: 'Get the home page of the office',
    description: 'Numbers for today, requests to schedule and the next visits.',
    output: home,
  }),
  getAccount: operation({
    method: 'GET',
    path: '/office/{account}/account',
    audience: ['staff'],
    summary: 'Get the business settings',
    description: 'Name, regional settings, contact details and branding.',
    output: settings,
  }),
  updateAccount: operation({
    method: 'PATCH',
    path: '/office/{account}/account',
    audience: ['staff'],
    summary: 'Update the business settings',
    description: 'Replaces name, regional settings, contact details and brand color.',
    body: z.strictObject({
      version: seenVersion(),
      name: line(120).describe('Name of the business.'),
      timeZone: zone(),
      locale,
      currency: currency(),
      accent: accent(),
      supportEmail: email().nullable().describe('Email address that customers see.'),
      supportPhone: phone().nullable().describe('Phone number that customers see.'),
      postalAddress: text(300).nullable().describe('Postal address that customers see.'),
      workingHours: workingHours.optional(),
    }),
    output: settings,
    problems: ['accountChanged'],
    writes: true,
  }),
  uploadLogo: operation({
    method: 'POST',
    path: '/office/{account}/logo',
    audience: ['staff'],
    summary: 'Upload the logo',
    description: 'Replaces the logo. It is stored as a PNG of at most 360 pixels.',
    upload: LOGO_LIMIT,
    accepts: ['image/png', 'image/jpeg', 'image/webp'],
    output: z.object({ logo: z.string().describe('Path of the logo.') }),
    writes: true,
  }),
  removeLogo: operation({
    method: 'DELETE',
    path: '/office/{account}/logo',
    audience: ['staff'],
    summary: 'Remove the logo',
    description: 'Pages and emails show the initial of the business instead.',
    output: empty(),
    writes: true,
  }),
  getOfficeLogo: operation({
    method: 'GET',
    path: '/office/{account}/logo',
    audience: ['staff'],
    summary: 'Download the logo',
    description: 'The logo as it is stored.',
    download: ['image/png'],
    output: empty(),
    /** Part of the address only so that a browser fetches a new logo at once. */
    query: z.strictObject({ v: z.string().max(20).optional().describe('Any value; a new one avoids the cache.') }),
  }),
}

const token = z.strictObject({
  token: z.string().max(200).meta({ shared: 'setUpToken', description: 'Token of the set-up link.' }),
})

const setUpOperations = {
  getInstallation: operation({
    method: 'GET',
    path: '/platform/installation',
    audience: ['anonymous', 'person'],
    summary: 'Get the installation',
    description: 'Whether the first business was set up.',
    output: z.object({ isSetUp: flag('Whether there is a business. Until then, the set-up link creates one.') }),
  }),
  getSetUp: operation({
    method: 'GET',
    path: '/people/set-up/{token}',
    audience: ['anonymous', 'person'],
    summary: 'Check a set-up link',
    description: 'Whether the link can still be used. Changes nothing.',
    params: token,
    output: z.object({
      status: z.enum(['open', 'used', 'expired', 'unknown']).describe('Whether the link can be used.'),
      expiresAt: moment().nullable().describe('When the link expires.'),
    }),
    limits: [{ by: 'address', max: 300, seconds: 3600, counts: 'failures' }],
  }),
  setUp: operation({
    method: 'POST',
    path: '/people/set-up/{token}',
    audience: ['anonymous', 'person'],
    summary: 'Set up the business',
    description: 'Creates the first account and its owner, and signs the owner in. The link can be used once.',
    params: token,
    body: z.strictObject({
      business: line(120).describe('Name of the business.'),
      slug: slug().describe("Name in the account's addresses: 2 to 40 lowercase letters, digits and hyphens."),
      locale: locale.default(DEFAULT_LOCALE),
      timeZone: zone(),
      currency: currency(),
      name: line(120).describe('Full name of the owner.'),
      email: email().describe('Email address of the owner.'),
      password: password('Password of the owner.'),
    }),
    output: z.object({ slug: z.string().describe('Slug of the new account.') }),
    problems: ['setUpClosed'],
    limits: [{ by: 'address', max: 60, seconds: 900, counts: 'failures' }],
    creates: true,
    secrets: ['password'],
    status: 200,
    writes: true,
    checksInput: true,
    session: 'starts',
  }),
}

export const accounts = contract(
  { name: 'Business', description: 'The business itself: its settings, its home page and its first set-up.' },
  { ...accountOperations, ...setUpOperations },
)
