-- widens: nothing
-- Logins of people belong to no account. What reaches them is called before a transaction has an account, or by office staff
-- for what they need: otherwise one injected query in a portal would be a way to the password and sessions of any staff.

create function is_outside_accounts() returns boolean
  language sql stable as $$ select context_account() is null or session_user = 'portico_system' $$;
comment on function is_outside_accounts() is
  'Whether the transaction has no account, as those of people have none. portico_system has none either.';

-- Null, the sign-in of a person, is not the account of a transaction that has one.
create or replace function is_context_account_if_any(p_account_id uuid) returns boolean
  language sql stable as $$ select coalesce(context_account() is null or p_account_id = context_account(), false) $$;

create or replace function find_or_create_person(p_person jsonb) returns uuid
  language sql security definer set search_path = public, pg_temp as $$
  insert into people as p (id, email, email_norm, name, password_hash, created_at, updated_at)
  select
    (p_person ->> 'id')::uuid, p_person ->> 'email', p_person ->> 'emailNorm', p_person ->> 'name',
    p_person ->> 'passwordHash', (p_person ->> 'at')::timestamptz, (p_person ->> 'at')::timestamptz
  where is_outside_accounts() or is_office_staff() and p_person ->> 'passwordHash' is null
  on conflict (email_norm) do update set
    name = case when p.password_hash is null and excluded.password_hash is not null then excluded.name else p.name end,
    password_hash = coalesce(p.password_hash, excluded.password_hash)
  returning p.id
$$;
comment on function find_or_create_person(jsonb) is
  'The person of an email address. Name and password are set only while the person has no password. '
  'Called by set-up, before the transaction has an account, and by office staff who invite, without a password.';

create or replace function find_person_login(p_email_norm text)
  returns table (id uuid, password_hash text, name text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select p.id, p.password_hash, p.name from people p where p.email_norm = p_email_norm and is_outside_accounts()
$$;

create or replace function find_person_password(p_person_id uuid) returns text
  language sql stable security definer set search_path = public, pg_temp as $$
  select password_hash from people where id = p_person_id and is_outside_accounts()
$$;

create or replace function set_person_password(p_person_id uuid, p_password_hash text, p_now timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update people set password_hash = p_password_hash, updated_at = p_now
  where id = p_person_id and is_outside_accounts();
  update people_tokens set used_at = p_now
  where person_id = p_person_id and kind = 'passwordReset' and used_at is null and is_outside_accounts();
$$;

create or replace function set_first_password(p_person_id uuid, p_name text, p_password_hash text, p_now timestamptz)
  returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update people p set name = p_name, password_hash = p_password_hash, updated_at = p_now
  where p.id = p_person_id and p.password_hash is null and is_outside_accounts();
  return found;
end $$;
comment on function set_first_password(uuid, text, text, timestamptz) is
  'Gives a person who has no password a name and a password; false when there is a password already. '
  'Called by the invited person, before the transaction enters the account whose invitation it then uses.';

create or replace function set_person_name(p_person_id uuid, p_name text, p_now timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update people set name = p_name, updated_at = p_now where id = p_person_id and is_outside_accounts();
  update staff_members set name = p_name, updated_at = p_now where person_id = p_person_id and is_outside_accounts();
$$;

create or replace function list_person_accounts(p_person_id uuid)
  returns table (slug text, name text, accent text, role text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select slugs.slug, s.name, s.accent, m.role
  from staff_members m
  join accounts a on a.id = m.account_id and a.status = 'active'
  join account_slugs slugs on slugs.account_id = m.account_id and slugs.is_current
  join account_settings s on s.account_id = m.account_id
  where m.person_id = p_person_id and m.status = 'active'
    and (
      is_outside_accounts()
      or exists (
        select from staff_members own
        where own.account_id = context_account() and own.id = context_actor('staff') and own.person_id = p_person_id))
  order by lower(s.name)
$$;

create or replace function find_first_account(p_person_id uuid) returns uuid
  language sql stable security definer set search_path = public, pg_temp as $$
  select m.account_id
  from staff_members m
  join accounts a on a.id = m.account_id and a.status = 'active'
  where m.person_id = p_person_id and m.status = 'active' and is_outside_accounts()
  order by m.created_at, m.account_id
  limit 1
$$;

create or replace function start_person_session(p_session jsonb) returns void
  language sql security definer set search_path = public, pg_temp as $$
  insert into people_sessions (hash, id, person_id, created_at, seen_at, ends_at, user_agent, client_address)
  select
    decode(p_session ->> 'hash', 'hex'), (p_session ->> 'id')::uuid, (p_session ->> 'person')::uuid,
    (p_session ->> 'at')::timestamptz, (p_session ->> 'at')::timestamptz, (p_session ->> 'ends')::timestamptz,
    p_session ->> 'userAgent', p_session ->> 'clientAddress'
  where is_outside_accounts();
  delete from people_sessions s
  where is_outside_accounts() and s.id in (
    select o.id from people_sessions o
    where o.person_id = (p_session ->> 'person')::uuid
    order by o.seen_at desc, o.created_at desc, o.id desc
    offset 20);
$$;

create or replace function list_person_sessions(p_person_id uuid, p_now timestamptz)
  returns table (id uuid, created_at timestamptz, seen_at timestamptz, user_agent text, client_address text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select s.id, s.created_at, s.seen_at, s.user_agent, s.client_address
  from people_sessions s
  where s.person_id = p_person_id and s.ends_at > p_now and s.seen_at > p_now - interval '1 hour'
    and is_outside_accounts()
  order by s.seen_at desc
$$;

create or replace function end_person_sessions(p_person_id uuid, p_only_session uuid, p_except_session uuid) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ended int;
begin
  delete from people_sessions s
  where s.person_id = p_person_id and is_outside_accounts()
    and (p_only_session is null or s.id = p_only_session)
    and (p_except_session is null or s.id <> p_except_session);
  get diagnostics ended = row_count;
  return ended;
end $$;

create or replace function create_person_token(p_token jsonb) returns void
  language sql security definer set search_path = public, pg_temp as $$
  insert into people_tokens (hash, id, kind, person_id, created_at, expires_at)
  select
    decode(p_token ->> 'hash', 'hex'), (p_token ->> 'id')::uuid, p_token ->> 'kind', (p_token ->> 'person')::uuid,
    (p_token ->> 'at')::timestamptz, (p_token ->> 'expires')::timestamptz
  where is_outside_accounts()
$$;
