-- widens: nothing
-- Office staff look at the portal as whoever has a secure link sees it, too.

alter table portal_views
  drop constraint portal_views_kind_check,
  drop constraint portal_views_kind_ids,
  add column secure_link_id uuid,
  add constraint portal_views_kind_check check (kind in ('customer', 'contact', 'portalUser', 'secureLink')),
  add constraint portal_views_link_fk foreign key (account_id, secure_link_id)
    references secure_links (account_id, id) on delete cascade,
  add constraint portal_views_link_id check ((kind = 'secureLink') = (secure_link_id is not null)),
  -- A contact that is gone leaves a view without a contact, which shows nothing.
  add constraint portal_views_kind_ids check (case kind
    when 'portalUser' then portal_user_id is not null and customer_id is null and contact_id is null
    when 'customer' then portal_user_id is null and customer_id is not null and contact_id is null
    else portal_user_id is null and customer_id is not null end);
comment on column portal_views.secure_link_id is 'The link whose holder is viewed.';
create index portal_views_of_link on portal_views (account_id, secure_link_id) where secure_link_id is not null;

create or replace function find_portal_view(p_slug text, p_view uuid, p_session_hash bytea, p_now timestamptz) returns json
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
        when 'secureLink' then null
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
        end,
      -- As long as the link opens the portal; then its holder meets the sign-in page.
      'visitor', case when view.kind = 'secureLink' then (
        select json_build_object(
          'id', k.id, 'sessionId', view.id, 'name', coalesce(t.name, c.name), 'customerName', c.name,
          'link', json_build_object(
            'id', k.id, 'customer', c.id, 'scope', k.scope, 'contact', k.contact_id, 'permissions', null,
            'record', record_of_link(k),
            'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions)))
        from secure_links k
        join customers c on c.account_id = k.account_id and c.id = k.customer_id
        join permission_groups g on g.account_id = k.account_id and g.kind = 'visitor'
        left join contacts t
          on t.account_id = k.account_id and t.id = k.contact_id and t.customer_id = c.id and t.status = 'active'
        where k.account_id = view.account_id and k.id = view.secure_link_id and k.ended_at is null
          and k.expires_at > p_now and is_link_open(c, p, k.scope) and is_link_for(k, t)) end)
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
