-- widens: nothing
-- How portal users, their links, mailed tokens and sessions are read and changed by anyone but office staff.
-- portico_app has no right on tokens and portal_sessions, and may only read a portal user's own rows
-- (0021_rights.sql). An account that a function is given must be the transaction's.

-- ---- logins ----

create function portal_login_to_json(login portal_users) returns json
  language sql immutable as $$
  select json_build_object(
    'id', login.id, 'email', login.email, 'email_norm', login.email_norm, 'pending_email', login.pending_email,
    'password_hash', login.password_hash, 'sign_up_hash', login.sign_up_hash, 'name', login.name, 'phone', login.phone,
    'company', login.company, 'postal_address', login.postal_address, 'locale', login.locale,
    'status', login.status, 'version', login.version)
$$;
comment on function portal_login_to_json(portal_users) is 'A portal user as sign-in and activation need it.';

create function lock_portal_login(p_account_id uuid, p_portal_user_id uuid) returns json
  language sql security definer set search_path = public, pg_temp as $$
  select portal_login_to_json(u)
  from portal_users u
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.id = p_portal_user_id
    and (is_office_staff() or is_own_login(p_portal_user_id))
  for update
$$;
comment on function lock_portal_login(uuid, uuid) is
  'A portal user, locked: changes to one user''s access run one after the other. '
  'Called by office staff and by the user themselves; null for anybody else.';
grant execute on function lock_portal_login(uuid, uuid) to portico_app;

create function lock_portal_login_of_address(p_account_id uuid, p_email_norm text) returns json
  language sql security definer set search_path = public, pg_temp as $$
  select portal_login_to_json(u)
  from portal_users u
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.email_norm = p_email_norm and u.status <> 'removed'
  for update
$$;
comment on function lock_portal_login_of_address(uuid, text) is
  'The portal user of an address, locked. '
  'Called by the forms on which anybody types an address: sign-up, resend and forgotten password. They answer alike '
  'whether or not there is one, and what they do is mailed to that address.';
grant execute on function lock_portal_login_of_address(uuid, text) to portico_app;

create function sign_up_portal_user(p_account_id uuid, p_login jsonb) returns json
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
  on conflict (account_id, email_norm) where status <> 'removed' do nothing
  returning portal_login_to_json(u)
$$;
comment on function sign_up_portal_user(uuid, jsonb) is
  'Adds a portal user who has proved nothing yet, without rights of their own. Null when the address has one: of '
  'twenty requests at once one succeeds. Called by the sign-up form, for anybody.';
grant execute on function sign_up_portal_user(uuid, jsonb) to portico_app;

create function replace_portal_sign_up(
    p_account_id uuid, p_portal_user_id uuid, p_typed jsonb, p_status text, p_search_text text, p_now timestamptz)
  returns void
  language sql security definer set search_path = public, pg_temp as $$
  update portal_users u set
    password_hash = typed.password_hash, sign_up_hash = typed.sign_up_hash, name = typed.name, phone = typed.phone,
    company = typed.company, postal_address = typed.postal_address, search_text = p_search_text,
    status = p_status, version = u.version + 1, updated_at = p_now
  from jsonb_populate_record(null::portal_users, coalesce(p_typed, '{}')) typed
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.id = p_portal_user_id and u.status = 'signed_up'
    -- What is typed counts only in the browser that signed up.
    and (p_typed is null or u.sign_up_hash = typed.sign_up_hash)
    and (p_status = 'signed_up' or p_status = 'invited' and is_office_staff())
$$;
comment on function replace_portal_sign_up(uuid, uuid, jsonb, text, text, timestamptz) is
  'Replaces what was typed at a sign-up that waits for its link; null forgets it, and the link asks for a password. '
  'Called by the sign-up form, for anybody, and by office staff, whose invitation takes over.';
grant execute on function replace_portal_sign_up(uuid, uuid, jsonb, text, text, timestamptz) to portico_app;

create function change_own_portal_user(
    p_account_id uuid, p_portal_user_id uuid, p_statuses text[], p_expected jsonb, p_change jsonb, p_now timestamptz)
  returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  changeable constant text[] := array[
    'email', 'email_norm', 'pending_email', 'password_hash', 'name', 'phone', 'company', 'postal_address', 'locale',
    'search_text', 'status', 'activated_at', 'last_sign_in_at'];
  login portal_users;
  change portal_users;
