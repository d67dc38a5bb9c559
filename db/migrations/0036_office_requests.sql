-- widens: nothing
-- An office request resolves its caller and sets its reach in one statement, as a portal request does, so that its first query
-- travels along. Nobody reaches more than by find_office_caller and app_begin: reach.test.ts compares the two.

create type office_caller as (
  response json,
  account_id uuid,
  -- The reach of reachOf (identity/rules.ts), which reach.test.ts compares.
  actor_kind text,
  actor_id uuid,
  staff text,
  customers uuid[],
  -- Hash of the session when its last use has to be noted.
  stale_session bytea
);

create function resolve_office_caller(p_slug text, p_session_hash bytea, p_now timestamptz) returns office_caller
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  caller office_caller;
begin
  select
      json_build_object(
        'moved', case when not slugs.is_current then (
          select c.slug from account_slugs c where c.account_id = slugs.account_id and c.is_current) end,
        'account', case when a.id is not null then account_to_json(slugs.slug, a, s, p) end,
        'person', case when e.id is not null then json_build_object(
          'id', u.id, 'email', u.email, 'name', u.name, 'locale', u.locale, 'sessionId', e.id,
          'needsLastUsedUpdate', stale.is_stale) end,
        'member', case when m.id is not null then json_build_object(
          'id', m.id, 'role', m.role, 'name', coalesce(m.name, m.email), 'customers', own.customers) end),
      a.id,
      case when own.is_active then 'staff' when e.id is not null then 'person' else 'anonymous' end,
      case when own.is_active then m.id else u.id end,
      case when own.is_active then case m.role when 'worker' then 'assigned' else 'all' end end,
      case when own.is_active then own.customers end,
      case when stale.is_stale then e.hash end
    into caller
    from (select p_slug as slug) given
    left join account_slugs slugs
      on slugs.slug = given.slug and (slugs.is_current or slugs.retired_at > p_now - interval '1 year')
    left join accounts a on a.id = slugs.account_id and slugs.is_current
    left join account_settings s on s.account_id = a.id
    left join portal_settings p on p.account_id = a.id
    left join people_sessions e
      on e.hash = p_session_hash and e.ends_at > p_now and e.seen_at > p_now - interval '1 hour'
    left join people u on u.id = e.person_id
    left join staff_members m on m.account_id = a.id and m.person_id = u.id and m.status = 'active'
    -- Seen in the future: the clock was set back.
    cross join lateral (
      select coalesce(
        e.seen_at < p_now - interval '1 minute' or e.seen_at > p_now + interval '1 minute', false) as is_stale) stale
    cross join lateral (
      select
        m.id is not null and a.status = 'active' as is_active,
        -- A worker's customers are those of their open jobs, once published.
        case when m.role = 'worker' then array(
          select distinct j.customer_id from jobs j
          where j.account_id = m.account_id and j.worker_id = m.id
            and j.status not in ('unpublished', 'completed', 'canceled')) else '{}' end as customers) own;
  return caller;
end $$;
comment on function resolve_office_caller(text, bytea, timestamptz) is
  'Account, person, membership and reach of an office session. Called only by the two functions below.';

create or replace function find_office_caller(p_slug text, p_session_hash bytea, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  caller constant office_caller := resolve_office_caller(p_slug, p_session_hash, p_now);
begin
  if caller.stale_session is not null then
    perform find_person_session(caller.stale_session, p_now);
  end if;
  return caller.response;
end $$;
comment on function find_office_caller(text, bytea, timestamptz) is
  'Account, person and membership of an office request, and a note of the session''s use once a minute. '
  'Called by office requests that prepare something before their transaction.';

create function begin_office_request(p_slug text, p_session_hash bytea, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  caller constant office_caller := resolve_office_caller(p_slug, p_session_hash, p_now);
begin
  perform refuse_other_account(caller.account_id::text);
  -- The settings of app_begin, from the session itself and from nothing that the caller sends.
  execute format(
    'set local app.account = %L;
     set local app.actor_kind = %L;
     set local app.actor_id = %L;
     set local app.portal_user = '''';
     set local app.staff = %L;
     set local app.customers = %L;
     set local app.jobs_of = '''';
     set local app.contacts = '''';
     set local app.all_templates = '''';
     set local app.templates = ''''',
    coalesce(caller.account_id::text, ''),
    caller.actor_kind,
    coalesce(caller.actor_id::text, ''),
    coalesce(caller.staff, ''),
    coalesce(caller.customers, '{}'));
  return caller.response;
end $$;
comment on function begin_office_request(text, bytea, timestamptz) is
  'find_office_caller and app_begin in one, so that the first query of a request travels along. '
  'It writes nothing: `needsLastUsedUpdate` in the response says that the session''s last use must be saved. '
  'Called by every office request that prepares nothing, as its first statement.';
grant execute on function begin_office_request(text, bytea, timestamptz) to portico_app, portico_system;
