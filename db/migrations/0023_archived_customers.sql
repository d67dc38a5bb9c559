-- widens: nothing
-- A portal user whose customers are all archived is not a new customer: the request says that there is an archived one, and
-- a booking reads the links to active customers, like every other request.

create or replace function resolve_portal_caller(p_slug text, p_session_hashes jsonb, p_now timestamptz) returns portal_caller
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
            'links', coalesce(l.links, '[]'), 'hasArchivedCustomer', coalesce(l.archived, false),
            'needsLastUsedUpdate', e.seen_at < p_now - interval '1 minute') end)
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
          'permissions', l.permissions) order by l.created_at) filter (where c.status = 'active') as links,
        array_agg(l.customer_id) filter (where c.status = 'active') as customers,
        array_agg(l.customer_id) filter (where c.status = 'active' and l.scope = 'whole') as jobs_of,
        array_agg(l.contact_id) filter (where c.status = 'active' and l.contact_id is not null) as contacts,
        bool_or(c.status <> 'active') as archived
      from portal_links l
      join customers c on c.account_id = l.account_id and c.id = l.customer_id
      where l.account_id = u.account_id and l.portal_user_id = u.id) l on u.id is not null
    where slugs.slug = p_slug and (slugs.is_current or slugs.retired_at > p_now - interval '1 year');
  return caller;
end $$;

create or replace function begin_booking() returns json
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
      select l.* from portal_links l
      join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.status = 'active'
      where l.account_id = context_account() and l.portal_user_id = booker_id
      for share of l) l;
  select coalesce(json_agg(json_build_object('id', m.id, 'email', m.email, 'name', m.name)), '[]')
    into dispatchers
    from staff_members m
    where booker is not null
      and m.account_id = context_account() and m.status = 'active' and m.role = any ('{owner,dispatcher}');
  return json_build_object('booker', booker, 'links', links, 'dispatchers', dispatchers);
end $$;
