/**
 * The profile: contact details of a portal user. The email is not part of it: changing that needs the new address to be
 * confirmed. Nobody else's answers, no permission and no status can be written here (E-67).
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { line, phone, seenVersion } from '../../../platform/schema.ts'

declareProblems({
  profileChanged: [409, 'The profile was changed elsewhere since the `version` you sent. Read it again.'],
})

const rule = z.enum(['off', 'optional', 'required']).describe('`off` is neither shown nor saved.')
const profile = z
  .object({
    email: z.string().describe('Email address to sign in with.'),
    pendingEmail: z.string().nullable().describe('New email address that waits to be confirmed.'),
    name: z.string().nullable().describe('Full name.'),
    phone: z.string().nullable().describe('Phone number.'),
    company: z.string().nullable().describe('Company.'),
    address: z.string().nullable().describe('Postal address.'),
    version: z.number().int().describe('Grows with each change. Send it back when you edit the profile.'),
    fields: z
      .object({ name: rule, phone: rule, company: rule, address: rule })
      .describe('Which contact details the business asks for.'),
  })
  .meta({ id: 'PortalProfile', description: 'Contact details of the signed-in portal user.' })

export const portalProfile = contract(
  { name: 'Portal profile', description: 'Contact details of the signed-in portal user.' },
  {
    getPortalProfile: operation({
      method: 'GET',
      path: '/portal/{portal}/me/profile',
      audience: ['portalUser'],
      isPersonal: true,
      summary: 'Get your profile',
      description: 'Your contact details, and which of them the business asks for.',
      output: profile,
    }),
    updatePortalProfile: operation({
      method: 'PUT',
      path: '/portal/{portal}/me/profile',
      audience: ['portalUser'],
      summary: 'Update your profile',
      description: 'Replaces your contact details. Details that the business does not ask for are not saved.',
      body: z.strictObject({
        version: seenVersion(),
        name: line(120).nullish().describe('Full name.'),
        phone: phone().nullish().describe('Phone number.'),
        company: line(120).nullish().describe('Company.'),
        address: line(300).nullish().describe('Postal address.'),
      }),
      output: profile,
      problems: ['profileChanged'],
      writes: true,
      checksInput: true,
    }),
  },
)
