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

create function resolve_portal_caller(address text, tokens jsonb, at timestamptz) returns portal_caller
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  caller portal_caller;
begin
  -- One statement, straight into its answer: taken apart into a record and put together again it took half as long again.
  select
      case when not d.current then json_build_object('moved', (select c.name from addresses c where c.account_id = d.account_id and c.current))
      else json_build_object(
        'account', json_build_object(
          'id', a.id, 'slug', d.name, 'status', a.status, 'name', s.name, 'timeZone', s.time_zone, 'locale', s.locale,
          'currency', s.currency, 'accent', s.accent, 'logoKey', s.logo_key, 'supportEmail', s.support_email,
          'supportPhone', s.support_phone, 'postalAddress', s.postal_address,
          'portal', json_build_object(
            'enabled', p.enabled, 'public', p.public, 'name', coalesce(p.name, s.name), 'introduction', p.introduction,
            'signUpFields', p.sign_up_fields, 'signUpDomains', p.sign_up_domains, 'switches', p.switches,
            'permissions', p.permissions, 'templates', p.templates,
            'hideJobsOfOtherTemplates', p.hide_jobs_of_other_templates, 'severalJobs', p.several_jobs,
            'requestedStart', p.requested_start, 'createCustomers', coalesce(p.create_customers, p.public),
            'staffNames', p.staff_names, 'confirmBookings', p.confirm_bookings, 'mailOnRemoval', p.mail_on_removal)),
        'portalUser', case when u.id is not null then json_build_object(
          'id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone, 'locale', u.locale, 'sessionId', e.id, 'permissions', u.permissions,
          'templatesMode', u.templates_mode, 'templates', u.templates, 'links', coalesce(l.links, '[]'), 'stale', e.seen_at < at - interval '1 minute') end) end,
      case when d.current then a.id end,
      -- A portal that is off knows nobody: every session is asleep until it is on again.
      case when a.status = 'active' and p.enabled then u.id end,
      l.customers, l.jobs_of, l.contacts, not p.hide_jobs_of_other_templates,
      case u.templates_mode
        when 'add' then p.templates || u.templates
        when 'replace' then u.templates
        when 'hide' then array(select t from unnest(p.templates) t where t <> all (u.templates))
        else p.templates end,
      case when u.id is not null and e.seen_at < at - interval '1 minute' then e.hash end
    into caller
    from addresses d join accounts a on a.id = d.account_id join account_settings s on s.account_id = a.id join portal_settings p on p.account_id = a.id
    -- Cookie names carry the end of the account's id, so that portals sharing a host keep their sessions apart.
    left join portal_sessions e on e.account_id = a.id and d.current and e.hash = decode(coalesce(tokens ->> right(a.id::text, 12), ''), 'hex') and e.ends_at > at
    left join portal_users u on u.account_id = e.account_id and u.id = e.subject_id and u.status = 'active'
    left join lateral (
      select json_agg(json_build_object('id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id, 'permissions', l.permissions) order by l.created_at) as links,
        array_agg(l.customer_id) as customers, array_agg(l.customer_id) filter (where l.scope = 'whole') as jobs_of, array_agg(l.contact_id) filter (where l.contact_id is not null) as contacts
      from portal_links l join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.status = 'active'
      where l.account_id = u.account_id and l.portal_user_id = u.id) l on u.id is not null
    where d.name = address and (d.current or d.retired_at > at - interval '1 year');
  return caller;
end $$;
comment on function resolve_portal_caller(text, jsonb, timestamptz) is 'Account, portal user and reach of a session. Only the two below call it.';

drop function find_portal_caller(text, jsonb, timestamptz);
create function find_portal_caller(address text, tokens jsonb, at timestamptz) returns json
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := resolve_portal_caller(address, tokens, at);
begin
  if caller.stale is not null then
    update portal_sessions s set seen_at = at where s.account_id = caller.own and s.hash = caller.stale;
  end if;
  return caller.answer;
end $$;

create function begin_portal_request(address text, tokens jsonb, at timestamptz) returns json
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := resolve_portal_caller(address, tokens, at);
begin
  -- Nobody reaches nothing.
  if caller.actor is null then caller := row(caller.answer, caller.own, null, null, null, null, false, null, null); end if;
  -- The same settings, in the same way, as app_begin: from the session itself and from nothing the caller says.
  execute format('set local app.account = %L; set local app.actor_kind = %L; set local app.actor_id = %L; set local app.staff = ''''; set local app.customers = %L;
      set local app.jobs_of = %L; set local app.contacts = %L; set local app.all_templates = %L; set local app.templates = %L',
    coalesce(caller.own::text, ''), case when caller.actor is null then 'anonymous' else 'portalUser' end, coalesce(caller.actor::text, ''),
    coalesce(caller.customers, '{}'), coalesce(caller.jobs_of, '{}'), coalesce(caller.contacts, '{}'), caller.all_templates::text, coalesce(caller.templates, '{}'));
  return caller.answer;
end $$;
comment on function begin_portal_request(text, jsonb, timestamptz) is
  'find_portal_caller and app_begin at once, for a transaction that asks before anybody has seen who calls: the session''s own reach decides what is answered. Reads only; `stale` in its answer says that the session''s last sign of life wants writing.';

revoke all on function resolve_portal_caller(text, jsonb, timestamptz), find_portal_caller(text, jsonb, timestamptz), begin_portal_request(text, jsonb, timestamptz) from public;
grant execute on function find_portal_caller(text, jsonb, timestamptz), begin_portal_request(text, jsonb, timestamptz) to portico_app, portico_system;
