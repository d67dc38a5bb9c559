-- Who is calling: each request begins with one of the find_…_caller functions or with begin_portal_request.
-- They are definer functions because nothing is reached before the caller is known.

create function account_to_json(p_slug text, account accounts, settings account_settings, portal portal_settings)
  returns json
  language sql stable as $$
  select json_build_object(
    'id', account.id, 'slug', p_slug, 'status', account.status,
    'name', settings.name, 'timeZone', settings.time_zone, 'locale', settings.locale, 'currency', settings.currency,
    'accent', settings.accent, 'logoKey', settings.logo_key, 'supportEmail', settings.support_email,
    'supportPhone', settings.support_phone, 'postalAddress', settings.postal_address,
    'portal', json_build_object(
      'enabled', portal.enabled, 'public', portal.public, 'name', coalesce(portal.name, settings.name),
      'introduction', portal.introduction, 'signUpFields', portal.sign_up_fields,
      'signUpDomains', portal.sign_up_domains, 'switches', portal.switches, 'permissions', portal.permissions,
      'templates', portal.templates, 'hideJobsOfOtherTemplates', portal.hide_jobs_of_other_templates,
      'severalJobs', portal.several_jobs, 'requestedStart', portal.requested_start,
      'createCustomers', coalesce(portal.create_customers, portal.public), 'staffNames', portal.staff_names,
      'confirmBookings', portal.confirm_bookings, 'mailOnRemoval', portal.mail_on_removal))
$$;
comment on function account_to_json(text, accounts, account_settings, portal_settings) is
  'What every request knows of its account. The planner inlines it.';

create function load_account(p_account_id uuid) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select account_to_json(slugs.slug, a, s, p)
  from accounts a
  join account_slugs slugs on slugs.account_id = a.id and slugs.is_current
  join account_settings s on s.account_id = a.id
  join portal_settings p on p.account_id = a.id
  where a.id = p_account_id
$$;
comment on function load_account(uuid) is 'The account as account_to_json describes it; null when there is none.';
grant execute on function load_account(uuid) to portico_app, portico_system;

-- ---- people: the office, a person's own pages, the platform ----

