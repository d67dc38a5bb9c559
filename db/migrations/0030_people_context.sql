-- widens: nothing
-- Outside of accounts, too, a person's password, name and sessions are changed only for that person: signed in, or proved in this
-- transaction by a password or a mailed link. A sign-in is proved by the password as it is now, so that one with an earlier
-- password cannot outlive its change. The first half of a sign-in works only before the transaction has an account.

create function is_own_person(p_person_id uuid) returns boolean
  language sql stable as $$
  select coalesce(
    p_person_id = context_actor('person')
      or p_person_id = nullif(current_setting('app.person', true), '')::uuid,
    false)
$$;
comment on function is_own_person(uuid) is
  'Whether this person is signed in, or was proved by a mailed link or a password in this transaction.';

create function prove_person(p_person_id uuid) returns void
  language plpgsql as $$
begin
  execute format('set local app.person = %L', p_person_id);
end $$;
comment on function prove_person(uuid) is
  'From here on the transaction is this person''s own. Called only by the functions below that compare a secret.';

-- ---- signing in ----

create function record_person_sign_in(p_person_id uuid, p_password_hash text) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- Locked: a password that changes at this moment ends the session that starts here, or this sign-in fails.
  perform from people p where p.id = p_person_id and p.password_hash = p_password_hash for share;
  if not found or not is_outside_accounts() then
    return false;
  end if;
  perform prove_person(p_person_id);
  return true;
end $$;
comment on function record_person_sign_in(uuid, text) is
  'After it the transaction is that person''s own. False when the password changed since it was verified against this '
  'hash. Called by the sign-in form, for anybody.';
grant execute on function record_person_sign_in(uuid, text) to portico_app;

create or replace function begin_sign_in(
    p_account_id uuid, p_email_norm text, p_login_bucket text, p_address_bucket text, p_browser_hash bytea,
    p_now timestamptz)
  returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  scope constant text := 'scope:' || coalesce(p_account_id::text, 'people');
  sprayed boolean;
  login record;
  browser uuid;
  counted guess_count;
  buckets text[];
begin
  if not is_outside_accounts() then
    raise exception 'A sign-in begins before the transaction has an account' using errcode = '42501';
  end if;
  if p_account_id is null then
    select p.id, p.password_hash, p.name, null::text as status, p.email into login
    from people p where p.email_norm = p_email_norm;
  else
    select u.id, u.password_hash, u.name, u.status, u.email into login
    from portal_users u
    where u.account_id = p_account_id and u.email_norm = p_email_norm and u.status <> 'removed';
  end if;
  select b.id into browser
  from known_browsers b
  where b.hash = p_browser_hash and b.login_id = login.id and b.seen_at > p_now - interval '400 days'
    and b.password_digest = sha256(convert_to(login.password_hash, 'UTF8'))
    and not exists (select from guesses g where g.bucket = 'browser:' || b.id and g.failures >= 100);
  if browser is not null then
    buckets := array['browser:' || browser];
    counted := count_guess(buckets[1], login.id, p_now, 10, 900, 5);
  else
    buckets := array[p_address_bucket, p_login_bucket];
    sprayed := is_sprayed(scope, 50, p_now) or is_sprayed('installation', 200, p_now);
    counted := case when sprayed
      then count_guess(p_address_bucket, null, p_now, 5, 180, null)
      else count_guess(p_address_bucket, null, p_now, 50, 90, null) end;
    if counted.wait = 0 then
      counted := count_guess(p_login_bucket, login.id, p_now, 10, 900, case when sprayed then 2 else 5 end);
      if counted.wait > 0 then
        perform take_back_guess(p_address_bucket, p_now);
      end if;
    end if;
  end if;
  if counted.wait > 0 then
    return json_build_object(
      'wait', counted.wait, 'failures', counted.failures, 'sprayed', count_failed_sign_in(p_account_id, p_now));
  end if;
  return json_build_object(
    'wait', 0, 'failures', counted.failures, 'buckets', buckets,
    'login', case when login.id is not null then json_build_object(
      'id', login.id, 'password_hash', login.password_hash, 'name', login.name, 'status', login.status,
      'email', login.email) end);
