/** All tables. A subject's name works for `--only`. */
import type { MutationTables } from './mutation.ts'
import { explanations } from './tables/access.ts'
import { accessPreviews } from './tables/access-preview.ts'
import { accountForms } from './tables/account-forms.ts'
import { activation } from './tables/activation.ts'
import { booking } from './tables/booking.ts'
import { callers } from './tables/callers.ts'
import { contacts } from './tables/contacts.ts'
import { customerForms } from './tables/customer-forms.ts'
import { delivery } from './tables/delivery.ts'
import { entryPages } from './tables/entry-pages.ts'
import { homePage } from './tables/home.ts'
import { imports } from './tables/imports.ts'
import { inboundMail } from './tables/inbound-mail.ts'
import { jobForms } from './tables/job-forms.ts'
import { jobPage } from './tables/job-page.ts'
import { jobs } from './tables/jobs.ts'
import { keptText } from './tables/kept-text.ts'
import { lists } from './tables/lists.ts'
import { permissionGroups } from './tables/permission-groups.ts'
import { mergedCustomers } from './tables/merged-customers.ts'
import { portalForms } from './tables/portal-forms.ts'
import { portalUserAccess } from './tables/portal-user-access.ts'
import { portalUserForms } from './tables/portal-user-forms.ts'
import { portalUsers } from './tables/portal-users.ts'
import { portalViews } from './tables/portal-views.ts'
import { records } from './tables/records.ts'
import { rights } from './tables/rights.ts'
import { scheduling } from './tables/scheduling.ts'
import { settingsForms } from './tables/settings-forms.ts'
import { signIn } from './tables/sign-in.ts'
import { storage } from './tables/storage.ts'
import { secureLinks } from './tables/secure-links.ts'
import { ticketWork } from './tables/ticket-work.ts'
import { ticketEmails } from './tables/ticket-emails.ts'
import { tickets } from './tables/tickets.ts'
import { values } from './tables/values.ts'
import { weight } from './tables/weight.ts'

export const tables: MutationTables = {
  access: explanations,
  'access-preview': accessPreviews,
  activation,
  'portal-users': portalUsers,
  'portal-user-access': portalUserAccess,
  'permission-groups': permissionGroups,
  booking,
  jobs,
  lists,
  'kept-text': keptText,
  records,
  rights,
  callers,
  'sign-in': signIn,
  delivery,
  storage,
  values,
  weight,
  'portal-user-forms': portalUserForms,
  contacts,
  mergedCustomers,
  'customer-forms': customerForms,
  'job-forms': jobForms,
  home: homePage,
  'job-page': jobPage,
  scheduling,
  'settings-forms': settingsForms,
  'account-forms': accountForms,
  'portal-forms': portalForms,
  'entry-pages': entryPages,
  imports,
  'secure-links': secureLinks,
  'ticket-work': ticketWork,
  tickets,
  'ticket-emails': ticketEmails,
  'inbound-mail': inboundMail,
  'portal-views': portalViews,
}
