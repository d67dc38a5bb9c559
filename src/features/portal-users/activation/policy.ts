/** Who may come in, and by which door. */
import { no, yes, type Decision } from '../../../platform/problem.ts'
import type { PortalOf } from '../../identity/rules.ts'

/** Off means closed to everybody, with nothing said beyond that (CP-02, E-09). */
export const portalIsOpen = (account: { status: string; portal: Pick<PortalOf, 'enabled'> }): Decision =>
  account.status === 'active' && account.portal.enabled ? yes : no('portalOff')

/** Only a public portal lets people sign up by themselves, judged when the form arrives (CP-05, E-08). */
export const maySignUp = (account: { status: string; portal: Pick<PortalOf, 'enabled' | 'public'> }): Decision => {
  const open = portalIsOpen(account)
  return open.yes && !account.portal.public ? no('signUpClosed') : open
}
