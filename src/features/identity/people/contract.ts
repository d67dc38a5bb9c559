/**
 * People: staff as one login for the whole installation. Own password, own name, own sessions.
 * What a person may do in an account is decided by their role there, see `staff`.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { count, email, empty, flag, id, line, moment, password, recordId } from '../../../platform/schema.ts'

declareProblems({ resetClosed: [409, 'The link to reset the password was used or has expired.'] })

const token = z.strictObject({
  token: z.string().max(200).meta({ shared: 'staffToken', description: 'Token of a link that was emailed to staff.' }),
})
const session = z
  .object({
    id: recordId(),
    current: flag('Whether it is the session of this request.'),
    startedAt: moment().describe('When the session started.'),
    seenAt: moment().describe('When it was last used.'),
    userAgent: z.string().describe('Browser or program.'),
    clientAddress: z.string().describe('IP address at the sign-in.'),
  })
  .meta({ id: 'Session', description: 'A device or program that is signed in.' })

export const people = contract(
  { name: 'People', description: 'Profile, password and sessions of the signed-in member of staff.' },
  {
    requestPasswordReset: operation({
      method: 'POST',
      path: '/people/forgot-password',
      audience: ['anonymous', 'person'],
      summary: 'Request a password reset',
      description: 'Emails a link to choose a new password. The answer is the same for every address.',
      body: z.strictObject({ email: email() }),
      output: empty(),
      limits: [
        { by: 'login', max: 5, seconds: 3600 },
        { by: 'address', max: 30, seconds: 3600 },
      ],
      writes: true,
    }),
    getPasswordReset: operation({
      method: 'GET',
      path: '/people/password-resets/{token}',
      audience: ['anonymous', 'person'],
      summary: 'Check a password reset link',
      description: 'Whether the link can still be used. Changes nothing.',
      params: token,
      output: z.object({
        status: z.enum(['open', 'used', 'expired', 'unknown']).describe('Whether the link can be used.'),
        email: z.string().nullable().describe('Email address of the person, if the link can be used.'),
      }),
      limits: [{ by: 'address', max: 300, seconds: 3600, counts: 'failures' }],
    }),
    resetPassword: operation({
      method: 'POST',
      path: '/people/password-resets/{token}',
      audience: ['anonymous', 'person'],
      summary: 'Reset the password',
      description: 'Sets a new password and ends all sessions of the person. The link can be used once.',
      params: token,
      body: z.strictObject({ password: password('New password.') }),
      output: empty(),
      problems: ['resetClosed'],
      limits: [{ by: 'address', max: 30, seconds: 900, counts: 'failures' }],
      writes: true,
      session: 'ends',
    }),
    changePassword: operation({
      method: 'POST',
      path: '/people/me/password',
      audience: ['person'],
      summary: 'Change your password',
      description: 'Ends your other sessions, and this one goes on under a new cookie.',
      session: 'starts',
      body: z.strictObject({
        currentPassword: password('Current password.'),
        password: password('New password.'),
      }),
      output: z.object({ ended: count('Number of sessions that ended.') }),
      limits: [{ by: 'caller', max: 10, seconds: 900, counts: 'failures' }],
      writes: true,
      checksInput: true,
    }),
    updateCurrentUser: operation({
      method: 'PATCH',
      path: '/people/me',
      audience: ['person'],
      summary: 'Change your name',
      description: 'Your name in all accounts.',
      body: z.strictObject({ name: line(120).describe('Full name.') }),
      output: z.object({ name: z.string().describe('Full name.') }),
      writes: true,
    }),
    listSessions: operation({
      method: 'GET',
      path: '/people/me/sessions',
      audience: ['person'],
      summary: 'List your sessions',
      description: 'Devices and programs that are signed in as you.',
      output: z.object({ sessions: z.array(session).describe('The sessions.') }),
    }),
    endSession: operation({
      method: 'DELETE',
      path: '/people/me/sessions/{session}',
      audience: ['person'],
      summary: 'End a session',
      description: 'Signs out one device.',
      params: z.strictObject({ session: id().describe('ID of the session.') }),
      output: empty(),
      writes: true,
    }),
    endOtherSessions: operation({
      method: 'DELETE',
      path: '/people/me/sessions',
      audience: ['person'],
      summary: 'End your other sessions',
      description: 'Signs out every device but this one.',
      output: z.object({ ended: count('Number of sessions that ended.') }),
      writes: true,
    }),
  },
)
