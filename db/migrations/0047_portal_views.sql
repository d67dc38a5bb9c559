-- widens: nothing
-- Office staff, who reach every record anyway, look at the portal as somebody else, read only (decision 34).
-- A portal view lies over a staff session. It is no session of the person viewed, and changes nothing of theirs.

create table portal_views (
  account_id uuid not null,
  id uuid not null,
  staff_member_id uuid not null,
  staff_name text not null,
  session_id uuid not null,
  kind text not null check (kind in ('customer', 'contact', 'portalUser')),
  customer_id uuid,
  contact_id uuid,
  portal_user_id uuid,
  name text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  ended_at timestamptz,
  principal text not null,
  constraint portal_views_pk primary key (account_id, id),
  constraint portal_views_account_fk foreign key (account_id) references accounts (id),
  constraint portal_views_staff_fk foreign key (account_id, staff_member_id) references staff_members (account_id, id),
  constraint portal_views_customer_fk foreign key (account_id, customer_id)
    references customers (account_id, id) on delete cascade,
  constraint portal_views_contact_fk foreign key (account_id, contact_id)
    references contacts (account_id, id) on delete set null (contact_id),
  constraint portal_views_user_fk foreign key (account_id, portal_user_id)
    references portal_users (account_id, id) on delete cascade,
  constraint portal_views_principal check (principal = 'staff:' || staff_member_id),
  -- A contact that is gone leaves a view without a contact, which shows nothing.
  constraint portal_views_kind_ids check (case kind
    when 'portalUser' then portal_user_id is not null and customer_id is null and contact_id is null
    when 'contact' then portal_user_id is null and customer_id is not null
    else portal_user_id is null and customer_id is not null and contact_id is null end)
);
comment on table portal_views is
  'class: tenant. A member of staff looks at the portal as somebody else (view as). Ends 60 minutes after the last request, '
  '8 hours after its start, when it is left, when the same session starts another, and with the session.';
comment on column portal_views.session_id is 'The staff session (people_sessions.id) that it lies over.';
comment on column portal_views.name is 'Who is viewed, as they were called at the start.';
create index portal_views_of_session on portal_views (session_id, started_at desc, id desc);
create index portal_views_of_customer on portal_views (account_id, customer_id, started_at desc)
  where customer_id is not null;
create index portal_views_of_contact on portal_views (account_id, contact_id) where contact_id is not null;
create index portal_views_of_user on portal_views (account_id, portal_user_id, started_at desc)
  where portal_user_id is not null;
create index portal_views_of_staff on portal_views (account_id, staff_member_id, started_at desc);
create index portal_views_open on portal_views (seen_at) where ended_at is null;
select protect_tenant_table('portal_views', 'own');

