-- The definer functions: the only ways past the tenant policies for the app role. Each takes what is looked up
-- and returns one answer. Every request begins with one of the find_…_caller functions.

create function account_json(wanted uuid) returns jsonb
  language sql stable security definer set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', a.id, 'slug', d.name, 'status', a.status, 'name', s.name, 'timeZone', s.time_zone, 'locale', s.locale,
    'currency', s.currency, 'accent', s.accent, 'logoKey', s.logo_key, 'supportEmail', s.support_email,
    'supportPhone', s.support_phone, 'postalAddress', s.postal_address,
    'portal', jsonb_build_object(
      'enabled', p.enabled, 'public', p.public, 'name', coalesce(p.name, s.name), 'introduction', p.introduction,
      'signUpFields', p.sign_up_fields, 'signUpDomains', to_jsonb(p.sign_up_domains), 'switches', p.switches,
      'permissions', p.permissions, 'templates', to_jsonb(p.templates),
      'hideJobsOfOtherTemplates', p.hide_jobs_of_other_templates, 'severalJobs', p.several_jobs,
      'requestedStart', p.requested_start, 'createCustomers', coalesce(p.create_customers, p.public),
      'staffNames', p.staff_names, 'confirmBookings', p.confirm_bookings, 'mailOnRemoval', p.mail_on_removal))
  from accounts a
  join addresses d on d.account_id = a.id and d.current
  join account_settings s on s.account_id = a.id
  join portal_settings p on p.account_id = a.id
  where a.id = wanted
$$;
comment on function account_json(uuid) is 'What every request knows of its account.';

create function find_address(wanted text, at timestamptz) returns jsonb
  language sql stable security definer set search_path = public, pg_temp as $$
  select jsonb_build_object('account', d.account_id, 'moved', case when d.current then null else c.name end)
  from addresses d join addresses c on c.account_id = d.account_id and c.current
  where d.name = wanted and (d.current or d.retired_at > at - interval '1 year')
$$;
comment on function find_address(text, timestamptz) is 'Slug or host to account; `moved` names the current slug when this one was given up within a year.';

create function find_portal_caller(address text, tokens jsonb, at timestamptz) returns jsonb
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  found jsonb := find_address(address, at);
  account uuid := (found ->> 'account')::uuid;
  wanted bytea;
  session portal_sessions;
  person jsonb;
