/** Who may sign in and sign up. */
import { no, yes, type Decision } from '../../../platform/problem.ts'
import type { PortalConfig } from '../../identity/rules.ts'

/** A disabled portal is closed to everybody, and says nothing else (CP-02, E-09). */
export const portalIsOpen = (account: { status: string; portal: Pick<PortalConfig, 'enabled'> }): Decision =>
  account.status === 'active' && account.portal.enabled ? yes : no('portalOff')

/** Only a public portal allows sign-up; checked when the form is submitted (CP-05, E-08). */
export const maySignUp = (account: { status: string; portal: Pick<PortalConfig, 'enabled' | 'public'> }): Decision => {
  const open = portalIsOpen(account)
  return open.yes && !account.portal.public ? no('signUpClosed') : open
}