begin
  if exists (select from jsonb_object_keys(p_change) key where key <> all (changeable)) then
    raise exception 'change_own_portal_user changes no other columns than %', changeable using errcode = '42501';
  end if;
  if not is_own_login(p_portal_user_id) then
    return null;
  end if;
  select * into login from portal_users u
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.id = p_portal_user_id
    -- Nobody ends their own suspension.
    and u.status = any (p_statuses) and u.status in ('invited', 'signed_up', 'active')
    and to_jsonb(u) @> p_expected
  for update;
  if login.id is null then
    return null;
  end if;
  change := jsonb_populate_record(login, p_change);
  if change.status <> login.status and change.password_hash is null then
    return null;
  end if;
  if change.status not in (login.status, 'active')
    or change.email <> login.email and change.email is distinct from login.pending_email then
    raise exception 'A portal user may activate themselves and confirm the address that was mailed'
      using errcode = '42501';
  end if;
  update portal_users u set
    email = change.email, email_norm = change.email_norm, pending_email = change.pending_email,
    password_hash = change.password_hash, name = change.name, phone = change.phone, company = change.company,
    postal_address = change.postal_address, locale = change.locale, search_text = change.search_text,
    status = change.status,
    sign_up_hash = case when change.status = login.status then u.sign_up_hash end,
    activated_at = change.activated_at, last_sign_in_at = change.last_sign_in_at,
    version = u.version + 1, updated_at = p_now
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.id = p_portal_user_id
  returning * into login;
  return portal_login_to_json(login);
end $$;
comment on function change_own_portal_user(uuid, uuid, text[], jsonb, jsonb, timestamptz) is
  'Changes a portal user''s own address, password, details and activation, never rights: permissions, templates and '
  'suspension. Keys are column names. Null unless the row has one of the statuses and contains what is expected, and '
  'for an activation without a password. '
  'Called by the user themselves, signed in or proved by a mailed link.';
grant execute on function change_own_portal_user(uuid, uuid, text[], jsonb, jsonb, timestamptz) to portico_app;

create function record_portal_sign_in(
    p_account_id uuid, p_portal_user_id uuid, p_password_hash text, p_now timestamptz)
  returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update portal_users u set last_sign_in_at = p_now
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.id = p_portal_user_id
    and u.status = 'active' and u.password_hash = p_password_hash;
  if not found then
    return false;
  end if;
  execute format('set local app.portal_user = %L', p_portal_user_id);
  return true;
end $$;
comment on function record_portal_sign_in(uuid, uuid, text, timestamptz) is
  'Notes a sign-in, after which the transaction is that user''s own. False when the user was suspended or removed, or '
  'changed the password, since it was verified against this hash. Called by the sign-in form, for anybody.';
grant execute on function record_portal_sign_in(uuid, uuid, text, timestamptz) to portico_app;

-- ---- sessions ----

create function start_portal_session(p_session jsonb) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  portal_user_id constant uuid := (p_session ->> 'user')::uuid;
  started_at constant timestamptz := (p_session ->> 'at')::timestamptz;
begin
  if not is_own_login(portal_user_id) then
    return false;
  end if;
  insert into portal_sessions (
    account_id, hash, id, subject_kind, subject_id, created_at, seen_at, ends_at, user_agent, client_address)
  values (
    context_account(), decode(p_session ->> 'hash', 'hex'), (p_session ->> 'id')::uuid, 'portalUser',
    portal_user_id, started_at, started_at, (p_session ->> 'ends')::timestamptz,
    p_session ->> 'userAgent', p_session ->> 'clientAddress');
  return true;
end $$;
comment on function start_portal_session(jsonb) is
  'Creates a session, identified by the hash of its token. False unless the transaction is the user''s own. '
  'Called after record_portal_sign_in or consume_portal_token.';
grant execute on function start_portal_session(jsonb) to portico_app;

