/**
 * The profile: what a portal user says about themselves. The email is not part of it: changing that needs the new
 * address to be confirmed. Nobody else's answers, no permission and no status can be written here (E-67).
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { line, seenVersion } from '../../../platform/schema.ts'
import { phone } from '../activation/contract.ts'

declareProblems({ profileChanged: 409 })

const rule = z.enum(['off', 'optional', 'required'])
const answers = {
  name: z.string().nullable(),
  phone: z.string().nullable(),
  company: z.string().nullable(),
  address: z.string().nullable(),
}
const profile = z.object({
  email: z.string(),
  pendingEmail: z.string().nullable(),
  ...answers,
  version: z.number().int(),
  /** What is asked: `off` is not shown and not written. */
  fields: z.object({ name: rule, phone: rule, company: rule, address: rule }),
})

export const portalProfile = contract('portal-users', {
  getPortalProfile: operation({
    method: 'GET',
    path: '/portal/{portal}/me/profile',
    audience: ['portalUser'],
    summary: 'My contact details, and what the business asks for',
    output: profile,
  }),
  updatePortalProfile: operation({
    method: 'PUT',
    path: '/portal/{portal}/me/profile',
    audience: ['portalUser'],
    summary: 'Change my contact details; nothing else of my login',
    body: z.strictObject({
      version: seenVersion(),
      name: line(120).nullish(),
      phone: phone().nullish(),
      company: line(120).nullish(),
      address: line(300).nullish(),
    }),
    output: profile,
    problems: ['profileChanged'],
    writes: true,
  }),
})
