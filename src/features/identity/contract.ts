/**
 * Identity: who is calling. Sign-in, sessions and passwords of people (staff) and of portal users.
 * A person is one login for the whole installation; a portal user is a login of one account.
 * Everything a record says about permissions is decided elsewhere.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { email } from '../../platform/schema.ts'

declareProblems({
  wrongCredentials: 401,
})

/** Counted before any hashing: guesses at one login, and one address trying many (RELIABILITY C2). */
export const SIGN_IN_LIMITS = [
  { by: 'login', max: 10, seconds: 900 },
  { by: 'address', max: 60, seconds: 900 },
] as const

const account = z.object({
  slug: z.string(),
  name: z.string(),
  accent: z.string(),
  role: z.enum(['owner', 'admin', 'dispatcher', 'worker']),
})

export const identity = contract('identity', {
  signIn: operation({
    method: 'POST',
    path: '/people/sign-in',
    audience: ['anonymous', 'person'],
    summary: 'Sign in as staff',
    body: z.strictObject({ email: email(), password: z.string().min(1, 'required').max(1_000, 'tooLong') }),
    output: z.object({ name: z.string(), accounts: z.array(account) }),
    problems: ['wrongCredentials'],
    limits: SIGN_IN_LIMITS,
    writes: true,
  }),
  signOut: operation({
    method: 'POST',
    path: '/people/sign-out',
    audience: ['person'],
    summary: 'Sign out',
    output: z.object({}),
    writes: true,
  }),
  getCurrentUser: operation({
    method: 'GET',
    path: '/people/me',
    audience: ['person'],
    summary: 'Who is signed in, and the accounts they are staff of',
    output: z.object({ id: z.string(), name: z.string(), email: z.string(), accounts: z.array(account) }),
  }),
})
