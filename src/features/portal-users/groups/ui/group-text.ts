/** Permission groups as screens show them. */
import { t } from '../../../../ui/i18n.ts'
import { isEffective, PERMISSIONS, type GroupKind, type Permissions } from '../../../identity/rules.ts'
import { defaultKindOf } from '../rules.ts'

/** Built-in groups are named by texts, others by the business. */
export const groupName = ({ kind, name }: { kind: GroupKind; name: string | null }): string =>
  name ?? t(`portal-users.groups.kind.${kind}`)

/** What a group allows, in words. */
export function allowedText({ permissions }: { permissions: Permissions }): string {
  const allowed = PERMISSIONS.filter((name) => isEffective(name, permissions))
  if (allowed.length === 0) return t('portal-users.groups.nothingShown')
  return allowed.map((name) => t(`portal.office.permission.${name}`)).join(' · ')
}

interface NamedGroup {
  id: string
  kind: GroupKind
  name: string | null
}

/** The choices for a link: the default of its scope first, then every group. */
export const groupOptions = (groups: readonly NamedGroup[], scope: 'whole' | 'contact') => [
  {
    value: '',
    label: t('portal-users.office.user.groupDefault', { group: groupName({ kind: defaultKindOf(scope), name: null }) }),
  },
  ...groups.map((group) => ({ value: group.id, label: groupName(group) })),
]
