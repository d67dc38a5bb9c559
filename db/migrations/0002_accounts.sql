-- Accounts, their slugs and settings, and what belongs to an account as a whole.

create table accounts (
  id uuid not null,
  kind text not null check (kind in ('business')),
  status text not null check (status in ('active', 'suspended')),
  created_at timestamptz not null,
  constraint accounts_pk primary key (id)
);
comment on table accounts is 'class: directory. A business that runs its office and its portal on this installation.';
select protect_directory_table('accounts');

create table account_slugs (
  slug text not null check (slug ~ '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$'),
  account_id uuid not null,
  is_current boolean not null,
  retired_at timestamptz,
  created_at timestamptz not null,
  constraint account_slugs_pk primary key (slug),
  constraint account_slugs_account_fk foreign key (account_id) references accounts (id)
);
comment on table account_slugs is
  'class: directory. Slugs and hosts of accounts. One is current; retired ones redirect to it for a year.';
create unique index account_slugs_current_unique on account_slugs (account_id) where is_current;
select protect_directory_table('account_slugs');

create table account_settings (
  account_id uuid not null,
  name text not null,
  time_zone text not null,
  locale text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  accent text not null default '#0f6b7c' check (accent ~ '^#[0-9a-f]{6}$'),
  logo_key text,
  logo_type text,
  support_email text,
  support_phone text,
  postal_address text,
  version int not null default 1,
  updated_at timestamptz not null,
  constraint account_settings_pk primary key (account_id),
  constraint account_settings_account_fk foreign key (account_id) references accounts (id)
);
comment on table account_settings is 'class: tenant. Name, region, branding and contact details of the business.';
select protect_tenant_table('account_settings', 'account');

create table counters (
  account_id uuid not null,
  kind text not null,
  next bigint not null,
  constraint counters_pk primary key (account_id, kind)
);
comment on table counters is 'class: tenant. The next human-readable number of each kind, such as job 1042.';
select protect_tenant_table('counters', 'account');

create table tokens (
  account_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('portalActivation', 'portalReset', 'portalEmailChange', 'staffInvitation')),
  subject_id uuid not null,
  hash bytea not null,
  email_norm text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  replaced_at timestamptz,
  constraint tokens_pk primary key (account_id, id),
  constraint tokens_hash_unique unique (account_id, hash)
);
comment on table tokens is
  'class: tenant. One-use links, stored hashed, bound to account, kind, subject and the address they were mailed to.';
create index tokens_subject on tokens (account_id, kind, subject_id);
-- This index spans accounts because find_staff_invitation has only the hash.
create index tokens_staff_invitation on tokens (hash) where kind = 'staffInvitation';
select protect_tenant_table('tokens', 'account');

create table idempotency_keys (
  account_id uuid not null,
  principal text not null,
  operation text not null,
  key text not null,
  body_hash text not null,
  status int,
  -- json, not jsonb: the response is repeated byte for byte.
  response json,
  created_at timestamptz not null,
  constraint idempotency_keys_pk primary key (account_id, principal, operation, key)
);
comment on table idempotency_keys is 'class: tenant. Responses to creating POSTs, kept for their caller for 24 hours.';
select protect_tenant_table('idempotency_keys', 'account');

create table audit (
  account_id uuid not null,
  id uuid not null,
  event text not null,
  actor_kind text not null,
  actor_id uuid,
  actor_name text,
  subject_kind text,
  subject_id uuid,
  details jsonb not null default '{}',
  request_id text,
  client_address text,
  created_at timestamptz not null,
  constraint audit_pk primary key (account_id, id)
);
comment on table audit is
  'class: tenant. Who did what. Written in the transaction of the action, changed by nobody.';
create index audit_newest on audit (account_id, created_at desc, id desc);
select protect_tenant_table('audit', 'journal');

-- The functions below are definer functions because portico_app has no right on directory tables.

create function is_installation_empty() returns boolean
  language sql stable security definer set search_path = public, pg_temp as $$
  select not exists (select 1 from accounts)
$$;
comment on function is_installation_empty() is 'True until the first account exists.';
grant execute on function is_installation_empty() to portico_app, portico_system;

-- It also writes to tables of later files: a PL/pgSQL body is resolved when it runs.
create function create_account(p_account jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  new_id constant uuid := (p_account ->> 'id')::uuid;
  now constant timestamptz := (p_account ->> 'at')::timestamptz;
begin
  insert into accounts (id, kind, status, created_at)
  values (new_id, 'business', 'active', now);
  insert into account_slugs (slug, account_id, is_current, created_at)
  values (p_account ->> 'slug', new_id, true, now);
  insert into account_settings (account_id, name, time_zone, locale, currency, support_email, updated_at)
  values (
    new_id, p_account ->> 'name', p_account ->> 'timeZone', p_account ->> 'locale', p_account ->> 'currency',
    p_account ->> 'supportEmail', now);
  insert into portal_settings (account_id, updated_at)
  values (new_id, now);
  insert into staff_members (account_id, id, person_id, email, name, role, status, created_at, updated_at)
  values (
    new_id, (p_account ->> 'memberId')::uuid, (p_account ->> 'ownerId')::uuid, p_account ->> 'ownerEmail',
    p_account ->> 'ownerName', 'owner', 'active', now, now);
end $$;
comment on function create_account(jsonb) is 'Creates an account with its slug, settings, portal and owner, all in one transaction.';
grant execute on function create_account(jsonb) to portico_app, portico_system;

create function find_account_slug(p_slug text, p_now timestamptz) returns jsonb
  language sql stable security definer set search_path = public, pg_temp as $$
  select jsonb_build_object('account', s.account_id, 'moved', case when not s.is_current then c.slug end)
  from account_slugs s
  join account_slugs c on c.account_id = s.account_id and c.is_current
  where s.slug = p_slug and (s.is_current or s.retired_at > p_now - interval '1 year')
$$;
comment on function find_account_slug(text, timestamptz) is
  'The account of a slug or host. `moved` names its current slug when this one was retired within a year.';
grant execute on function find_account_slug(text, timestamptz) to portico_app, portico_system;

create function change_account_slug(p_account_id uuid, p_slug text, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (
    select 1 from account_slugs s
    where s.slug = p_slug and s.account_id <> p_account_id
      and (s.is_current or s.retired_at > p_now - interval '1 year')
  ) then
    return false;
  end if;
  delete from account_slugs s
  where s.slug = p_slug and s.account_id <> p_account_id;
  update account_slugs s set is_current = false, retired_at = p_now
  where s.account_id = p_account_id and s.is_current and s.slug <> p_slug;
  insert into account_slugs (slug, account_id, is_current, created_at)
  values (p_slug, p_account_id, true, p_now)
  on conflict (slug) do update set is_current = true, retired_at = null;
  return true;
end $$;
comment on function change_account_slug(uuid, text, timestamptz) is
  'Gives the account another slug and retires the old one. False when another account has it.';
grant execute on function change_account_slug(uuid, text, timestamptz) to portico_app, portico_system;
