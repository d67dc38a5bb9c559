import { implement } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { isPortalUser } from '../../identity/policy.ts'
import { SIGN_UP_FIELDS, type PortalOf } from '../../identity/rules.ts'
import { loginById, type Login } from '../activation/queries.ts'
import { missingAnswers } from '../activation/rules.ts'
import { portalProfile } from './contract.ts'
import { setProfile } from './queries.ts'
import { profileFields } from './rules.ts'

export const portalProfileHandlers = implement('portal-users', portalProfile, {
  async getPortalProfile(ctx) {
    ctx.allow(isPortalUser(ctx.actor))
    return shown((await loginById(ctx.db, ctx.account.id, ctx.actor.id))!, ctx.account.portal)
  },

  async updatePortalProfile(ctx, { version, ...given }) {
    ctx.allow(isPortalUser(ctx.actor))
    const user = (await loginById(ctx.db, ctx.account.id, ctx.actor.id))!
    const kept = answersOf(user)
    const fields = profileFields(ctx.account.portal.signUpFields, kept)
    const wanted = Object.fromEntries(
      SIGN_UP_FIELDS.map((field) => [
        field,
        fields[field] === 'off' || given[field] === undefined ? kept[field] : given[field],
      ]),
    ) as typeof kept
    const fieldErrors = missingAnswers(fields, {
      name: wanted.name ?? undefined,
      phone: wanted.phone ?? undefined,
      company: wanted.company ?? undefined,
      address: wanted.address ?? undefined,
    })
    if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors })
    const { address, ...rest } = wanted
    if (
      !(await setProfile(
        ctx.db,
        ctx.account.id,
        user,
        { ...rest, postal_address: address },
        { seen: version, now: ctx.now },
      ))
    )
      throw problem('profileChanged')
    await ctx.audit({ event: 'portalUserProfileChanged', subjectKind: 'portalUser', subjectId: user.id })
    return shown((await loginById(ctx.db, ctx.account.id, user.id))!, ctx.account.portal)
  },
})

const answersOf = ({ name, phone, company, postal_address }: Login) => ({
  name,
  phone,
  company,
  address: postal_address,
})

const shown = (user: Login, portal: PortalOf) => ({
  email: user.email,
  pendingEmail: user.pending_email,
  ...answersOf(user),
  version: user.version,
  fields: profileFields(portal.signUpFields, answersOf(user)),
})
