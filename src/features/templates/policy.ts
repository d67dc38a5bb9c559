import { isManager, type Actor } from '../identity/rules.ts'
import { isStaff, mayManage } from '../identity/policy.ts'
import { no, type Decision } from '../../platform/problem.ts'

type Template = { status: 'active' | 'archived' }

/** Everybody on the staff reads them: a dispatcher books by them, a worker works by them. */
export const mayReadTemplates = (actor: Actor): Decision => isStaff(actor)

/** Templates decide what customers see and are asked, so they are the owner's and the admins'. */
export const mayManageTemplates = (actor: Actor): Decision => mayManage(actor)

/** What is out of use is not changed; it is taken back into use first. */
export function mayEditTemplate(actor: Actor, template: Template): Decision {
  const manage = mayManage(actor)
  return manage.yes && template.status === 'archived' ? no('templateArchived') : manage
}

/** What the screen of a template may offer this actor. */
export function allowedTemplateActions(actor: Actor, template: Template) {
  const manages = actor.kind === 'staff' && isManager(actor.role)
  const active = template.status === 'active'
  return { edit: manages && active, archive: manages && active, restore: manages && !active }
}
