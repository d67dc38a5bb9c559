/** All tables. A subject's name works for `--only`. */
import type { MutationTables } from './mutation.ts'
import { accountForms } from './tables/account-forms.ts'
import { activation } from './tables/activation.ts'
import { customerForms } from './tables/customer-forms.ts'
import { jobForms } from './tables/job-forms.ts'
import { portalForms } from './tables/portal-forms.ts'
import { portalUserForms } from './tables/portal-user-forms.ts'
import { portalUsers } from './tables/portal-users.ts'
import { settingsForms } from './tables/settings-forms.ts'

export const tables: MutationTables = {
  activation,
  'portal-users': portalUsers,
  'portal-user-forms': portalUserForms,
  'customer-forms': customerForms,
  'job-forms': jobForms,
  'settings-forms': settingsForms,
  'account-forms': accountForms,
  'portal-forms': portalForms,
}