create function find_portal_view(p_slug text, p_view uuid, p_session_hash bytea, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  view portal_views;
  found json;
begin
  -- The session of whoever asks, the view over that very session, and the account that the address names.
  select v.* into view
  from people_sessions e
  join portal_views v on v.id = p_view and v.session_id = e.id
  join account_slugs slugs on slugs.account_id = v.account_id and slugs.slug = p_slug
  where e.hash = p_session_hash and e.ends_at > p_now and e.seen_at > p_now - interval '1 hour';
  if view.id is null then
    -- Whether the session has ended or the view is nobody's business.
    return json_build_object('isSignedIn', find_person_session(p_session_hash, p_now) is not null);
  end if;
  select json_build_object(
      'isSignedIn', true,
      'moved', case when not slugs.is_current then (
        select c.slug from account_slugs c where c.account_id = slugs.account_id and c.is_current) end,
      'account', account_to_json(slugs.slug, a, s, p, f),
      'staff', case when m.id is not null then json_build_object('personId', m.person_id, 'role', m.role) end,
      'isOpen', view.ended_at is null
        and view.seen_at > p_now - interval '1 hour' and view.started_at > p_now - interval '8 hours'
        -- Of another account, too: a browser shows one customer at a time.
        and not exists (
          select from portal_views n
          where n.session_id = view.session_id and (n.started_at, n.id) > (view.started_at, view.id)),
      'portalUser', case view.kind
        when 'portalUser' then (
          select json_build_object(
            'id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone, 'locale', u.locale, 'sessionId', view.id,
            'permissions', u.permissions, 'templatesMode', u.templates_mode, 'templates', u.templates,
            'links', coalesce(l.links, '[]'), 'hasArchivedCustomer', coalesce(l.archived, false))
          from portal_users u
          left join lateral (
            select
              json_agg(json_build_object(
                'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id,
                'permissions', l.permissions,
                'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions))
                order by l.created_at) filter (where c.status = 'active') as links,
              bool_or(c.status <> 'active') as archived,
              bool_and(g.kind = 'none') as disabled
            from portal_links l
            join customers c on c.account_id = l.account_id and c.id = l.customer_id
            join permission_groups g
              on g.account_id = l.account_id
              and g.id = coalesce(l.group_id, case l.scope when 'whole' then f.id else d.id end)
            where l.account_id = u.account_id and l.portal_user_id = u.id) l on true
          -- Who was invited is viewed as they will see the portal.
          where u.account_id = view.account_id and u.id = view.portal_user_id
            and u.status in ('invited', 'signed_up', 'active') and not coalesce(l.disabled, false))
        else (
          select json_build_object(
            'id', view.id, 'email', coalesce(t.email, c.billing_email, ''), 'name', coalesce(t.name, c.name),
            'phone', t.phone, 'locale', s.locale, 'sessionId', view.id,
            'permissions', null, 'templatesMode', 'default', 'templates', json_build_array(),
            'links', json_build_array(json_build_object(
              'id', view.id, 'customer', c.id, 'scope', case view.kind when 'contact' then 'contact' else 'whole' end,
              'contact', t.id, 'permissions', null,
              'group', case view.kind
                when 'contact' then json_build_object(
                  'id', d.id, 'kind', d.kind, 'name', d.name, 'permissions', d.permissions)
                else json_build_object('id', f.id, 'kind', f.kind, 'name', f.name, 'permissions', f.permissions) end)),
            'hasArchivedCustomer', false)
          from customers c
          left join contacts t
            on t.account_id = c.account_id and t.id = view.contact_id and t.customer_id = c.id and t.status = 'active'
          where c.account_id = view.account_id and c.id = view.customer_id and c.status = 'active'
            and (view.kind = 'customer' or t.id is not null))
        end)
    into found
    from account_slugs slugs
    join accounts a on a.id = slugs.account_id
    join account_settings s on s.account_id = a.id
    join portal_settings p on p.account_id = a.id
    join permission_groups f on f.account_id = a.id and f.kind = 'full'
    join permission_groups d on d.account_id = a.id and d.kind = 'limited'
    left join staff_members m
      on m.account_id = a.id and m.id = view.staff_member_id and m.status = 'active' and a.status = 'active'
    where slugs.slug = p_slug and slugs.account_id = view.account_id;
  if (found ->> 'isOpen')::boolean and view.seen_at < p_now - interval '1 minute' then
    update portal_views v set seen_at = p_now where v.account_id = view.account_id and v.id = view.id;
  end if;
  -- Looking around keeps the staff session alive.
  perform find_person_session(p_session_hash, p_now);
  return found;
end $$;
comment on function find_portal_view(text, uuid, bytea, timestamptz) is
  'The portal view that an address names, for the session it lies over: account, whether it goes on, the present role of its '
  'member of staff, and who is viewed with their links, if they could sign in. Notes its use once a minute. '
  'Called by every request of a portal view.';
grant execute on function find_portal_view(text, uuid, bytea, timestamptz) to portico_app, portico_system;

create function list_portal_views(p_account_id uuid, p_portal_user_id uuid)
  returns table (staff_name text, started_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
  select v.staff_name, v.started_at
  from portal_views v
  where v.account_id = p_account_id and is_context_account(p_account_id) and is_own_login(p_portal_user_id)
    and (v.portal_user_id = p_portal_user_id
      or exists (
        select from portal_links l
        where l.account_id = p_account_id and l.portal_user_id = p_portal_user_id
          and l.customer_id = v.customer_id and (l.scope = 'whole' or l.contact_id = v.contact_id)))
  order by v.started_at desc, v.id desc
  limit 10
$$;
comment on function list_portal_views(uuid, uuid) is
  'When staff looked at the portal as this user, as their customer, or as a contact whom they reach; the last ten. '
  'Called by the user themselves.';
grant execute on function list_portal_views(uuid, uuid) to portico_app;
