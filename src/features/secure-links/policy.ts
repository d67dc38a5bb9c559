/** Who sees and makes secure links: owners, admins and dispatchers. Whoever has a link opens it. */
export { mayRunOffice as mayUseLinks } from '../identity/policy.ts'
export { portalIsOpen } from '../portal-users/activation/policy.ts'
