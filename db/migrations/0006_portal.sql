-- The customer portal of an account: its settings, its users, which customers they act for, and their sessions.

create table portal_settings (
  account_id uuid not null,
  enabled boolean not null default false,
  public boolean not null default false,
  name text,
  introduction text not null default '',
  sign_up_fields jsonb not null
    default '{"name": "required", "phone": "optional", "company": "off", "address": "off"}',
  sign_up_domains text[] not null default '{}',
  switches jsonb not null
    default '{"createJobs": true, "chooseTemplates": true, "editJobs": true, "cancelJobs": true, "deleteJobs": true}',
  permissions jsonb not null
    default '{"createJobs": true, "chooseTemplates": true, "editJobs": true, "cancelJobs": true, "deleteJobs": false}',
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
  constraint portal_settings_pk primary key (account_id),
  constraint portal_settings_account_fk foreign key (account_id) references accounts (id)
);
comment on table portal_settings is 'class: tenant. The customer portal of one account.';
comment on column portal_settings.switches is 'What the portal offers at all: no user or link may exceed it.';
comment on column portal_settings.permissions is 'Default permissions of users and links that have none of their own.';
comment on column portal_settings.hide_jobs_of_other_templates is
  'Whether a user for whom a template is taken away also stops seeing its jobs (E-19).';
comment on column portal_settings.create_customers is
  'Whether the first booking of an unlinked user creates a customer. Null: as `public` (E-25).';
comment on column portal_settings.staff_names is 'How customers see the names of staff.';
select protect_tenant_table('portal_settings', 'account');

create table portal_users (
  account_id uuid not null,
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
  search_text text not null,
  version int not null default 1,
  activated_at timestamptz,
  last_sign_in_at timestamptz,
  removed_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint portal_users_pk primary key (account_id, id),
  constraint portal_users_account_fk foreign key (account_id) references accounts (id)
);
comment on table portal_users is
  'class: tenant. A login to one account''s portal. The same address in another account, or as staff, is unrelated.';
comment on column portal_users.permissions is 'The user''s own permissions; null follows the defaults of the account.';
create unique index portal_users_email_unique on portal_users (account_id, email_norm) where status <> 'removed';
create index portal_users_newest on portal_users (account_id, created_at desc, id desc);
select protect_tenant_table('portal_users', 'account');

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
  constraint portal_links_user_fk foreign key (account_id, portal_user_id)
    references portal_users (account_id, id) on delete cascade,
  constraint portal_links_customer_fk foreign key (account_id, customer_id)
    references customers (account_id, id) on delete cascade,
  constraint portal_links_contact_fk foreign key (account_id, contact_id)
    references contacts (account_id, id) on delete cascade,
  constraint portal_links_scope check ((scope = 'contact') = (contact_id is not null))
);
comment on table portal_links is
  'class: tenant. The customers for whom a portal user acts, as a whole or as one contact, and with which permissions.';
create index portal_links_customer on portal_links (account_id, customer_id);
select protect_tenant_table('portal_links', 'account');

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
comment on table portal_sessions is 'class: tenant. Read on every request. A session ends after 30 days.';
create index portal_sessions_subject on portal_sessions (account_id, subject_id);
select protect_tenant_table('portal_sessions', 'account');

create function find_portal_login(p_account_id uuid, p_email_norm text)
  returns table (id uuid, password_hash text, status text, name text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select u.id, u.password_hash, u.status, u.name
  from portal_users u
  where u.account_id = p_account_id and u.email_norm = p_email_norm and u.status <> 'removed'
$$;
comment on function find_portal_login(uuid, text) is
  'Returns the password hash for a portal sign-in. '
  'Security definer: it is called before the transaction has a context.';
grant execute on function find_portal_login(uuid, text) to portico_app, portico_system;

create function detach_automatic_customer(p_account_id uuid, p_portal_user_id uuid) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update customers c set created_for_user_id = null
  where c.account_id = p_account_id and c.created_for_user_id = p_portal_user_id
    and c.account_id = nullif(current_setting('app.account', true), '')::uuid
    and not exists (
      select 1 from portal_links l
      where l.account_id = p_account_id and l.portal_user_id = p_portal_user_id and l.customer_id = c.id)
$$;
comment on function detach_automatic_customer(uuid, uuid) is
  'Lets a user who was unlinked from their automatic customer get a new one. '
  'Security definer: the user can no longer see the old customer.';
grant execute on function detach_automatic_customer(uuid, uuid) to portico_app, portico_system;
