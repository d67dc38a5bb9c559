import { isManager, type Actor } from '../identity/rules.ts'
import { isStaff, mayManage } from '../identity/policy.ts'
import { no, type Decision } from '../../platform/problem.ts'

type Template = { status: 'active' | 'archived' }

/** Everyone on the staff: dispatchers book with them and workers fill in their fields. */
export const mayReadTemplates = (actor: Actor): Decision => isStaff(actor)

/** Only owners and admins, because templates decide what customers see and must answer. */
export const mayManageTemplates = (actor: Actor): Decision => mayManage(actor)

/** An archived template must be restored before it can be changed. */
export function mayEditTemplate(actor: Actor, template: Template): Decision {
  const manage = mayManage(actor)
  return manage.yes && template.status === 'archived' ? no('templateArchived') : manage
}

/** The actions that the screen of a template offers this actor. */
export function allowedTemplateActions(actor: Actor, template: Template) {
  const canManage = actor.kind === 'staff' && isManager(actor.role)
  const isActive = template.status === 'active'
  return { edit: canManage && isActive, archive: canManage && isActive, restore: canManage && !isActive }
}
