/** Reasons in words, and where one changes what decides. */
import type { OfficePaths } from '../../../paths.ts'
import { t } from '../../../ui/i18n.ts'
import type { Api } from '../../../web/api.ts'
import { groupName } from '../../portal-users/groups/ui/group-text.ts'
import { RULES, type RecordKind } from '../rules.ts'

export type Answer = Awaited<ReturnType<Api['explainRecordAccess']>>
export type Verdict = Answer['portal'][number]

/** "Ana Ruiz: no, the group Limited doesn’t include jobs." The name stands beside it. */
export function reasonText({ rule, source, group, contact, login }: Verdict, kind: RecordKind, answer: Answer): string {
  const vars = {
    customer: answer.customer.name,
    template: answer.template ?? '',
    group: group ? groupName(group) : '',
    contact: contact?.name ?? '',
    login: login ?? '',
    records: t(`access.${rule === 'permissionOfSwitch' ? 'recordsAtStart' : 'records'}.${kind}`),
  }
  const reason = t(`access.rule.${rule}`, vars)
  const isGiven = RULES[rule].allowed && (source === 'link' || source === 'user' || source === 'group')
  return isGiven ? `${reason} ${t(`access.source.${source}`, vars)}` : reason
}

interface Change {
  href: string
  label: string
}

/** The page where one changes what a rule decides by. Groups and settings are for owners and admins. */
export function changeOf(
  { kind: who, id, rule, group }: Verdict,
  { kind, record, answer, to, canManage }: RecordOnScreen,
): Change | null {
  const user = who === 'portalUser' ? { href: to.portalUser(id), label: t('access.change.user') } : null
  const customer = { href: to.customer(answer.customer.id), label: t('access.change.customer') }
  switch (RULES[rule].place) {
    case 'user':
      return user ?? customer
    case 'customer':
      return customer
    case 'group':
      if (canManage && group && group.kind !== 'visitor')
        return { href: to.permissionGroup(group.id), label: t('access.change.group') }
      return canManage ? { href: to.portalSettings(), label: t('access.change.settings') } : user
    case 'settings':
      return canManage ? { href: to.portalSettings(), label: t('access.change.settings') } : user
    case 'record':
      return { href: kind === 'job' ? to.job(record) : to.ticket(record), label: t(`access.change.${kind}`) }
    case 'staff':
      return null
  }
}

export interface RecordOnScreen {
  kind: RecordKind
  record: string
  answer: Answer
  to: OfficePaths
  canManage: boolean
}
