import { PERMISSIONS, type Permissions } from '../../../../../../features/identity/rules.ts'
import type { Typed } from '../../../../../../ui/forms.ts'

/** The permissions that are ticked. Browsers do not send unchecked boxes, so an absent one means no. */
export function enteredPermissions(typed: Typed): Permissions {
  const ticked = typed.all('permissions')
  return Object.fromEntries(PERMISSIONS.map((name) => [name, ticked.includes(name)])) as Permissions
}
