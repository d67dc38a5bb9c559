/**
 * People: staff as one login for the whole installation. Own password, own name, own sessions.
 * In which accounts a person may do what is told by `staff`.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { email, id, line, moment } from '../../../platform/schema.ts'

declareProblems({ resetClosed: 409 })

const password = () => z.string().min(1, 'required').max(1_000, 'tooLong')
const token = z.strictObject({ token: z.string().max(200) })

export const people = contract('people', {
  forgotPassword: operation({
    method: 'POST',
    path: '/people/forgot-password',
    audience: ['anonymous', 'person'],
    summary: 'Mail a link to choose a new password; the answer is the same for every address',
    body: z.strictObject({ email: email() }),
    output: z.object({}),
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
    summary: 'Whether this reset link still works',
    params: token,
    output: z.object({ status: z.enum(['open', 'used', 'expired', 'unknown']), email: z.string().nullable() }),
  }),
  resetPassword: operation({
    method: 'POST',
    path: '/people/password-resets/{token}',
    audience: ['anonymous', 'person'],
    summary: 'Choose a new password by a mailed link; ends every session of the person',
    params: token,
    body: z.strictObject({ password: password() }),
    output: z.object({}),
    problems: ['resetClosed'],
    limits: [{ by: 'address', max: 30, seconds: 900 }],
    writes: true,
  }),
  changePassword: operation({
    method: 'POST',
    path: '/people/me/password',
    audience: ['person'],
    summary: 'Change my password; my other sessions end',
    body: z.strictObject({ currentPassword: password(), password: password() }),
    output: z.object({ ended: z.number() }),
    limits: [{ by: 'caller', max: 10, seconds: 900 }],
    writes: true,
  }),
  updateCurrentUser: operation({
    method: 'PATCH',
    path: '/people/me',
    audience: ['person'],
    summary: 'Change my name',
    body: z.strictObject({ name: line(120) }),
    output: z.object({ name: z.string() }),
    writes: true,
  }),
  listSessions: operation({
    method: 'GET',
    path: '/people/me/sessions',
    audience: ['person'],
    summary: 'Where I am signed in',
    output: z.object({
      sessions: z.array(
        z.object({
          id: z.string(),
          current: z.boolean(),
          startedAt: moment(),
          seenAt: moment(),
          userAgent: z.string(),
          clientAddress: z.string(),
        }),
      ),
    }),
  }),
  endSession: operation({
    method: 'DELETE',
    path: '/people/me/sessions/{session}',
    audience: ['person'],
    summary: 'Sign out somewhere else',
    params: z.strictObject({ session: id() }),
    output: z.object({}),
    writes: true,
  }),
  endOtherSessions: operation({
    method: 'DELETE',
    path: '/people/me/sessions',
    audience: ['person'],
    summary: 'Sign out everywhere but here',
    output: z.object({ ended: z.number() }),
    writes: true,
  }),
})
