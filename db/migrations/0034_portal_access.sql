-- widens: nothing
-- Everybody who is let in can book, everybody has a name, and whoever was removed can be kept out of a public portal.

-- Somebody who was added by email alone can book: the first booking makes their customer (E-25). It followed `public` where the
-- business had not chosen.
update portal_settings set create_customers = true where create_customers is null;
alter table portal_settings
  alter column create_customers set default true,
  alter column create_customers set not null;
comment on column portal_settings.create_customers is
  'Whether the first booking of an unlinked user creates a customer (E-25).';

-- Nobody becomes an active user without a name (CP-08).
update portal_settings set sign_up_fields = sign_up_fields || '{"name": "required"}'
where sign_up_fields ->> 'name' is distinct from 'required';
alter table portal_settings
  add constraint portal_settings_name_required check (coalesce(sign_up_fields ->> 'name', '') = 'required');

alter table portal_settings add column blocked_emails text[] not null default '{}';
comment on column portal_settings.blocked_emails is 'Normalized addresses that cannot sign up. The business can invite them.';

create or replace function sign_up_portal_user(p_account_id uuid, p_login jsonb) returns json
  language sql security definer set search_path = public, pg_temp as $$
  insert into portal_users as u (
    account_id, id, email, email_norm, password_hash, sign_up_hash, name, phone, company, postal_address, locale,
    status, search_text, created_at, updated_at)
  select
    p_account_id, login.id, login.email, login.email_norm, login.password_hash, login.sign_up_hash, login.name,
    login.phone, login.company, login.postal_address, login.locale,
    'signed_up', login.search_text, login.created_at, login.created_at
  from jsonb_populate_record(null::portal_users, p_login) login
  where is_context_account(p_account_id)
    and not exists (
      select from portal_settings s
      where s.account_id = p_account_id and login.email_norm = any (s.blocked_emails))
  on conflict (account_id, email_norm) where status <> 'removed' do nothing
  returning portal_login_to_json(u)
$$;
comment on function sign_up_portal_user(uuid, jsonb) is
  'Adds a portal user who has proved nothing yet, without rights of their own. Null when the address has one, or is blocked: of '
  'twenty requests at once one succeeds. Called by the sign-up form, for anybody.';
