import { implement } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { isPortalUser } from '../../identity/policy.ts'
import { SIGN_UP_FIELDS, type PortalConfig } from '../../identity/rules.ts'
import { findLogin, type Login } from '../activation/queries.ts'
import { findMissingAnswers } from '../activation/rules.ts'
import { portalProfile } from './contract.ts'
import { updateProfile } from './queries.ts'
import { profileFields } from './rules.ts'

export const portalProfileHandlers = implement('portal-users', portalProfile, {
  async getPortalProfile(ctx) {
    ctx.allow(isPortalUser(ctx.actor))
    return presentProfile((await findLogin(ctx.db, ctx.account.id, ctx.actor.id))!, ctx.account.portal)
  },

  async updatePortalProfile(ctx, { version, ...input }) {
    ctx.allow(isPortalUser(ctx.actor))
    const user = (await findLogin(ctx.db, ctx.account.id, ctx.actor.id))!
    const current = answersOf(user)
    const fields = profileFields(ctx.account.portal.signUpFields, current)
    const answers = Object.fromEntries(
      SIGN_UP_FIELDS.map((field) => [
        field,
        fields[field] === 'off' || input[field] === undefined ? current[field] : input[field],
      ]),
    ) as typeof current
    const fieldErrors = findMissingAnswers(fields, {
      name: answers.name ?? undefined,
      phone: answers.phone ?? undefined,
      company: answers.company ?? undefined,
      address: answers.address ?? undefined,
    })
    if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors })
    const { address, ...rest } = answers
    const isUpdated = await updateProfile(
      ctx.db,
      ctx.account.id,
      user,
      { ...rest, postal_address: address },
      { expected: version, now: ctx.now },
    )
    if (!isUpdated) throw problem('profileChanged')
    await ctx.audit({ event: 'portalUserProfileChanged', subjectKind: 'portalUser', subjectId: user.id })
    return presentProfile((await findLogin(ctx.db, ctx.account.id, user.id))!, ctx.account.portal)
  },
})

const answersOf = ({ name, phone, company, postal_address }: Login) => ({
  name,
  phone,
  company,
  address: postal_address,
})

const presentProfile = (user: Login, portal: PortalConfig) => ({
  email: user.email,
  pendingEmail: user.pending_email,
  ...answersOf(user),
  version: user.version,
  fields: profileFields(portal.signUpFields, answersOf(user)),
})
