/** The forms of the office's customer pages: a button that no longer calls its operation. */
import { idleForm, type Mutation } from '../mutation.ts'

const tests = 'test/customer-forms.test.ts'

export const customerForms: Mutation[] = [
  idleForm({
    name: 'idle-create-customer',
    covers: ['V-59'],
    file: 'src/web/routes/office/[account]/customers/new/+page.server.ts',
    operation: 'locals.api.createCustomer',
    output: "{ id: '' }",
    tests: { [tests]: ['"Add customer" stores what was typed'] },
  }),
  idleForm({
    name: 'idle-update-customer',
    covers: ['V-59'],
    file: 'src/web/routes/office/[account]/customers/[customer]/edit/+page.server.ts',
    operation: 'locals.api.updateCustomer',
    tests: { [tests]: ['"Save changes" stores the new name'] },
  }),
  idleForm({
    name: 'idle-archive-customer',
    covers: ['PS-09'],
    file: 'src/web/routes/office/[account]/customers/[customer]/+page.server.ts',
    operation: 'locals.api.archiveCustomer',
    tests: { [tests]: ['"Archive customer" asks first'] },
  }),
  idleForm({
    name: 'idle-restore-customer',
    covers: ['PS-09'],
    file: 'src/web/routes/office/[account]/customers/[customer]/+page.server.ts',
    operation: 'locals.api.restoreCustomer',
    tests: { [tests]: ['"Archive customer" asks first'] },
  }),
  idleForm({
    name: 'idle-copy-billing-contact',
    covers: ['V-59'],
    file: 'src/web/routes/office/[account]/customers/[customer]/+page.server.ts',
    operation: 'locals.api.copyBillingContact',
    tests: { [tests]: ['"Copy contact" makes the chosen contact'] },
  }),
  idleForm({
    name: 'idle-add-contact',
    covers: ['V-59'],
    file: 'src/web/routes/office/[account]/customers/[customer]/contacts/new/+page.server.ts',
    operation: 'locals.api.addContact',
    tests: { [tests]: ['"Add contact" adds it as primary'] },
  }),
  idleForm({
    name: 'idle-update-contact',
    covers: ['V-59'],
    file: 'src/web/routes/office/[account]/customers/[customer]/contacts/[contact]/+page.server.ts',
    operation: 'locals.api.updateContact',
    tests: { [tests]: ['"Save changes" stores it, and "Remove contact" asks first'] },
  }),
  idleForm({
    name: 'idle-remove-contact',
    covers: ['V-59'],
    file: 'src/web/routes/office/[account]/customers/[customer]/contacts/[contact]/+page.server.ts',
    operation: 'locals.api.removeContact',
    tests: { [tests]: ['"Save changes" stores it, and "Remove contact" asks first'] },
  }),
  idleForm({
    name: 'idle-add-site',
    covers: ['V-37'],
    file: 'src/web/routes/office/[account]/customers/[customer]/sites/new/+page.server.ts',
    operation: 'locals.api.addSite',
    tests: { [tests]: ['"Add site" adds it'] },
  }),
  idleForm({
    name: 'idle-update-site',
    covers: ['V-37'],
    file: 'src/web/routes/office/[account]/customers/[customer]/sites/[site]/+page.server.ts',
    operation: 'locals.api.updateSite',
    tests: { [tests]: ['"Save changes" stores it, "Archive site" and "Restore site"'] },
  }),
  idleForm({
    name: 'idle-archive-site',
    covers: ['V-37'],
    file: 'src/web/routes/office/[account]/customers/[customer]/sites/[site]/+page.server.ts',
    operation: 'locals.api.archiveSite',
    tests: { [tests]: ['"Save changes" stores it, "Archive site" and "Restore site"'] },
  }),
  idleForm({
    name: 'idle-restore-site',
    covers: ['V-37'],
    file: 'src/web/routes/office/[account]/customers/[customer]/sites/[site]/+page.server.ts',
    operation: 'locals.api.restoreSite',
    tests: { [tests]: ['"Save changes" stores it, "Archive site" and "Restore site"'] },
  }),
  idleForm({
    name: 'idle-invite-contact',
    covers: ['issue 9, 1.3'],
    file: 'src/web/routes/office/[account]/customers/[customer]/+page.server.ts',
    operation: 'locals.api.addPortalUser',
    tests: { [tests]: ['"Invite to portal" says what happens, then invites a contact'] },
  }),
]
