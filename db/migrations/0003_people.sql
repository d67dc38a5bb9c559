-- People: everybody who signs in to an office. One login an installation, with memberships in accounts.
-- People are directory tables, so portico_app reads and writes them through the definer functions below.

create table people (
  id uuid not null,
  email text not null,
  email_norm text not null,
  name text not null,
  password_hash text,
  locale text not null default 'en',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint people_pk primary key (id),
  constraint people_email_unique unique (email_norm)
);
comment on table people is 'class: directory. One row for each email address of staff on the installation.';
select protect_directory_table('people');

create table people_sessions (
  hash bytea not null,
  id uuid not null,
  person_id uuid not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  ends_at timestamptz not null,
  user_agent text not null,
  client_address text not null,
  constraint people_sessions_pk primary key (hash),
  constraint people_sessions_id_unique unique (id),
  constraint people_sessions_person_fk foreign key (person_id) references people (id) on delete cascade
);
comment on table people_sessions is
  'class: directory. Read on every request. A session ends after 24 hours (ends_at), or an hour without a request.';
create index people_sessions_person on people_sessions (person_id);
select protect_directory_table('people_sessions');

create table people_tokens (
  hash bytea not null,
  id uuid not null,
  kind text not null check (kind in ('passwordReset', 'setUp')),
  person_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint people_tokens_pk primary key (hash),
  constraint people_tokens_id_unique unique (id),
  constraint people_tokens_person_fk foreign key (person_id) references people (id) on delete cascade
);
comment on table people_tokens is
  'class: directory. One-use links, stored hashed: password reset of a person, and set-up of an empty installation.';
select protect_directory_table('people_tokens');