begin
  if account is null then return null; end if;
  if found ->> 'moved' is not null then return jsonb_build_object('moved', found ->> 'moved'); end if;
  -- Cookie names carry the end of the account's id, so that portals sharing a host keep their sessions apart.
  wanted := decode(coalesce(tokens ->> right(account::text, 12), ''), 'hex');
  if wanted <> '' then
    select * into session from portal_sessions s where s.account_id = account and s.hash = wanted and s.ends_at > at;
    if session.id is not null then
      select jsonb_build_object(
        'id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone, 'locale', u.locale, 'sessionId', session.id,
        'permissions', u.permissions, 'templatesMode', u.templates_mode, 'templates', to_jsonb(u.templates),
        'links', coalesce((
          select jsonb_agg(jsonb_build_object('id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id, 'permissions', l.permissions) order by l.created_at)
          from portal_links l join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.status = 'active'
          where l.account_id = account and l.portal_user_id = u.id), '[]'))
      into person
      from portal_users u where u.account_id = account and u.id = session.subject_id and u.status = 'active';
      if person is not null and session.seen_at < at - interval '1 minute' then
        update portal_sessions s set seen_at = at where s.account_id = account and s.hash = wanted;
      end if;
    end if;
  end if;
  return jsonb_build_object('account', account_json(account), 'portalUser', person);
end $$;

create function find_person_session(wanted bytea, at timestamptz) returns jsonb
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  session people_sessions;
  person jsonb;
begin
  select * into session from people_sessions s where s.hash = wanted and s.ends_at > at and s.seen_at > at - interval '1 hour';
  if session.id is null then return null; end if;
  select jsonb_build_object('id', p.id, 'email', p.email, 'name', p.name, 'locale', p.locale, 'sessionId', session.id)
    into person from people p where p.id = session.person_id;
  if session.seen_at < at - interval '1 minute' then
    update people_sessions s set seen_at = at where s.hash = wanted;
  end if;
  return person;
end $$;
comment on function find_person_session(bytea, timestamptz) is 'The person of a live session; an hour without a request or 24 hours end it.';

create function find_office_caller(address text, session_hash bytea, at timestamptz) returns jsonb
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  found jsonb := find_address(address, at);
  account uuid := (found ->> 'account')::uuid;
  person jsonb := case when session_hash is null then null else find_person_session(session_hash, at) end;
  member jsonb;
begin
  if account is null then return jsonb_build_object('person', person); end if;
  if found ->> 'moved' is not null then return jsonb_build_object('moved', found ->> 'moved', 'person', person); end if;
  if person is not null then
    select jsonb_build_object('id', m.id, 'role', m.role, 'name', coalesce(m.name, m.email),
        'customers', case when m.role = 'worker' then coalesce((
          select jsonb_agg(distinct j.customer_id) from jobs j
          where j.account_id = account and j.worker_id = m.id and j.status not in ('completed', 'canceled')), '[]') else '[]' end)
      into member
      from staff_members m where m.account_id = account and m.person_id = (person ->> 'id')::uuid and m.status = 'active';
  end if;
  return jsonb_build_object('account', account_json(account), 'person', person, 'member', member);
end $$;

create function find_person_caller(session_hash bytea, at timestamptz) returns jsonb
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  person jsonb := case when session_hash is null then null else find_person_session(session_hash, at) end;
begin
  return jsonb_build_object('person', person);
end $$;

create function find_login(wanted text) returns table (id uuid, password_hash text, name text)
  language sql stable security definer set search_path = public, pg_temp as
  'select p.id, p.password_hash, p.name from people p where p.email_norm = wanted';

create function find_portal_login(account uuid, wanted text) returns table (id uuid, password_hash text, status text, name text)
  language sql stable security definer set search_path = public, pg_temp as
  'select u.id, u.password_hash, u.status, u.name from portal_users u where u.account_id = account and u.email_norm = wanted and u.status <> ''removed''';

create function accounts_of(person uuid) returns table (slug text, name text, accent text, role text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select d.name, s.name, s.accent, m.role
  from staff_members m
  join accounts a on a.id = m.account_id and a.status = 'active'
  join addresses d on d.account_id = m.account_id and d.current
  join account_settings s on s.account_id = m.account_id
  where m.person_id = person and m.status = 'active'
  order by lower(s.name)
$$;
comment on function accounts_of(uuid) is 'The account switcher.';

create function start_person_session(session jsonb) returns void
  language sql security definer set search_path = public, pg_temp as $$
  insert into people_sessions (hash, id, person_id, created_at, seen_at, ends_at, user_agent, client_address)
  values (decode(session ->> 'hash', 'hex'), (session ->> 'id')::uuid, (session ->> 'person')::uuid, (session ->> 'at')::timestamptz,
          (session ->> 'at')::timestamptz, (session ->> 'ends')::timestamptz, session ->> 'userAgent', session ->> 'clientAddress')
$$;

create function person_sessions_of(person uuid, at timestamptz)
  returns table (id uuid, created_at timestamptz, seen_at timestamptz, user_agent text, client_address text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select s.id, s.created_at, s.seen_at, s.user_agent, s.client_address from people_sessions s
  where s.person_id = person and s.ends_at > at and s.seen_at > at - interval '1 hour' order by s.seen_at desc
$$;

create function end_person_sessions(person uuid, only_session uuid, but_session uuid) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare ended int;
begin
  delete from people_sessions s where s.person_id = person
    and (only_session is null or s.id = only_session) and (but_session is null or s.id <> but_session);
  get diagnostics ended = row_count;
  return ended;
end $$;

create function add_person_token(token jsonb) returns void
  language sql security definer set search_path = public, pg_temp as $$
  insert into people_tokens (hash, id, kind, person_id, created_at, expires_at)
  values (decode(token ->> 'hash', 'hex'), (token ->> 'id')::uuid, token ->> 'kind', (token ->> 'person')::uuid, (token ->> 'at')::timestamptz, (token ->> 'expires')::timestamptz)
$$;

create function find_person_token(wanted bytea, wanted_kind text) returns table (id uuid, person_id uuid, email text, name text, expires_at timestamptz, used_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, t.person_id, p.email, p.name, t.expires_at, t.used_at from people_tokens t left join people p on p.id = t.person_id
  where t.hash = wanted and t.kind = wanted_kind
$$;

-- Consuming is one statement: of two at once one sees the other's mark and gets nothing.
create function consume_person_token(wanted bytea, wanted_kind text, at timestamptz) returns uuid
  language sql security definer set search_path = public, pg_temp as $$
  update people_tokens t set used_at = at where t.hash = wanted and t.kind = wanted_kind and t.used_at is null and t.expires_at > at
  returning coalesce(t.person_id, t.id)
$$;

create function set_person_password(person uuid, new_hash text, at timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update people set password_hash = new_hash, updated_at = at where id = person;
  update people_tokens set used_at = at where person_id = person and kind = 'passwordReset' and used_at is null;
$$;

create function person_password(person uuid) returns text
  language sql stable security definer set search_path = public, pg_temp as 'select password_hash from people where id = person';

create function set_person_name(person uuid, new_name text, at timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update people set name = new_name, updated_at = at where id = person;
  update staff_members set name = new_name, updated_at = at where person_id = person;
$$;

-- Finds or makes the person of an address. A password is set only when there is none yet.
create function add_person(person jsonb) returns uuid
  language sql security definer set search_path = public, pg_temp as $$
  insert into people as p (id, email, email_norm, name, password_hash, created_at, updated_at)
  values ((person ->> 'id')::uuid, person ->> 'email', person ->> 'emailNorm', person ->> 'name', person ->> 'passwordHash', (person ->> 'at')::timestamptz, (person ->> 'at')::timestamptz)
  on conflict (email_norm) do update set
    name = case when p.password_hash is null and excluded.password_hash is not null then excluded.name else p.name end,
    password_hash = coalesce(p.password_hash, excluded.password_hash)
  returning p.id
$$;

create function installation_is_empty() returns boolean
  language sql stable security definer set search_path = public, pg_temp as 'select not exists (select 1 from accounts)';

-- A new account with its settings, address and owner: all rows or none.
create function create_account(account jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  new_id uuid := (account ->> 'id')::uuid;
  at timestamptz := (account ->> 'at')::timestamptz;
begin
  insert into accounts (id, kind, status, created_at) values (new_id, 'business', 'active', at);
  insert into addresses (name, account_id, current, created_at) values (account ->> 'slug', new_id, true, at);
  insert into account_settings (account_id, name, time_zone, locale, currency, support_email, updated_at)
    values (new_id, account ->> 'name', account ->> 'timeZone', account ->> 'locale', account ->> 'currency', account ->> 'supportEmail', at);
  insert into portal_settings (account_id, updated_at) values (new_id, at);
  insert into staff_members (account_id, id, person_id, email, name, role, status, created_at, updated_at)
    values (new_id, (account ->> 'memberId')::uuid, (account ->> 'ownerId')::uuid, account ->> 'ownerEmail', account ->> 'ownerName', 'owner', 'active', at, at);
end $$;

-- Moves an account to another slug; the old one redirects for a year. False when another account has it.
create function change_account_slug(account uuid, new_slug text, at timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select 1 from addresses d where d.name = new_slug and d.account_id <> account and (d.current or d.retired_at > at - interval '1 year')) then
    return false;
  end if;
  delete from addresses d where d.name = new_slug and d.account_id <> account;
  update addresses d set current = false, retired_at = at where d.account_id = account and d.current and d.name <> new_slug;
  insert into addresses (name, account_id, current, created_at) values (new_slug, account, true, at)
    on conflict (name) do update set current = true, retired_at = null;
  return true;
end $$;

do $$
declare fn text;
begin
  foreach fn in array array['account_json(uuid)','find_address(text, timestamptz)','find_portal_caller(text, jsonb, timestamptz)',
    'find_person_session(bytea, timestamptz)','find_office_caller(text, bytea, timestamptz)','find_person_caller(bytea, timestamptz)',
    'find_login(text)','find_portal_login(uuid, text)','accounts_of(uuid)','start_person_session(jsonb)','person_sessions_of(uuid, timestamptz)',
    'end_person_sessions(uuid, uuid, uuid)','add_person_token(jsonb)','find_person_token(bytea, text)','consume_person_token(bytea, text, timestamptz)',
    'set_person_password(uuid, text, timestamptz)','person_password(uuid)','set_person_name(uuid, text, timestamptz)','add_person(jsonb)',
    'installation_is_empty()','create_account(jsonb)','change_account_slug(uuid, text, timestamptz)'] loop
    execute format('revoke all on function %s from public', fn);
    execute format('grant execute on function %s to portico_app, portico_system', fn);
  end loop;
end $$;
