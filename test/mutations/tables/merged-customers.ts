/** Two customers that become one. */
import { idleForm, type Mutation } from '../mutation.ts'

const folder = 'src/features/customers/merging'
const file = `${folder}/handlers.ts`
const rules = `${folder}/rules.ts`
const queries = `${folder}/queries.ts`
const tests = `${folder}/merging.test.ts`
const conflicts = `${folder}/merge-conflicts.test.ts`

export const mergedCustomers: Mutation[] = [
  {
    name: 'merge-widens-who-is-linked-to-both',
    covers: ['5C-11'],
    file: rules,
    from: 'breadthOf(merged) < breadthOf(survivor)',
    to: 'breadthOf(merged) > breadthOf(survivor)',
    tests: { [tests]: ['5C-11 5C-7 whoever is linked to both', 'keeps a portal user of both out'] },
  },
  {
    name: 'merge-adds-permissions',
    covers: ['5C-11'],
    file: rules,
    from: 'isAllowed(name, user, kept) && !isAllowed(name, user, dropped)',
    to: 'isAllowed(name, user, kept) && !isAllowed(name, user, kept)',
    tests: { [tests]: ['5C-11 takes away what one of two links did not allow'] },
  },
  {
    name: 'merge-keeps-links-without-password',
    covers: ['5C-11'],
    file: queries,
    from: "(k.customer_id = ${source} or (k.customer_id = ${target} and k.scope = 'whole'))",
    to: 'k.customer_id = ${source}',
    tests: { [tests]: ['5C-11 RS-06 ends links without a password of both'] },
  },
  {
    name: 'merge-loosens-the-lock-mode',
    covers: ['5C-11'],
    file: rules,
    from: 'LOCK_MODES.indexOf(one) > LOCK_MODES.indexOf(other)',
    to: 'LOCK_MODES.indexOf(one) < LOCK_MODES.indexOf(other)',
    tests: { [tests]: ['5C-11 the stricter of two lock modes stays'] },
  },
  {
    name: 'merge-leaves-comments-behind',
    covers: ['5C-11'],
    file: 'src/features/records/queries.ts',
    from: "for (const child of ['comments', 'history', 'files'])",
    to: "for (const child of ['history'])",
    tests: { [tests]: ['5C-11 RS-07 portal users of both see what both had'] },
  },
  {
    name: 'dispatchers-merge-customers',
    covers: ['PS-40'],
    file,
    from: '  async mergeCustomer(ctx, { customer, version, into }) {\n    ctx.allow(mayManage(ctx.actor))',
    to: '  async mergeCustomer(ctx, { customer, version, into }) {\n    void mayManage',
    tests: { [conflicts]: ['PS-40 is for managers of the account'] },
  },
  {
    name: 'merge-preview-forgets-gains',
    covers: ['5C-11'],
    file: rules,
    from: 'filter((customer) => !old[list].includes(customer))',
    to: 'filter((customer) => old[list].includes(customer))',
    tests: { [tests]: ['5C-11 says who gains sight of what'] },
  },
  {
    name: 'booking-misses-a-merge',
    covers: ['5C-11'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: 'link.id === id && link.customer === customer',
    to: 'link.id === id && customer !== id',
    tests: { [conflicts]: ['that a booking waits for gets the job'] },
  },
  {
    name: 'merged-customer-is-restored',
    covers: ['5C-11'],
    file: 'src/features/customers/policy.ts',
    from: "decision.yes && customer.mergedInto ? no('customerMerged') : decision",
    to: "decision.yes && customer.mergedInto === '' ? no('customerMerged') : decision",
    tests: { [conflicts]: ['of what was merged is refused'] },
  },
  idleForm({
    name: 'idle-merge-customer',
    covers: ['5C-11'],
    file: 'src/web/routes/office/[account]/customers/[customer]/merge/+page.server.ts',
    operation: 'locals.api.mergeCustomer',
    tests: { 'test/customer-forms.test.ts': ['5C-11 "Merge customers" says who sees more'] },
  }),
]