create function list_portal_sessions(p_account_id uuid, p_portal_user_id uuid, p_now timestamptz)
  returns table (
    id uuid, created_at timestamptz, seen_at timestamptz, ends_at timestamptz, user_agent text, client_address text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select s.id, s.created_at, s.seen_at, s.ends_at, s.user_agent, s.client_address
  from portal_sessions s
  where s.account_id = p_account_id and is_context_account(p_account_id)
    and s.subject_id = p_portal_user_id and s.ends_at > p_now
    and (is_office_staff() or is_own_login(p_portal_user_id))
  order by s.seen_at desc, s.id desc
$$;
comment on function list_portal_sessions(uuid, uuid, timestamptz) is
  'The active sessions of a portal user, newest first. Called by the user themselves and by office staff.';
grant execute on function list_portal_sessions(uuid, uuid, timestamptz) to portico_app;

create function end_portal_sessions(
    p_account_id uuid, p_portal_user_id uuid, p_only_session uuid, p_except_session uuid)
  returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ended int;
begin
  delete from portal_sessions s
  where s.account_id = p_account_id and is_context_account(p_account_id)
    and s.subject_id = p_portal_user_id
    and (is_office_staff() or is_own_login(p_portal_user_id))
    and (p_only_session is null or s.id = p_only_session)
    and (p_except_session is null or s.id <> p_except_session);
  get diagnostics ended = row_count;
  return ended;
end $$;
comment on function end_portal_sessions(uuid, uuid, uuid, uuid) is
  'Ends one session of a portal user, all, or all but one. Answers how many ended. '
  'Called by the user themselves and by office staff.';
grant execute on function end_portal_sessions(uuid, uuid, uuid, uuid) to portico_app;

create function end_all_portal_sessions(p_account_id uuid) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ended int;
begin
  delete from portal_sessions s
  where s.account_id = p_account_id and is_context_account(p_account_id) and is_office_staff();
  get diagnostics ended = row_count;
  return ended;
end $$;
comment on function end_all_portal_sessions(uuid) is
  'Ends every session of the account''s portal. Answers how many ended. Called by office staff.';
grant execute on function end_all_portal_sessions(uuid) to portico_app;

-- ---- mailed links ----

create function create_portal_token(p_account_id uuid, p_token jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  token_kind constant text := p_token ->> 'kind';
  portal_user_id constant uuid := (p_token ->> 'user')::uuid;
  address constant text := p_token ->> 'emailNorm';
  moment constant timestamptz := (p_token ->> 'at')::timestamptz;
  login portal_users;
begin
  -- Locked: two resends at once leave one open link.
  select * into login from portal_users u
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.id = portal_user_id and u.status <> 'removed'
  for update;
  if token_kind not in ('portalActivation', 'portalReset', 'portalEmailChange')
    or not is_context_account(p_account_id)
    or token_kind <> 'portalEmailChange' and address <> login.email_norm
    or token_kind = 'portalEmailChange'
      and (login.pending_email is null or not (is_office_staff() or is_own_login(portal_user_id)))
  then
    raise exception 'A link is mailed to the address of its portal user' using errcode = '42501';
  end if;
  update tokens t set replaced_at = moment
  where t.account_id = p_account_id and t.kind = token_kind and t.subject_id = portal_user_id
    and t.used_at is null and t.replaced_at is null;
  insert into tokens (account_id, id, kind, subject_id, hash, email_norm, created_at, expires_at)
  values (
    p_account_id, (p_token ->> 'id')::uuid, token_kind, portal_user_id, decode(p_token ->> 'hash', 'hex'), address,
    moment, (p_token ->> 'expires')::timestamptz);
end $$;
comment on function create_portal_token(uuid, jsonb) is
  'Creates a one-use link for a portal user, which ends the earlier ones of its kind. It must be mailed to the user''s '
  'own address, or to the pending one if it confirms that. A link for nobody opens nothing: requests about unknown '
  'addresses write one and undo it, so that they take as long. Called by anybody for the forms on which an address is '
  'typed, by office staff and by the demo; a link that changes an address, by the user or office staff.';
grant execute on function create_portal_token(uuid, jsonb) to portico_app, portico_system;

create function find_portal_token(p_account_id uuid, p_kind text, p_hash bytea, p_lock boolean)
  returns table (
    email_norm text, created_at timestamptz, expires_at timestamptz, used_at timestamptz, replaced_at timestamptz,
    login json)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_lock then
    perform from portal_users u
    where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.id = (
      select t.subject_id from tokens t
      where t.account_id = p_account_id and is_context_account(p_account_id)
    and t.kind = p_kind and t.hash = p_hash)
    for update;
  end if;
  -- A statement of its own, so that it sees what another request changed before it released the lock.
  return query
    select t.email_norm, t.created_at, t.expires_at, t.used_at, t.replaced_at, portal_login_to_json(u)
    from tokens t
    join portal_users u on u.account_id = t.account_id and u.id = t.subject_id and u.status <> 'removed'
    where t.account_id = p_account_id and is_context_account(p_account_id)
    and t.kind = p_kind and t.hash = p_hash
      and t.kind in ('portalActivation', 'portalReset', 'portalEmailChange');
end $$;
comment on function find_portal_token(uuid, text, bytea, boolean) is
  'What a mailed link is about, with its user, locked if asked. Called by anybody: the token is the permission.';
grant execute on function find_portal_token(uuid, text, bytea, boolean) to portico_app;

create function consume_portal_token(p_account_id uuid, p_kind text, p_hash bytea, p_now timestamptz) returns uuid
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  portal_user_id uuid;
begin
  update tokens t set used_at = p_now
  where t.account_id = p_account_id and is_context_account(p_account_id)
    and t.kind = p_kind and t.hash = p_hash
    and t.kind in ('portalActivation', 'portalReset', 'portalEmailChange')
    and t.used_at is null and t.replaced_at is null and t.expires_at > p_now
  returning t.subject_id into portal_user_id;
  if portal_user_id is not null then
    execute format('set local app.portal_user = %L', portal_user_id);
  end if;
  return portal_user_id;
end $$;
comment on function consume_portal_token(uuid, text, bytea, timestamptz) is
  'Uses an open link, after which the transaction is its user''s own. Null when it is not open: of twenty requests at '
  'once one gets the user. Called by anybody: the token is the permission.';
grant execute on function consume_portal_token(uuid, text, bytea, timestamptz) to portico_app;

create function is_portal_token_open(
    p_account_id uuid, p_kind text, p_hash bytea, p_email_norm text, p_now timestamptz)
  returns boolean
  language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select from tokens t
    join portal_users u on u.account_id = t.account_id and u.id = t.subject_id
    where t.account_id = p_account_id and is_context_account(p_account_id)
      and t.kind = p_kind and t.hash = p_hash and t.email_norm = p_email_norm
      and t.used_at is null and t.replaced_at is null and t.expires_at > p_now
      and u.status not in ('suspended', 'removed'))
$$;
comment on function is_portal_token_open(uuid, text, bytea, text, timestamptz) is
  'Whether a mailed link still works and belongs to its recipient. '
  'Called by the deliverer, as portico_system, and by an owner who copies an invitation.';
grant execute on function is_portal_token_open(uuid, text, bytea, text, timestamptz) to portico_app, portico_system;

create function replace_portal_tokens(
    p_account_id uuid, p_portal_user_id uuid, p_kinds text[], p_now timestamptz)
  returns void
  language sql security definer set search_path = public, pg_temp as $$
  update tokens t set replaced_at = p_now
  where t.account_id = p_account_id and is_context_account(p_account_id)
    and t.subject_id = p_portal_user_id and t.kind = any (p_kinds)
    and t.kind in ('portalActivation', 'portalReset', 'portalEmailChange')
    and t.used_at is null and t.replaced_at is null
    and (is_office_staff() or is_own_login(p_portal_user_id))
$$;
comment on function replace_portal_tokens(uuid, uuid, text[], timestamptz) is
  'Ends the open links of these kinds. Called by the user themselves and by office staff.';
grant execute on function replace_portal_tokens(uuid, uuid, text[], timestamptz) to portico_app;

create function list_portal_token_times(p_account_id uuid, p_kind text, p_portal_user_id uuid) returns timestamptz[]
  language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce(array_agg(t.created_at order by t.created_at desc), '{}')
  from tokens t
  where t.account_id = p_account_id and is_context_account(p_account_id)
    and t.kind = p_kind and t.subject_id = p_portal_user_id
$$;
comment on function list_portal_token_times(uuid, text, uuid) is
  'When links of a kind were created for a user, newest first. Called by office staff, and by anybody for the forms '
  'on which an address is typed, which send one link a minute.';
grant execute on function list_portal_token_times(uuid, text, uuid) to portico_app;

-- ---- booking ----

create function begin_booking() returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  booker_id constant uuid := context_actor('portalUser');
  booker json;
  links json;
  dispatchers json;
begin
  select json_build_object(
      'id', u.id, 'email', u.email, 'email_norm', u.email_norm, 'name', u.name, 'phone', u.phone,
      'company', u.company, 'postal_address', u.postal_address)
    into booker
    from portal_users u
    where u.account_id = context_account() and u.id = booker_id and u.status = 'active'
    for update;
  select coalesce(json_agg(json_build_object(
      'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id,
      'permissions', l.permissions) order by l.created_at), '[]')
    into links
    from (
      select * from portal_links l
      where l.account_id = context_account() and l.portal_user_id = booker_id
      for share) l;
  select coalesce(json_agg(json_build_object('id', m.id, 'email', m.email, 'name', m.name)), '[]')
    into dispatchers
    from staff_members m
    where booker is not null
      and m.account_id = context_account() and m.status = 'active' and m.role = any ('{owner,dispatcher}');
  return json_build_object('booker', booker, 'links', links, 'dispatchers', dispatchers);
end $$;
comment on function begin_booking() is
  'The portal user who books, locked until the booking ends; their links as they are then, locked against unlinking; '
  'and who gets a mail about it. The booker is null when they are not active any more. '
  'Called by a booking, for the signed-in portal user.';
grant execute on function begin_booking() to portico_app;

create function link_own_customer(p_link_id uuid, p_customer_id uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into portal_links (account_id, id, portal_user_id, customer_id, created_at, updated_at)
  select c.account_id, p_link_id, c.created_for_user_id, c.id, p_now, p_now
  from customers c
  where c.account_id = context_account() and c.id = p_customer_id
    and c.created_for_user_id = context_actor('portalUser');
  return found;
end $$;
comment on function link_own_customer(uuid, uuid, timestamptz) is
  'Links a portal user to the customer that their first booking created. False for any other customer. '
  'Called by a booking, for the signed-in portal user.';
grant execute on function link_own_customer(uuid, uuid, timestamptz) to portico_app;
