/**
 * Identity: who is calling. Sign-in, sessions and passwords of people (staff) and of portal users.
 * A person is one login for the whole installation; a portal user is a login of one account.
 * What a caller may do with a record is decided by the policies of the features.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { email, empty, password, recordId } from '../../platform/schema.ts'
import { PERMISSIONS, ROLES } from './rules.ts'

declareProblems({
  wrongCredentials: [401, 'The email address or the password is wrong.'],
  tooManySignIns: [
    429,
    'Too many sign-ins of this login or from this client address failed. Wait, or use a browser that has signed in before.',
  ],
  passwordResetNeeded: [429, '100 sign-ins in a row failed. Reset the password.'],
})

/** Sign-ins are counted as guesses, before any hashing (guessing/, decision 19). */
export const SIGN_IN_PROBLEMS = ['wrongCredentials', 'tooManySignIns', 'passwordResetNeeded'] as const

export const permissionName = z.enum(PERMISSIONS).meta({ id: 'PermissionName', description: 'A portal permission.' })

export const staffRole = z.enum(ROLES).meta({ id: 'StaffRole', description: 'Role of a person in one account.' })
const membership = z
  .object({
    slug: z.string().describe('Slug of the account; it is part of the path of office operations.'),
    name: z.string().describe('Name of the business.'),
    accent: z.string().describe('Brand color as #rrggbb.'),
    role: staffRole,
  })
  .meta({ id: 'Membership', description: 'An account that a person is staff of.' })
const name = z.string().describe('Full name.')

export const identity = contract(
  { name: 'Sign-in', description: 'Signing in and out as staff.' },
  {
    signIn: operation({
      method: 'POST',
      path: '/people/sign-in',
      audience: ['anonymous', 'person'],
      summary: 'Sign in as staff',
      description: 'Starts a session. Send its cookie with all further requests.',
      body: z.strictObject({ email: email(), password: password('Password.') }),
      output: z.object({ name, accounts: z.array(membership).describe('Accounts that the person is staff of.') }),
      problems: SIGN_IN_PROBLEMS,
      writes: true,
      session: 'starts',
      example: {
        body: { email: 'leila@harbour.example', password: 'correct horse battery' },
        answer: {
          name: 'Leila Haddad',
          accounts: [{ slug: 'harbour', name: 'Harbour Home Services', accent: '#0f6b7c', role: 'dispatcher' }],
        },
      },
    }),
    signOut: operation({
      method: 'POST',
      path: '/people/sign-out',
      audience: ['person'],
      summary: 'Sign out',
      description: 'Ends this session.',
      output: empty(),
      writes: true,
      session: 'ends',
    }),
    getCurrentUser: operation({
      method: 'GET',
      path: '/people/me',
      audience: ['person'],
      summary: 'Get the signed-in person',
      description: 'Who is signed in, and the accounts they are staff of.',
      output: z.object({
        id: recordId(),
        name,
        email: z.string().describe('Email address.'),
        accounts: z.array(membership).describe('Accounts that the person is staff of.'),
      }),
    }),
  },
)
