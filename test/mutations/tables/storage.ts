/** Files, search, imports, row-level security and definer functions. */
import type { Mutation } from '../mutation.ts'

export const storage: Mutation[] = [
  {
    name: 'photos-keep-their-position',
    covers: ['issue 8, 1.12'],
    file: 'src/platform/files/pictures.ts',
    from: '  const scaled = picture.resize(',
    to: '  const scaled = picture.keepMetadata().resize(',
    tests: { 'src/platform/files.test.ts': ['pictures are drawn anew: no position'] },
  },
  {
    name: 'a-script-under-a-picture-name',
    covers: ['PS-27'],
    file: 'src/platform/files.ts',
    from: `  if (!type || (purpose === 'logo' && !isPicture(type))) throw new FileRefused('typeRefused')
  if (size > limit && !isPicture(type)) throw new FileRefused('tooLarge', { max: limit / MEGABYTE })
  return type`,
    to: `  if (purpose === 'logo' && type && !isPicture(type)) throw new FileRefused('typeRefused')
  return type ?? 'text/plain'`,
    tests: { 'src/platform/files.test.ts': ['a file is what its bytes say'] },
  },
  {
    name: 'upload-without-limit',
    covers: ['issue 8, 1.7'],
    file: 'src/platform/files.ts',
    from: '      if (size <= limit) return',
    to: '      if (size <= 2 * limit) return',
    tests: { 'src/platform/files.test.ts': ['more than the limit, nothing, or half an upload'] },
  },
  {
    name: 'a-large-photo-is-refused',
    covers: ['issue 9, 1.13'],
    file: 'src/platform/files.ts',
    from: '  if (size > limit && !isPicture(type)) throw',
    to: '  if (size > limit) throw',
    tests: { 'test/large-photos.test.ts': ['is scaled by the server, in a form without script'] },
  },
  {
    name: 'a-large-text-is-kept',
    covers: ['issue 9, 1.13'],
    file: 'src/platform/files.ts',
    from: '  if (size > limit && !isPicture(type)) throw',
    to: '  if (size > PHOTO_LIMIT && !isPicture(type)) throw',
    tests: { 'test/uploads.test.ts': ['with one file that is too large comes back with words beside it'] },
  },
  {
    name: 'a-key-climbs-out',
    covers: ['PS-24'],
    file: 'src/platform/files.ts',
    from: "return isId(account) && STORED_NAME.test(name ?? '') && more.length === 0 ? join(folder, account, name!) : null",
    to: 'return account && STORED_NAME && more.length >= 0 ? join(folder, key) : null',
    tests: { 'src/platform/files.test.ts': ['no key leads out of the folder'] },
  },
  {
    name: 'accents-must-match',
    covers: ['E-13'],
    file: 'src/platform/fold.ts',
    from: `    .replaceAll(/\\p{M}/gu, '')
`,
    to: '',
    tests: {
      'src/features/customers/list/customer-list.test.ts': ['E-13 is searched without accents and case'],
      'src/features/portal-users/list/portal-user-list.test.ts': ['CP-26 finds the name given at sign-up'],
    },
  },
  {
    name: 'wildcards-match-everything',
    covers: ['E-68'],
    file: 'src/platform/fold.ts',
    from: 'word.replaceAll(/[\\\\%_]/g, String.raw`\\$&`)',
    to: 'word',
    tests: { 'src/features/jobs/office/office.test.ts': ['E-68 finds by number, customer, answers and place'] },
  },
  {
    name: 'imported-canceled-jobs-keep-times',
    covers: ['E-51'],
    file: 'src/features/imports/jobs/handlers.ts',
    from: '    scheduled_at: isCanceled ? null : times.scheduledAt,',
    to: '    scheduled_at: times.scheduledAt,',
    tests: { 'src/features/imports/jobs/import-jobs.test.ts': ['E-51 E-40 a canceled job has no times'] },
  },
  {
    name: 'import-forgets-cleared-times',
    covers: ['E-51'],
    file: 'src/features/imports/jobs/handlers.ts',
    from: `  return hasClearedTimes
`,
    to: `  return hasClearedTimes && false
`,
    tests: {
      'src/features/imports/jobs/import-jobs.test.ts': ['E-51 E-40 a canceled job has no times; its history has them'],
    },
  },
  {
    name: 'import-takes-skipped-times',
    covers: ['E-43'],
    file: 'src/features/imports/jobs/rules.ts',
    from: '    if (!at) reasons.push(',
    to: '    if (!at && !time) reasons.push(',
    tests: { 'src/features/imports/imports.test.ts': ['E-43 a time that a clock change skips is refused'] },
  },
  {
    name: 'imported-jobs-are-not-found',
    covers: ['E-68'],
    file: 'src/features/imports/jobs/handlers.ts',
    from: '    return { ...row, ...searchTexts(row, template.fields) }',
    to: "    return { ...row, ...searchTexts(row, template.fields), search_text_office: '' }",
    tests: { 'src/features/imports/jobs/import-jobs.test.ts': ['are found in the office by what they say'] },
  },
  {
    name: 'portal-users-read-each-other',
    covers: ['PS-17', 'issue 8, 1.11'],
    file: 'db/migrations/0049_record_links.sql',
    from: "      when 'portal_users' then format('(%s or id = %s)', all_staff, portal_user)",
    to: "      when 'portal_users' then format('(%s or id is not null or id = %s)', all_staff, portal_user)",
    tests: { 'test/policies.test.ts': ['A7 with the policies as they are, every caller reaches exactly the rows'] },
  },
  {
    name: 'portal-users-give-themselves-links',
    covers: ['PS-40', 'issue 8, 1.11'],
    file: 'db/migrations/0049_record_links.sql',
    from: "when p_kind in ('rights', 'catalog') then all_staff\n",
    to: "when p_kind in ('catalog') then all_staff\n",
    tests: { 'test/policies.test.ts': ['A7 with the policies as they are, every caller reaches exactly the rows'] },
  },
  {
    name: 'workers-see-all-staff',
    covers: ['PS-17', 'issue 8, 1.11'],
    file: 'db/migrations/0049_record_links.sql',
    from: "when 'staff_members' then format('(%s or (%s and id = %s))', all_staff, assigned_staff, actor_id)",
    to: "when 'staff_members' then format('(%s or (%s and id <> %s))', all_staff, assigned_staff, actor_id)",
    tests: { 'test/policies.test.ts': ['A7 with the policies as they are, every caller reaches exactly the rows'] },
  },
  {
    name: 'sessions-are-open-to-the-app-role',
    covers: ['PS-48', 'issue 8, 1.11'],
    file: 'db/migrations/0038_permission_groups.sql',
    from: "  protect_tenant_table('portal_sessions', 'closed'),",
    to: "  protect_tenant_table('portal_sessions', 'journal'),",
    tests: { 'test/policies.test.ts': ['A6 every tenant table has a rule'] },
  },
  {
    name: 'another-account-changes-the-address',
    covers: ['issue 8, 1.11', 'PS-02'],
    file: 'db/migrations/0020_definer_functions.sql',
    from: `  if not (is_context_account(p_account_id) and is_office_staff()) then
    raise exception 'Only its office changes the address of an account' using errcode = '42501';
  end if;
`,
    to: '',
    tests: { 'test/definer-functions.test.ts': ['PS-02 none reads or changes another account'] },
  },
  {
    name: 'sign-in-crosses-accounts',
    covers: ['issue 8, 1.11', 'PS-10'],
    file: 'db/migrations/0030_people_context.sql',
    from: "    where u.account_id = p_account_id and u.email_norm = p_email_norm and u.status <> 'removed';",
    to: "    where u.email_norm = p_email_norm and u.status <> 'removed';",
    tests: {
      'src/features/identity/portal/portal-sign-in.test.ts': ['PS-51 E-65 PS-10 the same address in two portals'],
    },
  },
]