create table staff_members (
  account_id uuid not null,
  id uuid not null,
  person_id uuid not null,
  email text not null,
  name text,
  role text not null check (role in ('owner', 'admin', 'dispatcher', 'worker')),
  status text not null check (status in ('invited', 'active', 'deactivated')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint staff_members_pk primary key (account_id, id),
  constraint staff_members_person_unique unique (account_id, person_id),
  constraint staff_members_account_fk foreign key (account_id) references accounts (id),
  constraint staff_members_person_fk foreign key (person_id) references people (id)
);
comment on table staff_members is
  'class: tenant. A person''s membership in one account. Name and email are copies: portico_app cannot read people.';
create index staff_members_person on staff_members (person_id);
select protect_tenant_table('staff_members', 'account');

-- ---- a person ----

create function find_or_create_person(p_person jsonb) returns uuid
  language sql security definer set search_path = public, pg_temp as $$
  insert into people as p (id, email, email_norm, name, password_hash, created_at, updated_at)
  values (
    (p_person ->> 'id')::uuid, p_person ->> 'email', p_person ->> 'emailNorm', p_person ->> 'name',
    p_person ->> 'passwordHash', (p_person ->> 'at')::timestamptz, (p_person ->> 'at')::timestamptz)
  on conflict (email_norm) do update set
    name = case when p.password_hash is null and excluded.password_hash is not null then excluded.name else p.name end,
    password_hash = coalesce(p.password_hash, excluded.password_hash)
  returning p.id
$$;
comment on function find_or_create_person(jsonb) is
  'The person of an email address. Name and password are set only while the person has no password.';
grant execute on function find_or_create_person(jsonb) to portico_app, portico_system;

create function find_person_login(p_email_norm text) returns table (id uuid, password_hash text, name text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select p.id, p.password_hash, p.name from people p where p.email_norm = p_email_norm
$$;
comment on function find_person_login(text) is 'Returns the password hash for a sign-in. The caller is not identified yet.';
grant execute on function find_person_login(text) to portico_app, portico_system;

create function find_person_password(p_person_id uuid) returns text
  language sql stable security definer set search_path = public, pg_temp as $$
  select password_hash from people where id = p_person_id
$$;
comment on function find_person_password(uuid) is
  'The hash that a person''s current password is compared with, before it changes.';
grant execute on function find_person_password(uuid) to portico_app, portico_system;

create function set_person_password(p_person_id uuid, p_password_hash text, p_now timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update people set password_hash = p_password_hash, updated_at = p_now
  where id = p_person_id;
  update people_tokens set used_at = p_now
  where person_id = p_person_id and kind = 'passwordReset' and used_at is null;
$$;
comment on function set_person_password(uuid, text, timestamptz) is
  'Changes a password and ends all reset links of the person.';
grant execute on function set_person_password(uuid, text, timestamptz) to portico_app, portico_system;

create function set_person_name(p_person_id uuid, p_name text, p_now timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update people set name = p_name, updated_at = p_now where id = p_person_id;
  update staff_members set name = p_name, updated_at = p_now where person_id = p_person_id;
$$;
comment on function set_person_name(uuid, text, timestamptz) is
  'Renames a person, with the copies in all of their accounts.';
grant execute on function set_person_name(uuid, text, timestamptz) to portico_app, portico_system;

create function list_person_accounts(p_person_id uuid) returns table (slug text, name text, accent text, role text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select slugs.slug, s.name, s.accent, m.role
  from staff_members m
  join accounts a on a.id = m.account_id and a.status = 'active'
  join account_slugs slugs on slugs.account_id = m.account_id and slugs.is_current
  join account_settings s on s.account_id = m.account_id
  where m.person_id = p_person_id and m.status = 'active'
  order by lower(s.name)
$$;
comment on function list_person_accounts(uuid) is 'Returns the accounts that a person can switch between.';
grant execute on function list_person_accounts(uuid) to portico_app, portico_system;

create function find_first_account(p_person_id uuid) returns uuid
  language sql stable security definer set search_path = public, pg_temp as $$
  select m.account_id
  from staff_members m
  join accounts a on a.id = m.account_id and a.status = 'active'
  where m.person_id = p_person_id and m.status = 'active'
  order by m.created_at, m.account_id
  limit 1
$$;
comment on function find_first_account(uuid) is
  'The account in whose name a password mail is sent; null when the person is active nowhere.';
grant execute on function find_first_account(uuid) to portico_app, portico_system;

-- ---- sessions ----

create function start_person_session(p_session jsonb) returns void
  language sql security definer set search_path = public, pg_temp as $$
  insert into people_sessions (hash, id, person_id, created_at, seen_at, ends_at, user_agent, client_address)
  values (
    decode(p_session ->> 'hash', 'hex'), (p_session ->> 'id')::uuid, (p_session ->> 'person')::uuid,
    (p_session ->> 'at')::timestamptz, (p_session ->> 'at')::timestamptz, (p_session ->> 'ends')::timestamptz,
    p_session ->> 'userAgent', p_session ->> 'clientAddress')
$$;
comment on function start_person_session(jsonb) is 'Creates a session, identified by the hash of its token.';
grant execute on function start_person_session(jsonb) to portico_app, portico_system;

create function list_person_sessions(p_person_id uuid, p_now timestamptz)
  returns table (id uuid, created_at timestamptz, seen_at timestamptz, user_agent text, client_address text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select s.id, s.created_at, s.seen_at, s.user_agent, s.client_address
  from people_sessions s
  where s.person_id = p_person_id and s.ends_at > p_now and s.seen_at > p_now - interval '1 hour'
  order by s.seen_at desc
$$;
comment on function list_person_sessions(uuid, timestamptz) is 'Returns the active sessions of a person, newest first.';
grant execute on function list_person_sessions(uuid, timestamptz) to portico_app, portico_system;

create function end_person_sessions(p_person_id uuid, p_only_session uuid, p_except_session uuid) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ended int;
begin
  delete from people_sessions s
  where s.person_id = p_person_id
    and (p_only_session is null or s.id = p_only_session)
    and (p_except_session is null or s.id <> p_except_session);
  get diagnostics ended = row_count;
  return ended;
end $$;
comment on function end_person_sessions(uuid, uuid, uuid) is
  'Ends one session, all, or all but one. Answers how many ended.';
grant execute on function end_person_sessions(uuid, uuid, uuid) to portico_app, portico_system;

-- ---- one-use links ----

create function create_person_token(p_token jsonb) returns void
  language sql security definer set search_path = public, pg_temp as $$
  insert into people_tokens (hash, id, kind, person_id, created_at, expires_at)
  values (
    decode(p_token ->> 'hash', 'hex'), (p_token ->> 'id')::uuid, p_token ->> 'kind', (p_token ->> 'person')::uuid,
    (p_token ->> 'at')::timestamptz, (p_token ->> 'expires')::timestamptz)
$$;
comment on function create_person_token(jsonb) is 'Creates a one-time link for a person, identified by the hash of its token.';
grant execute on function create_person_token(jsonb) to portico_app, portico_system;

create function create_set_up_token(p_token jsonb) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select 1 from accounts) then
    return false;
  end if;
  update people_tokens set used_at = (p_token ->> 'at')::timestamptz
  where kind = 'setUp' and used_at is null;
  perform create_person_token(p_token || '{"kind": "setUp", "person": null}');
  return true;
end $$;
comment on function create_set_up_token(jsonb) is
  'The set-up link of an empty installation, which ends all earlier ones. False when there is an account.';
grant execute on function create_set_up_token(jsonb) to portico_app, portico_system;

create function find_person_token(p_hash bytea, p_kind text)
  returns table (id uuid, person_id uuid, email text, name text, expires_at timestamptz, used_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, t.person_id, p.email, p.name, t.expires_at, t.used_at
  from people_tokens t
  left join people p on p.id = t.person_id
  where t.hash = p_hash and t.kind = p_kind
$$;
comment on function find_person_token(bytea, text) is 'Returns what a one-time link is for. The token is the only permission needed.';
grant execute on function find_person_token(bytea, text) to portico_app, portico_system;

-- A single statement, so the second of two concurrent requests sees that the link is used.
create function consume_person_token(p_hash bytea, p_kind text, p_now timestamptz) returns uuid
  language sql security definer set search_path = public, pg_temp as $$
  update people_tokens t set used_at = p_now
  where t.hash = p_hash and t.kind = p_kind and t.used_at is null and t.expires_at > p_now
  returning coalesce(t.person_id, t.id)
$$;
comment on function consume_person_token(bytea, text, timestamptz) is
  'Uses a link. Answers its person, for a set-up link its own id, and null when it is used, expired or unknown.';
grant execute on function consume_person_token(bytea, text, timestamptz) to portico_app, portico_system;

create function find_staff_invitation(p_hash bytea)
  returns table (
    account_id uuid, token_id uuid, member_id uuid, person_id uuid, email text, name text, role text,
    member_status text, business text, accent text, slug text,
    expires_at timestamptz, used_at timestamptz, replaced_at timestamptz, has_password boolean)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.account_id, t.id, m.id, m.person_id, m.email, p.name, m.role, m.status,
    s.name, s.accent, slugs.slug, t.expires_at, t.used_at, t.replaced_at,
    p.password_hash is not null
  from tokens t
  join accounts a on a.id = t.account_id and a.status = 'active'
  join account_settings s on s.account_id = t.account_id
  join account_slugs slugs on slugs.account_id = t.account_id and slugs.is_current
  join staff_members m on m.account_id = t.account_id and m.id = t.subject_id
  join people p on p.id = m.person_id
  where t.hash = p_hash and t.kind = 'staffInvitation'
$$;
comment on function find_staff_invitation(bytea) is
  'What an invitation to the staff of an account is about. Nobody is signed in yet: the token alone names the account.';
grant execute on function find_staff_invitation(bytea) to portico_app, portico_system;