end $$;
comment on function begin_sign_in(uuid, text, text, text, bytea, timestamptz) is
  'Counts a sign-in as failed until complete_sign_in takes it back, and answers the login with its password hash. For '
  'anyone, before the transaction has an account. No account: the login of a person. Known browsers have their own '
  'budget; all others share those of the login and of the client address, which are smaller while many logins are being '
  'guessed at.';

create or replace function complete_sign_in(p_buckets text[], p_login_id uuid, p_now timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  bucket text;
begin
  if not is_outside_accounts() then
    raise exception 'A sign-in is completed outside of accounts' using errcode = '42501';
  end if;
  foreach bucket in array p_buckets loop
    perform take_back_guess(bucket, p_now);
  end loop;
  update guesses g set failures = 0 where g.login_id = p_login_id and g.failures > 0;
end $$;
comment on function complete_sign_in(text[], uuid, timestamptz) is
  'The password was right: takes the guess back and ends the row of failures. For whoever has signed in, after the '
  'transaction.';

create or replace function remember_browser(
    p_login_id uuid, p_old_hash bytea, p_new_hash bytea, p_id uuid, p_password_hash text, p_now timestamptz)
  returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if not (is_own_login(p_login_id) or is_own_person(p_login_id)) then
    return;
  end if;
  -- A cookie that somebody planted before the sign-in stays unknown: what it knew moves to the new one.
  update known_browsers b set hash = p_new_hash where b.hash = p_old_hash;
  insert into known_browsers (hash, login_id, id, password_digest, seen_at)
  values (p_new_hash, p_login_id, p_id, sha256(convert_to(p_password_hash, 'UTF8')), p_now)
  on conflict (hash, login_id) do update set password_digest = excluded.password_digest, seen_at = excluded.seen_at;
  delete from known_browsers b
  where b.login_id = p_login_id and b.id in (
    select o.id from known_browsers o where o.login_id = p_login_id order by o.seen_at desc offset 20);
end $$;
comment on function remember_browser(uuid, bytea, bytea, uuid, text, timestamptz) is
  'A browser has signed in, or proved a mailbox, and is known for this login. The 20 used last are kept. '
  'For whoever has checked the password or the link: does nothing for other logins.';

create or replace function forget_guesses(p_login_id uuid) returns void
  language sql security definer set search_path = public, pg_temp as $$
  delete from guesses where login_id = p_login_id and (is_own_login(p_login_id) or is_own_person(p_login_id))
$$;
comment on function forget_guesses(uuid) is
  'The password was set anew by whoever proved the mailbox: earlier failures say nothing. For whoever used the link: does '
  'nothing for other logins.';

create or replace function find_portal_login(p_account_id uuid, p_email_norm text)
  returns table (id uuid, password_hash text, status text, name text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select u.id, u.password_hash, u.status, u.name
  from portal_users u
  where u.account_id = p_account_id and is_outside_accounts()
    and u.email_norm = p_email_norm and u.status <> 'removed'
$$;
comment on function find_portal_login(uuid, text) is
  'Returns the password hash that a portal user''s current password is compared with, before it changes. '
  'Called before the transaction has an account.';

-- What the forms on which anybody types an address need, without the password and details of whoever has it.
create or replace function lock_portal_login_of_address(p_account_id uuid, p_email_norm text) returns json
  language sql security definer set search_path = public, pg_temp as $$
  select json_build_object(
    'id', u.id, 'email', u.email, 'email_norm', u.email_norm, 'sign_up_hash', u.sign_up_hash, 'name', u.name,
    'locale', u.locale, 'status', u.status)
  from portal_users u
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.email_norm = p_email_norm and u.status <> 'removed'
  for update
$$;
comment on function lock_portal_login_of_address(uuid, text) is
  'Who has an address in the portal, locked. '
  'Called by the forms on which anybody types an address: sign-up, resend and forgotten password. They answer alike '
  'whether or not there is one, and what they do is mailed to that address.';

-- ---- people ----

drop function set_person_password(uuid, text, timestamptz);
create function set_person_password(
    p_person_id uuid, p_password_hash text, p_expected_hash text, p_now timestamptz)
  returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update people p set password_hash = p_password_hash, updated_at = p_now
  where p.id = p_person_id and is_own_person(p_person_id)
    and case
      when p_expected_hash is not null then p.password_hash = p_expected_hash
      -- Whoever is only signed in must know the present password.
      else p_person_id = nullif(current_setting('app.person', true), '')::uuid
    end;
  if not found then
    return false;
  end if;
  update people_tokens set used_at = p_now
  where person_id = p_person_id and kind = 'passwordReset' and used_at is null;
  return true;
end $$;
comment on function set_person_password(uuid, text, text, timestamptz) is
  'Changes a password and ends all reset links of the person. False unless the present one is still the expected one, or '
  'none is expected and a link was used in this transaction. Called by the person themselves.';
grant execute on function set_person_password(uuid, text, text, timestamptz) to portico_app;

create or replace function set_first_password(
    p_person_id uuid, p_name text, p_password_hash text, p_now timestamptz)
  returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update people p set name = p_name, password_hash = p_password_hash, updated_at = p_now
  where p.id = p_person_id and p.password_hash is null and is_outside_accounts();
  if not found then
    return false;
  end if;
  perform prove_person(p_person_id);
  return true;
end $$;
comment on function set_first_password(uuid, text, text, timestamptz) is
  'Gives a person who has no password a name and a password, after which the transaction is that person''s own; false when '
  'there is a password already. '
  'Called by the invited person, before the transaction enters the account whose invitation it then uses.';

create or replace function set_person_name(p_person_id uuid, p_name text, p_now timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update people set name = p_name, updated_at = p_now where id = p_person_id and is_own_person(p_person_id);
  update staff_members set name = p_name, updated_at = p_now
  where person_id = p_person_id and is_own_person(p_person_id);
$$;
comment on function set_person_name(uuid, text, timestamptz) is
  'Renames a person, with the copies in all of their accounts. Called by the person themselves: does nothing for others.';

-- ---- sessions of people ----

drop function start_person_session(jsonb);
create function start_person_session(p_session jsonb) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  person constant uuid := (p_session ->> 'person')::uuid;
  started_at constant timestamptz := (p_session ->> 'at')::timestamptz;
begin
  if not is_own_person(person) then
    return false;
  end if;
  insert into people_sessions (hash, id, person_id, created_at, seen_at, ends_at, user_agent, client_address)
  values (
    decode(p_session ->> 'hash', 'hex'), (p_session ->> 'id')::uuid, person, started_at, started_at,
    (p_session ->> 'ends')::timestamptz, p_session ->> 'userAgent', p_session ->> 'clientAddress');
  delete from people_sessions s
  where s.id in (
    select o.id from people_sessions o
    where o.person_id = person
    order by o.seen_at desc, o.created_at desc, o.id desc
    offset 20);
  return true;
end $$;
comment on function start_person_session(jsonb) is
  'Creates a session, identified by the hash of its token, and ends those beyond the 20 used last. False unless the '
  'transaction is the person''s own. Called by sign-in, set-up, an accepted invitation and a password change.';
grant execute on function start_person_session(jsonb) to portico_app;

create or replace function list_person_sessions(p_person_id uuid, p_now timestamptz)
  returns table (id uuid, created_at timestamptz, seen_at timestamptz, user_agent text, client_address text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select s.id, s.created_at, s.seen_at, s.user_agent, s.client_address
  from people_sessions s
  where s.person_id = p_person_id and is_own_person(p_person_id)
    and s.ends_at > p_now and s.seen_at > p_now - interval '1 hour'
  order by s.seen_at desc
$$;
comment on function list_person_sessions(uuid, timestamptz) is
  'Returns the active sessions of a person, newest first. Called by the person themselves: empty for others.';

create or replace function end_person_sessions(p_person_id uuid, p_only_session uuid, p_except_session uuid)
  returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ended int;
begin
  delete from people_sessions s
  where s.person_id = p_person_id and is_own_person(p_person_id)
    and (p_only_session is null or s.id = p_only_session)
    and (p_except_session is null or s.id <> p_except_session);
  get diagnostics ended = row_count;
  return ended;
end $$;
comment on function end_person_sessions(uuid, uuid, uuid) is
  'Ends one session, all, or all but one. Answers how many ended. Called by the person themselves: none of others.';

-- ---- one-use links of people ----

create or replace function create_person_token(p_token jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if not is_outside_accounts() or p_token ->> 'kind' is distinct from 'passwordReset' then
    raise exception 'A link to reset a password is made outside of accounts' using errcode = '42501';
  end if;
  insert into people_tokens (hash, id, kind, person_id, created_at, expires_at)
  values (
    decode(p_token ->> 'hash', 'hex'), (p_token ->> 'id')::uuid, p_token ->> 'kind', (p_token ->> 'person')::uuid,
    (p_token ->> 'at')::timestamptz, (p_token ->> 'expires')::timestamptz);
end $$;
comment on function create_person_token(jsonb) is
  'Creates a link to reset a password, identified by the hash of its token. It must be mailed to its person. '
  'Called by forgotten password, for anybody, before the transaction has an account.';

create or replace function create_set_up_token(p_token jsonb) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select 1 from accounts) then
    return false;
  end if;
  update people_tokens set used_at = (p_token ->> 'at')::timestamptz
  where kind = 'setUp' and used_at is null;
  insert into people_tokens (hash, id, kind, created_at, expires_at)
  values (
    decode(p_token ->> 'hash', 'hex'), (p_token ->> 'id')::uuid, 'setUp', (p_token ->> 'at')::timestamptz,
    (p_token ->> 'expires')::timestamptz);
  return true;
end $$;

create or replace function find_person_token(p_hash bytea, p_kind text)
  returns table (id uuid, person_id uuid, email text, name text, expires_at timestamptz, used_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, t.person_id, p.email, p.name, t.expires_at, t.used_at
  from people_tokens t
  left join people p on p.id = t.person_id
  where t.hash = p_hash and t.kind = p_kind and is_outside_accounts()
$$;
comment on function find_person_token(bytea, text) is
  'Returns what a one-time link is for. Called by anybody, before the transaction has an account: the token is the '
  'permission.';

create or replace function consume_person_token(p_hash bytea, p_kind text, p_now timestamptz) returns uuid
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  person uuid;
  token_id uuid;
begin
  -- A single statement, so the second of two concurrent requests sees that the link is used.
  update people_tokens t set used_at = p_now
  where t.hash = p_hash and t.kind = p_kind and t.used_at is null and t.expires_at > p_now and is_outside_accounts()
  returning t.person_id, t.id into person, token_id;
  if person is not null then
    perform prove_person(person);
  end if;
  return coalesce(person, token_id);
end $$;
comment on function consume_person_token(bytea, text, timestamptz) is
  'Uses a link, after which the transaction is its person''s own. Answers the person, for a set-up link its own id, and '
  'null when it is used, expired or unknown. Called by anybody, before the transaction has an account: the token is the '
  'permission.';

-- ---- the first account ----

create or replace function create_account(p_account jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  new_id constant uuid := (p_account ->> 'id')::uuid;
  now constant timestamptz := (p_account ->> 'at')::timestamptz;
begin
  if not (is_outside_accounts() and is_installation_empty()) then
    raise exception 'Set-up creates the first account' using errcode = '42501';
  end if;
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
  perform prove_person((p_account ->> 'ownerId')::uuid);
end $$;
comment on function create_account(jsonb) is
  'Creates the first account with its slug, settings, portal and owner, all in one transaction, which is then the '
  'owner''s own. Called by set-up, after it used the set-up link, before the transaction has an account.';