create function find_person_session(p_hash bytea, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  session people_sessions;
begin
  select * into session from people_sessions s
  where s.hash = p_hash and s.ends_at > p_now and s.seen_at > p_now - interval '1 hour';
  if session.id is null then
    return null;
  end if;
  if session.seen_at < p_now - interval '1 minute' then
    update people_sessions s set seen_at = p_now where s.hash = p_hash;
  end if;
  return (
    select json_build_object('id', p.id, 'email', p.email, 'name', p.name, 'locale', p.locale, 'sessionId', session.id)
    from people p where p.id = session.person_id);
end $$;
comment on function find_person_session(bytea, timestamptz) is
  'The person of a live session, and a note of its use once a minute. Null: it has ended or never existed.';
grant execute on function find_person_session(bytea, timestamptz) to portico_app, portico_system;

create function find_person_caller(p_session_hash bytea, p_now timestamptz) returns json
  language sql security definer set search_path = public, pg_temp as $$
  select json_build_object('person', find_person_session(p_session_hash, p_now))
$$;
comment on function find_person_caller(bytea, timestamptz) is 'The person who is calling, outside any account.';
grant execute on function find_person_caller(bytea, timestamptz) to portico_app, portico_system;

create function find_office_caller(p_slug text, p_session_hash bytea, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  slug constant jsonb := find_account_slug(p_slug, p_now);
  account constant uuid := (slug ->> 'account')::uuid;
  person constant json := find_person_session(p_session_hash, p_now);
  member json;
begin
  if account is null then
    return json_build_object('person', person);
  end if;
  if slug ->> 'moved' is not null then
    return json_build_object('moved', slug ->> 'moved', 'person', person);
  end if;
  select json_build_object(
      'id', m.id, 'role', m.role, 'name', coalesce(m.name, m.email),
      'customers', array(
        select distinct j.customer_id from jobs j
        where m.role = 'worker' and j.account_id = m.account_id and j.worker_id = m.id
          and j.status not in ('completed', 'canceled')))
    into member
    from staff_members m
    where m.account_id = account and m.status = 'active'
      and m.person_id = (person ->> 'id')::uuid;
  return json_build_object('account', load_account(account), 'person', person, 'member', member);
end $$;
comment on function find_office_caller(text, bytea, timestamptz) is
  'Account, person and membership of an office request. A worker''s customers are those of their open jobs.';
grant execute on function find_office_caller(text, bytea, timestamptz) to portico_app, portico_system;

-- ---- portal users ----

create type portal_caller as (
  response json,
  account_id uuid,
  actor_id uuid,
  -- The reach of reachOf (identity/rules.ts), which reach.test.ts compares.
  customers uuid[],
  jobs_of uuid[],
  contacts uuid[],
  all_templates boolean,
  templates uuid[],
  -- Hash of the session when its last use was noted more than a minute ago.
  stale_session bytea
);

create function resolve_portal_caller(p_slug text, p_session_hashes jsonb, p_now timestamptz) returns portal_caller
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  caller portal_caller;
begin
  -- One statement into the whole result: through a record in between it took half as long again.
  select
      case
        when not slugs.is_current then json_build_object(
          'moved', (select c.slug from account_slugs c where c.account_id = slugs.account_id and c.is_current))
        else json_build_object(
          'account', account_to_json(slugs.slug, a, s, p),
          'portalUser', case when u.id is not null then json_build_object(
            'id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone, 'locale', u.locale, 'sessionId', e.id,
            'permissions', u.permissions, 'templatesMode', u.templates_mode, 'templates', u.templates,
            'links', coalesce(l.links, '[]'), 'needsLastUsedUpdate', e.seen_at < p_now - interval '1 minute') end)
      end,
      case when slugs.is_current then a.id end,
      -- While a portal is off, its sessions grant nothing.
      case when a.status = 'active' and p.enabled then u.id end,
      l.customers,
      l.jobs_of,
      l.contacts,
      not p.hide_jobs_of_other_templates,
      case u.templates_mode
        when 'add' then p.templates || u.templates
        when 'replace' then u.templates
        when 'hide' then array(select t from unnest(p.templates) t where t <> all (u.templates))
        else p.templates
      end,
      case when u.id is not null and e.seen_at < p_now - interval '1 minute' then e.hash end
    into caller
    from account_slugs slugs
    join accounts a on a.id = slugs.account_id
    join account_settings s on s.account_id = a.id
    join portal_settings p on p.account_id = a.id
    -- Session cookies are named by the last 12 characters of the account's id, so that portals can share a host.
    left join portal_sessions e
      on e.account_id = a.id and slugs.is_current and e.ends_at > p_now
      and e.hash = decode(coalesce(p_session_hashes ->> right(a.id::text, 12), ''), 'hex')
    left join portal_users u on u.account_id = e.account_id and u.id = e.subject_id and u.status = 'active'
    left join lateral (
      select
        json_agg(json_build_object(
          'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id,
          'permissions', l.permissions) order by l.created_at) as links,
        array_agg(l.customer_id) as customers,
        array_agg(l.customer_id) filter (where l.scope = 'whole') as jobs_of,
        array_agg(l.contact_id) filter (where l.contact_id is not null) as contacts
      from portal_links l
      join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.status = 'active'
      where l.account_id = u.account_id and l.portal_user_id = u.id) l on u.id is not null
    where slugs.slug = p_slug and (slugs.is_current or slugs.retired_at > p_now - interval '1 year');
  return caller;
end $$;
comment on function resolve_portal_caller(text, jsonb, timestamptz) is
  'Account, portal user and reach of a session. Called only by the two functions below.';

create function find_portal_caller(p_slug text, p_session_hashes jsonb, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  caller constant portal_caller := resolve_portal_caller(p_slug, p_session_hashes, p_now);
begin
  if caller.stale_session is not null then
    update portal_sessions s set seen_at = p_now
    where s.account_id = caller.account_id and s.hash = caller.stale_session;
  end if;
  return caller.response;
end $$;
comment on function find_portal_caller(text, jsonb, timestamptz) is
  'Account and portal user of a portal request, and a note of the session''s use once a minute.';
grant execute on function find_portal_caller(text, jsonb, timestamptz) to portico_app, portico_system;

create function begin_portal_request(p_slug text, p_session_hashes jsonb, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := resolve_portal_caller(p_slug, p_session_hashes, p_now);
begin
  -- Without a portal user there is no reach.
  if caller.actor_id is null then
    caller := row(caller.response, caller.account_id, null, null, null, null, false, null, null);
  end if;
  -- The settings of app_begin, from the session itself and from nothing that the caller sends.
  execute format(
    'set local app.account = %L;
     set local app.actor_kind = %L;
     set local app.actor_id = %L;
     set local app.staff = '''';
     set local app.customers = %L;
     set local app.jobs_of = %L;
     set local app.contacts = %L;
     set local app.all_templates = %L;
     set local app.templates = %L',
    coalesce(caller.account_id::text, ''),
    case when caller.actor_id is null then 'anonymous' else 'portalUser' end,
    coalesce(caller.actor_id::text, ''),
    coalesce(caller.customers, '{}'),
    coalesce(caller.jobs_of, '{}'),
    coalesce(caller.contacts, '{}'),
    caller.all_templates::text,
    coalesce(caller.templates, '{}'));
  return caller.response;
end $$;
comment on function begin_portal_request(text, jsonb, timestamptz) is
  'find_portal_caller and app_begin in one, so that the first query of a request travels along. '
  'It writes nothing: `needsLastUsedUpdate` in the response says that the session''s last use must be saved.';
grant execute on function begin_portal_request(text, jsonb, timestamptz) to portico_app, portico_system;
