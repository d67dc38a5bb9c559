-- Who calls at a portal is found in one statement, and an entrance sets the transaction's context from what it found: look-up,
-- context and the first question travel in one flight.
-- widens: nothing

create type portal_caller as (
  answer json,
  -- The reach of reachOf (identity/rules.ts), which reach.test.ts compares.
  own uuid, actor uuid, customers uuid[], jobs_of uuid[], contacts uuid[], all_templates boolean, templates uuid[],
  -- The session whose last sign of life is older than a minute.
  stale bytea
);

create function look_up_portal_caller(address text, tokens jsonb, at timestamptz) returns portal_caller
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  found record;
  caller portal_caller;
begin
  select d.current, d.account_id, u.id as user_id, u.templates_mode, u.templates as own_templates, p.templates, p.hide_jobs_of_other_templates as hides,
      a.state = 'active' and p.enabled as open, case when e.seen_at < at - interval '1 minute' then e.hash end as stale,
      case when u.id is not null then (select json_agg(json_build_object('id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id, 'permissions', l.permissions) order by l.created_at)
        from portal_links l join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.state = 'active'
        where l.account_id = u.account_id and l.portal_user_id = u.id) end as links,
      json_build_object(
        'id', a.id, 'slug', d.name, 'state', a.state, 'name', s.name, 'timeZone', s.time_zone, 'locale', s.locale,
        'currency', s.currency, 'accent', s.accent, 'logoKey', s.logo_key, 'supportEmail', s.support_email,
        'supportPhone', s.support_phone, 'postalAddress', s.postal_address,
        'portal', json_build_object(
          'enabled', p.enabled, 'public', p.public, 'name', coalesce(p.name, s.name), 'introduction', p.introduction,
          'signUpFields', p.sign_up_fields, 'signUpDomains', p.sign_up_domains, 'switches', p.switches,
          'permissions', p.permissions, 'templates', p.templates,
          'hideJobsOfOtherTemplates', p.hide_jobs_of_other_templates, 'severalJobs', p.several_jobs,
          'requestedStart', p.requested_start, 'makeCustomers', coalesce(p.make_customers, p.public),
          'staffNames', p.staff_names, 'confirmBookings', p.confirm_bookings, 'mailOnRemoval', p.mail_on_removal)) as account,
      u.email, u.name, u.phone, u.locale, u.permissions, e.id as session
    into found
    from addresses d join accounts a on a.id = d.account_id join account_settings s on s.account_id = a.id join portal_settings p on p.account_id = a.id
    -- Cookie names carry the end of the account's id, so that portals sharing a host keep their sessions apart.
    left join portal_sessions e on e.account_id = a.id and e.hash = decode(coalesce(tokens ->> right(a.id::text, 12), ''), 'hex') and e.ends_at > at
    left join portal_users u on u.account_id = e.account_id and u.id = e.subject_id and u.state = 'active'
    where d.name = address and (d.current or d.retired_at > at - interval '1 year');
  if found.account_id is null then return caller; end if;
  if not found.current then
    caller.answer := json_build_object('moved', (select c.name from addresses c where c.account_id = found.account_id and c.current));
    return caller;
  end if;
  caller.own := found.account_id;
  caller.answer := json_build_object('account', found.account, 'portalUser', case when found.user_id is not null then json_build_object(
    'id', found.user_id, 'email', found.email, 'name', found.name, 'phone', found.phone, 'locale', found.locale, 'sessionId', found.session, 'permissions', found.permissions,
    'templatesMode', found.templates_mode, 'templates', found.own_templates, 'links', coalesce(found.links, '[]'), 'stale', found.stale is not null) end);
  -- A portal that is off knows nobody: every session is asleep until it is on again.
  if found.user_id is null or not found.open then return caller; end if;
  caller.actor := found.user_id;
  caller.stale := found.stale;
  caller.customers := array(select (link ->> 'customer')::uuid from json_array_elements(found.links) link);
  caller.jobs_of := array(select (link ->> 'customer')::uuid from json_array_elements(found.links) link where link ->> 'scope' = 'whole');
  caller.contacts := array(select (link ->> 'contact')::uuid from json_array_elements(found.links) link where link ->> 'contact' is not null);
  caller.all_templates := not found.hides;
  caller.templates := case found.templates_mode
    when 'add' then found.templates || found.own_templates
    when 'replace' then found.own_templates
    when 'hide' then array(select t from unnest(found.templates) t where t <> all (found.own_templates))
    else found.templates end;
  return caller;
end $$;
comment on function look_up_portal_caller(text, jsonb, timestamptz) is 'Account, portal user and reach of a session. Only the two below call it.';

drop function find_portal_caller(text, jsonb, timestamptz);
create function find_portal_caller(address text, tokens jsonb, at timestamptz) returns json
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := look_up_portal_caller(address, tokens, at);
begin
  if caller.stale is not null then
    update portal_sessions s set seen_at = at where s.account_id = caller.own and s.hash = caller.stale;
  end if;
  return caller.answer;
end $$;

create function enter_portal(address text, tokens jsonb, at timestamptz) returns json
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := look_up_portal_caller(address, tokens, at);
begin
  -- The same settings, in the same way, as app_begin: from the session itself and from nothing the caller says.
  execute format('set local app.account = %L; set local app.actor_kind = %L; set local app.actor_id = %L; set local app.staff = ''''; set local app.customers = %L;
      set local app.jobs_of = %L; set local app.contacts = %L; set local app.all_templates = %L; set local app.templates = %L',
    coalesce(caller.own::text, ''), case when caller.actor is null then 'anonymous' else 'portalUser' end, coalesce(caller.actor::text, ''),
    coalesce(caller.customers, '{}'), coalesce(caller.jobs_of, '{}'), coalesce(caller.contacts, '{}'), coalesce(caller.all_templates, false)::text, coalesce(caller.templates, '{}'));
  return caller.answer;
end $$;
comment on function enter_portal(text, jsonb, timestamptz) is
  'find_portal_caller and app_begin at once, for a transaction that asks before anybody has seen who calls: the session''s own reach decides what is answered. Reads only; `stale` in its answer says that the session''s last sign of life wants writing.';

revoke all on function look_up_portal_caller(text, jsonb, timestamptz), find_portal_caller(text, jsonb, timestamptz), enter_portal(text, jsonb, timestamptz) from public;
grant execute on function find_portal_caller(text, jsonb, timestamptz), enter_portal(text, jsonb, timestamptz) to portico_app, portico_system;
