/** Portal users of a demo business, with their links to customers. */
import { PERMISSIONS, type Permission } from '../src/features/identity/rules.ts'
import { fold } from '../src/platform/fold.ts'
import { newId } from '../src/platform/ids.ts'
import type { BusinessBuilder } from './builder.ts'
import { addMinutes, DAY } from './calendar.ts'
import type { DemoCustomer, DemoTemplate } from './model.ts'

export interface PortalUserInput {
  email: string
  name?: string
  phone?: string
  status?: 'invited' | 'signed_up' | 'active' | 'suspended' | 'removed'
  customers?: DemoCustomer[]
  createdDaysAgo: number
  seenMinutesAgo?: number
  permissions?: object
  templatesMode?: 'add' | 'replace' | 'hide'
  templates?: DemoTemplate[]
  /** Id of the permission group for all their customers. Without one, the default applies. */
  group?: string
}

export interface PortalUserDefaults {
  passwordHash: string
  /** The templates that the portal offers to every user. */
  offered: string[]
}

export function addPortalUser(builder: BusinessBuilder, defaults: PortalUserDefaults, input: PortalUserInput): string {
  const { account, now, add } = builder
  const { email, name, status = 'active', templatesMode = 'default' } = input
  const id = newId()
  const created = new Date(now.getTime() - input.createdDaysAgo * DAY)
  const templates = (input.templates ?? []).map((template) => template.id)
  const wasActive = status !== 'invited' && status !== 'signed_up'
  const hasPassword = status !== 'invited' && status !== 'removed'
  add('portal_users', {
    account_id: account,
    id,
    email,
    email_norm: email.toLowerCase(),
    password_hash: hasPassword ? defaults.passwordHash : null,
    name: name ?? null,
    phone: input.phone ?? null,
    status,
    permissions: input.permissions ? JSON.stringify(input.permissions) : null,
    templates_mode: templatesMode,
    templates,
    search_text: fold(name, email),
    activated_at: wasActive ? addMinutes(created, 180) : null,
    last_sign_in_at: input.seenMinutesAgo === undefined ? null : addMinutes(now, -input.seenMinutesAgo),
    removed_at: status === 'removed' ? new Date(now.getTime() - 3 * DAY) : null,
    created_at: created,
    updated_at: created,
  })
  const bookable = bookableTemplates(defaults.offered, templatesMode, templates)
  for (const customer of status === 'removed' ? [] : (input.customers ?? [])) {
    addLink(builder, id, customer, created, input.group)
    const canBook = name !== undefined && status === 'active'
    if (canBook) customer.portalUsers.push({ id, name, createdAt: created, templates: bookable })
  }
  return id
}

function bookableTemplates(offered: string[], mode: 'default' | 'add' | 'replace' | 'hide', templates: string[]) {
  const byMode = {
    default: offered,
    add: [...offered, ...templates],
    replace: templates,
    hide: offered.filter((template) => !templates.includes(template)),
  }
  return new Set(byMode[mode])
}

/** A permission group of the business that allows just this. */
export function addPermissionGroup(
  { account, now, add }: BusinessBuilder,
  name: string,
  allowed: readonly Permission[],
): string {
  const id = newId()
  add('permission_groups', {
    account_id: account,
    id,
    kind: 'custom',
    name,
    name_norm: fold(name),
    permissions: JSON.stringify(Object.fromEntries(PERMISSIONS.map((each) => [each, allowed.includes(each)]))),
    created_at: now,
    updated_at: now,
  })
  return id
}

function addLink(
  { account, add }: BusinessBuilder,
  user: string,
  customer: DemoCustomer,
  created: Date,
  group?: string,
): void {
  add('portal_links', {
    account_id: account,
    id: newId(),
    portal_user_id: user,
    customer_id: customer.id,
    group_id: group ?? null,
    created_at: created,
    updated_at: created,
  })
}
