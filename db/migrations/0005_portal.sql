create table portal_settings (
  account_id uuid not null constraint portal_settings_account_fk references accounts,
  enabled boolean not null default false,
  public boolean not null default false,
  name text,
  introduction text not null default '',
  sign_up_fields jsonb not null default '{"name":"required","phone":"optional","company":"off","address":"off"}',
  sign_up_domains text[] not null default '{}',
  switches jsonb not null default '{"createJobs":true,"chooseTemplates":true,"editJobs":true,"cancelJobs":true,"deleteJobs":true}',
  permissions jsonb not null default '{"createJobs":true,"chooseTemplates":true,"editJobs":true,"cancelJobs":true,"deleteJobs":false}',
  templates uuid[] not null default '{}',
  hide_jobs_of_other_templates boolean not null default true,
  several_jobs boolean not null default true,
  requested_start boolean not null default true,
  create_customers boolean,
  staff_names text not null default 'first' check (staff_names in ('full', 'first', 'business')),
  confirm_bookings boolean not null default true,
  mail_on_removal boolean not null default false,
  version int not null default 1,
  updated_at timestamptz not null,
  constraint portal_settings_pk primary key (account_id)
);
comment on table portal_settings is 'class: tenant. The customer portal of one account.';
comment on column portal_settings.switches is 'Default settings: hard caps that no user or link exceeds.';
comment on column portal_settings.permissions is 'Default permissions: where users and links start; followed live until customised.';
comment on column portal_settings.hide_jobs_of_other_templates is 'A template taken from a customer user hides its existing jobs from that user too (E-19).';
comment on column portal_settings.create_customers is 'Make a customer for an unlinked portal user at its first booking; null follows `public` (E-25).';
comment on column portal_settings.staff_names is 'How staff are named to customers.';

create table portal_users (
  account_id uuid not null constraint portal_users_account_fk references accounts,
  id uuid not null,
  email text not null,
  email_norm text not null,
  pending_email text,
  password_hash text,
  name text,
  phone text,
  company text,
  postal_address text,
  locale text not null default 'en',
  status text not null check (status in ('invited', 'signed_up', 'active', 'suspended', 'removed')),
  partner_id uuid,
  permissions jsonb,
  templates_mode text not null default 'default' check (templates_mode in ('default', 'add', 'replace', 'hide')),
  templates uuid[] not null default '{}',
  folded text not null,
  version int not null default 1,
  activated_at timestamptz,
  last_sign_in_at timestamptz,
  removed_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint portal_users_pk primary key (account_id, id)
);
comment on table portal_users is 'class: tenant. A login of one account''s portal; the same address elsewhere, or as staff, is unrelated.';
comment on column portal_users.permissions is 'Own permissions once customised; null follows the account''s defaults live.';
create unique index portal_users_email_unique on portal_users (account_id, email_norm) where status <> 'removed';
create index portal_users_newest on portal_users (account_id, created_at desc, id desc);

create table portal_links (
  account_id uuid not null,
  id uuid not null,
  portal_user_id uuid not null,
  customer_id uuid not null,
  scope text not null default 'whole' check (scope in ('whole', 'contact')),
  contact_id uuid,
  permissions jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint portal_links_pk primary key (account_id, id),
  constraint portal_links_unique unique (account_id, portal_user_id, customer_id),
  constraint portal_links_user_fk foreign key (account_id, portal_user_id) references portal_users (account_id, id) on delete cascade,
  constraint portal_links_customer_fk foreign key (account_id, customer_id) references customers (account_id, id) on delete cascade,
  constraint portal_links_contact_fk foreign key (account_id, contact_id) references contacts (account_id, id) on delete cascade,
  constraint portal_links_scope check ((scope = 'contact') = (contact_id is not null))
);
comment on table portal_links is 'class: tenant. Which customers a portal user acts for, and with which permissions.';
create index portal_links_customer on portal_links (account_id, customer_id);

create table portal_sessions (
  account_id uuid not null,
  hash bytea not null,
  id uuid not null,
  subject_kind text not null check (subject_kind in ('portalUser')),
  subject_id uuid not null,
  customer_id uuid,
  lock_epoch int,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  ends_at timestamptz not null,
  user_agent text not null,
  client_address text not null,
  constraint portal_sessions_pk primary key (account_id, hash),
  constraint portal_sessions_id_unique unique (account_id, id)
);
comment on table portal_sessions is 'class: tenant. Looked up on every request; 30 days.';
create index portal_sessions_subject on portal_sessions (account_id, subject_id);

select protect_tenant_table('portal_settings', 'account'), protect_tenant_table('portal_users', 'account'),
       protect_tenant_table('portal_links', 'account'), protect_tenant_table('portal_sessions', 'account');
