-- widens: nothing
-- A secure link may open one record alone. Tickets are the first kind. Links to records close with the other links of their
-- customer, unless the business lets them open without a password.

alter table secure_links
  drop constraint secure_links_scope_check,
  drop constraint secure_links_scope,
  add column record_kind text check (record_kind in ('ticket')),
  add column record_id uuid,
  add column ticket_id uuid generated always as (case when record_kind = 'ticket' then record_id end) stored,
  add constraint secure_links_scope_check check (scope in ('whole', 'contact', 'record')),
  add constraint secure_links_record check ((record_kind is null) = (record_id is null)),
  -- Without a contact, `contact` would mean nobody or everybody.
  add constraint secure_links_scope check (case scope
    when 'whole' then record_id is null
    when 'contact' then record_id is null and contact_id is not null
    else record_id is not null end),
  add constraint secure_links_ticket_fk foreign key (account_id, ticket_id)
    references tickets (account_id, id) on delete cascade;
comment on table secure_links is
  'class: tenant. Links that open the portal of one customer or contact, or one record, without a password. '
  'One per recipient and scope.';
comment on column secure_links.contact_id is
  'The recipient. Null: the customer itself, or whoever gets the link to a record.';
comment on column secure_links.record_kind is
  'With record_id: the one record that the link opens. Null: not one record.';
comment on column secure_links.created_by_id is 'Staff member. Null: asked for on the portal, or made for an email.';
drop index secure_links_current;
create unique index secure_links_current on secure_links (
  account_id, customer_id, scope, contact_id, record_kind, record_id)
  nulls not distinct where ended_at is null;
create index secure_links_ticket on secure_links (account_id, ticket_id) where ticket_id is not null;

alter table portal_settings add column record_links_alone boolean not null default false;
comment on column portal_settings.record_links_alone is
  'Whether a link to one record opens it without a password also once its customer has portal users.';

create function is_link_open(customer customers, portal portal_settings, scope text) returns boolean
  language sql stable as $$
  select is_link_enough(customer, portal) or (
    scope = 'record' and portal.record_links_alone
    and portal.enabled and customer.status = 'active' and not customer.link_held
    and coalesce(customer.lock_mode, portal.lock_mode) = 'automatic')
$$;
comment on function is_link_open(customers, portal_settings, text) is
  'Whether a link of this scope opens without a password: isLinkEnough of secure-links/rules.ts.';
grant execute on function is_link_open(customers, portal_settings, text) to portico_system;
grant execute on function is_link_open(customers, portal_settings, text) to portico_system;

create function record_of_link(link secure_links) returns json
  language sql stable as $$
  select case when link.record_id is not null then json_build_object('kind', link.record_kind, 'id', link.record_id) end
$$;
comment on function record_of_link(secure_links) is 'The one record that a link opens, or null.';

create function is_link_for(link secure_links, contact contacts) returns boolean
  language sql stable as $$
  select (link.contact_id is null or contact.id is not null)
    and (link.record_id is null or exists (
      select from tickets t
      where t.account_id = link.account_id and t.id = link.ticket_id and t.customer_id = link.customer_id
        and (link.contact_id is null or contact.is_primary
          or t.contact_id = link.contact_id or link.contact_id = any (t.participants))))
$$;
comment on function is_link_for(secure_links, contacts) is
  'Whether the recipient of a link is still there and still sees its record. `contact`: the active one of the link. '
  'A ticket given to somebody else closes the links of who had it.';
grant execute on function is_link_for(secure_links, contacts) to portico_system;
grant execute on function is_link_for(secure_links, contacts) to portico_system;

-- ---- the reach of whoever came by such a link: that record ----

create or replace function protect_tenant_table(p_table regclass, p_kind text) returns void
  language plpgsql as $$
declare
  -- The select makes PostgreSQL read a setting once a statement; without it, once a row (11 to 30 times slower).
  any_of         constant text := $q$any ((select nullif(current_setting('app.%s', true), '')::uuid[])::uuid[])$q$;
  customers      constant text := format(any_of, 'customers');
  jobs_of        constant text := format(any_of, 'jobs_of');
  contacts       constant text := format(any_of, 'contacts');
  tickets_of     constant text := format(any_of, 'tickets_of');
  -- Those that a link opens one by one.
  tickets        constant text := format(any_of, 'tickets');
  -- Of a ticket, or copied to what is beside it.
  ticket_people  constant text :=
    $q$(select nullif(current_setting('app.ticket_contacts', true), '')::uuid[])$q$;
  templates      constant text := format(any_of, 'templates');
  all_templates  constant text := $q$(select current_setting('app.all_templates', true) = 'true')$q$;
  account        constant text := $q$account_id = (select nullif(current_setting('app.account', true), '')::uuid)$q$;
  actor_kind     constant text := $q$(select current_setting('app.actor_kind', true))$q$;
  actor_id       constant text := $q$(select nullif(current_setting('app.actor_id', true), '')::uuid)$q$;
  all_staff      constant text := $q$(select current_setting('app.staff', true) = 'all')$q$;
  assigned_staff constant text := $q$(select current_setting('app.staff', true) = 'assigned')$q$;
  portal_user    constant text := $q$(select nullif(current_setting('app.portal_user', true), '')::uuid)$q$;
  changed_contacts constant text := format(
    '(%s or (%s and customer_id = %s) or id = %s)', all_staff, assigned_staff, customers, contacts);
  -- What a customer reaches of a child, by the kind of its parent.
  of_parent      constant text := format(
    'case parent_kind when ''job'' then customer_id = %s'
    ' when ''ticket'' then customer_id = %s or (customer_id = %s and (contacts && %s or parent_id = %s))'
    ' else false end',
    jobs_of, tickets_of, customers, ticket_people, tickets);
  table_name     constant text := (select relname from pg_class where oid = p_table);
  rule text;
  write_rule text;
begin
  rule := case p_kind
    -- Reached only by definer functions, which decide for themselves.
    when 'closed' then 'false'
    -- What decides who may do what: office staff change it, others read at most what is theirs.
    when 'rights' then case table_name
      when 'account_settings' then format('(%s or %s)', all_staff, assigned_staff)
      when 'portal_settings' then all_staff
      when 'permission_groups' then all_staff
      when 'staff_members' then format('(%s or (%s and id = %s))', all_staff, assigned_staff, actor_id)
      when 'portal_users' then format('(%s or id = %s)', all_staff, portal_user)
      when 'portal_links' then format('(%s or portal_user_id = %s)', all_staff, portal_user)
    end
    -- Read by staff, and by portal users as far as they see its jobs; changed by office staff.
    when 'catalog' then format(
      '(%s or %s or %s or %s = %s)',
      all_staff, assigned_staff, all_templates,
      case table_name when 'templates' then 'id' when 'template_versions' then 'template_id' end, templates)
    -- Each caller's own rows: an id identifies only with its kind, and all visitors share one principal.
    when 'own' then format('principal = (%s || '':'' || (select current_setting(''app.actor_id'', true)))', actor_kind)
    when 'journal' then all_staff
    when 'report' then all_staff
    when 'reach' then case table_name
      when 'customers' then format('(%s or id = %s)', all_staff, customers)
      when 'sites' then format('(%s or customer_id = %s)', all_staff, customers)
      -- Who sees the tickets of a customer names its contacts on them, and changes none.
      when 'contacts' then format('(%s or customer_id = %s)', changed_contacts, tickets_of)
      -- Unpublished: on the schedule, not yet shown to its worker.
      when 'jobs' then format(
        '(%s or (%s and worker_id = %s and status <> ''unpublished'')'
        ' or (customer_id = %s and (%s or template_id = %s)))',
        all_staff, assigned_staff, actor_id, jobs_of, all_templates, templates)
      when 'tickets' then format(
        '(%s or (%s and assignee_id = %s) or customer_id = %s'
        ' or (customer_id = %s and (array[contact_id] && %s or participants && %s or id = %s)))',
        all_staff, assigned_staff, actor_id, tickets_of, customers, ticket_people, ticket_people, tickets)
    end
    -- Read only through a join to the parent, whose own policy decides the rest.
    when 'child' then format(
      '(%s or %s or (audience = ''customer'' and %s))',
      all_staff, assigned_staff, of_parent)
    -- A child that may wait without a parent: then only its uploader reaches it. An id identifies only with its kind.
    when 'upload' then format(
      '((parent_id is null and uploader_kind = %s and uploader_id = %s)'
      ' or (parent_id is not null and (%s or %s or (audience = ''customer'' and %s))))',
      actor_kind, actor_id, all_staff, assigned_staff, of_parent)
  end;
  if rule is null then
    raise exception 'protect_tenant_table: no rule for % as %', p_table, p_kind;
  end if;

  perform protect_directory_table(p_table);
  if p_kind = 'closed' then
    return;
  end if;
  write_rule := format('(%s and %s)', account, case
    when p_kind in ('rights', 'catalog') then all_staff
    when table_name = 'contacts' then changed_contacts
    else rule end);
  rule := format('(%s and %s)', account, rule);
  execute format('create policy app_select on %s for select to portico_app using %s', p_table, rule);
  if p_kind = 'journal' then
    -- Written by everybody within the account, read by staff, changed by nobody.
    execute format('create policy app_insert on %s for insert to portico_app with check (%s)', p_table, account);
    execute format('grant select, insert on %s to portico_app', p_table);
  elsif p_kind = 'report' then
    -- Written only by the deliverer, as portico_system.
    execute format('grant select on %s to portico_app', p_table);
  else
    execute format('create policy app_insert on %s for insert to portico_app with check %s', p_table, write_rule);
    execute format(
      'create policy app_update on %s for update to portico_app using %s with check %s',
      p_table, write_rule, write_rule);
    execute format('create policy app_delete on %s for delete to portico_app using %s', p_table, write_rule);
    execute format('grant select, insert, update, delete on %s to portico_app', p_table);
  end if;
end $$;

select
  protect_tenant_table('tickets', 'reach'),
  protect_tenant_table('comments', 'child'),
  protect_tenant_table('history', 'child'),
  protect_tenant_table('files', 'upload');

create or replace function app_begin(p_context jsonb) returns void
  language plpgsql as $$
declare
  -- The closed list of settings. A missing key is set to the empty string, which grants nothing.
  names constant text[] := array[
    'account', 'actor_kind', 'actor_id', 'portal_user', 'staff', 'customers', 'jobs_of', 'tickets_of', 'contacts',
    'ticket_contacts', 'tickets', 'all_templates', 'templates'];
  name text;
  statements text := '';
begin
  perform refuse_other_account(p_context ->> 'account');
  foreach name in array names loop
    statements := statements || format('set local app.%s = %L;', name, coalesce(p_context ->> name, ''));
  end loop;
  execute statements;
end $$;

alter type portal_caller add attribute tickets uuid[];

create or replace function begin_portal_request(p_slug text, p_session_hashes jsonb, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := resolve_portal_caller(p_slug, p_session_hashes, p_now);
begin
  perform refuse_other_account(caller.account_id::text);
  -- Without a portal user there is no reach.
  if caller.actor_id is null then
    caller := row(caller.response, caller.account_id, null, null, null, null, false, null, null, null, null,
      null, null);
  end if;
  -- The settings of app_begin, from the session itself and from nothing that the caller sends.
  execute format(
    'set local app.account = %L;
     set local app.actor_kind = %L;
     set local app.actor_id = %L;
     set local app.portal_user = %L;
     set local app.staff = '''';
     set local app.customers = %L;
     set local app.jobs_of = %L;
     set local app.tickets_of = %L;
     set local app.contacts = %L;
     set local app.ticket_contacts = %L;
     set local app.tickets = %L;
     set local app.all_templates = %L;
     set local app.templates = %L',
    coalesce(caller.account_id::text, ''),
    coalesce(caller.actor_kind, 'anonymous'),
    coalesce(caller.actor_id::text, ''),
    case when caller.actor_kind = 'portalUser' then caller.actor_id::text else '' end,
    coalesce(caller.customers, '{}'),
    coalesce(caller.jobs_of, '{}'),
    coalesce(caller.tickets_of, '{}'),
    coalesce(caller.contacts, '{}'),
    coalesce(caller.ticket_contacts, '{}'),
    coalesce(caller.tickets, '{}'),
    caller.all_templates::text,
    coalesce(caller.templates, '{}'));
  return caller.response;
end $$;

create or replace function begin_office_request(p_slug text, p_session_hash bytea, p_now timestamptz) returns json
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
     set local app.tickets_of = '''';
     set local app.contacts = '''';
     set local app.ticket_contacts = '''';
     set local app.tickets = '''';
     set local app.all_templates = '''';
     set local app.templates = ''''',
    coalesce(caller.account_id::text, ''),
    caller.actor_kind,
    coalesce(caller.actor_id::text, ''),
    coalesce(caller.staff, ''),
    coalesce(caller.customers, '{}'));
  return caller.response;
end $$;

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
          'account', account_to_json(slugs.slug, a, s, p, f),
          'portalUser', case when signed_in.id is not null then json_build_object(
            'id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone, 'locale', u.locale, 'sessionId', e.id,
            'permissions', u.permissions, 'templatesMode', u.templates_mode, 'templates', u.templates,
            'links', coalesce(l.links, '[]'), 'hasArchivedCustomer', coalesce(l.archived, false),
            'needsLastUsedUpdate', e.seen_at < p_now - interval '1 minute') end,
          'visitor', case when visiting.id is not null then json_build_object(
            'id', k.id, 'sessionId', e.id, 'name', coalesce(vk.name, vc.name), 'customerName', vc.name,
            'link', json_build_object(
              'id', k.id, 'customer', vc.id, 'scope', k.scope, 'contact', k.contact_id, 'permissions', null,
              'record', record_of_link(k),
              'group', json_build_object('id', vg.id, 'kind', vg.kind, 'name', vg.name, 'permissions', vg.permissions)),
            'needsLastUsedUpdate', e.seen_at < p_now - interval '1 minute') end)
      end,
      case when slugs.is_current then a.id end,
      -- While a portal is off, its sessions grant nothing.
      case when a.status = 'active' and p.enabled then coalesce(signed_in.id, visiting.id) end,
      coalesce(l.customers, case when visiting.id is not null then array[vc.id] end),
      coalesce(l.jobs_of, case when k.scope = 'whole' and visiting.sees_jobs then array[vc.id] end),
      coalesce(l.contacts, case when visiting.id is not null and k.contact_id is not null then array[k.contact_id] end),
      not p.hide_jobs_of_other_templates,
      case u.templates_mode
        when 'add' then p.templates || u.templates
        when 'replace' then u.templates
        when 'hide' then array(select t from unnest(p.templates) t where t <> all (u.templates))
        else p.templates
      end,
      case
        when coalesce(signed_in.id, visiting.id) is not null and e.seen_at < p_now - interval '1 minute' then e.hash
      end,
      coalesce(l.tickets_of, case when k.scope = 'whole' and visiting.sees_tickets then array[vc.id] end),
      coalesce(l.ticket_contacts, case when k.scope = 'contact' and visiting.sees_tickets then array[k.contact_id] end),
      case when signed_in.id is not null then 'portalUser' when visiting.id is not null then 'linkVisitor' end,
      case when visiting.sees_tickets and k.ticket_id is not null then array[k.ticket_id] end
    into caller
    from account_slugs slugs
    join accounts a on a.id = slugs.account_id
    join account_settings s on s.account_id = a.id
    join portal_settings p on p.account_id = a.id
    join permission_groups f on f.account_id = a.id and f.kind = 'full'
    join permission_groups d on d.account_id = a.id and d.kind = 'limited'
    -- Session cookies are named by the last 12 characters of the account's id, so that portals can share a host.
    left join portal_sessions e
      on e.account_id = a.id and slugs.is_current and e.ends_at > p_now
      and e.hash = decode(coalesce(p_session_hashes ->> right(a.id::text, 12), ''), 'hex')
    left join portal_users u
      on e.subject_kind = 'portalUser' and u.account_id = e.account_id and u.id = e.subject_id and u.status = 'active'
    left join lateral (
      select
        json_agg(json_build_object(
          'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id,
          'permissions', l.permissions,
          'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions))
          order by l.created_at) filter (where c.status = 'active') as links,
        array_agg(l.customer_id) filter (where c.status = 'active' and g.kind <> 'none') as customers,
        array_agg(l.customer_id) filter (
          where c.status = 'active' and g.kind <> 'none' and l.scope = 'whole'
            and (p.switches ->> 'viewJobs')::boolean
            and coalesce(
              (l.permissions ->> 'viewJobs')::boolean, (u.permissions ->> 'viewJobs')::boolean,
              (g.permissions ->> 'viewJobs')::boolean, false)) as jobs_of,
        array_agg(l.customer_id) filter (
          where c.status = 'active' and g.kind <> 'none' and l.scope = 'whole' and sees_tickets.it) as tickets_of,
        array_agg(l.contact_id) filter (
          where c.status = 'active' and g.kind <> 'none' and l.scope = 'contact' and sees_tickets.it
        ) as ticket_contacts,
        array_agg(l.contact_id) filter (
          where c.status = 'active' and g.kind <> 'none' and l.contact_id is not null) as contacts,
        bool_or(c.status <> 'active') as archived,
        bool_and(g.kind = 'none') as disabled
      from portal_links l
      join customers c on c.account_id = l.account_id and c.id = l.customer_id
      join permission_groups g
        on g.account_id = l.account_id
        and g.id = coalesce(l.group_id, case l.scope when 'whole' then f.id else d.id end)
      cross join lateral (
        select (p.switches ->> 'viewTickets')::boolean and coalesce(
          (l.permissions ->> 'viewTickets')::boolean, (u.permissions ->> 'viewTickets')::boolean,
          (g.permissions ->> 'viewTickets')::boolean, false) as it) sees_tickets
      where l.account_id = u.account_id and l.portal_user_id = u.id) l on u.id is not null
    -- A session of somebody whose every link is in the group No access grants nothing.
    left join lateral (select u.id where not coalesce(l.disabled, false)) signed_in on true
    -- Whoever came by a secure link: as long as the link works, it alone opens the portal, and nothing closed it in between.
    left join secure_links k
      on e.subject_kind = 'linkVisitor' and k.account_id = e.account_id and k.id = e.subject_id
      and k.ended_at is null and k.expires_at > p_now
    left join customers vc
      on vc.account_id = k.account_id and vc.id = k.customer_id and vc.lock_epoch = e.lock_epoch
      and is_link_open(vc, p, k.scope)
    left join contacts vk
      on vk.account_id = k.account_id and vk.id = k.contact_id and vk.customer_id = k.customer_id and vk.status = 'active'
    left join permission_groups vg on vg.account_id = k.account_id and vg.kind = 'visitor'
    left join lateral (
      select k.id,
        coalesce((p.switches ->> 'viewJobs')::boolean and (vg.permissions ->> 'viewJobs')::boolean, false) as sees_jobs,
        coalesce(
          (p.switches ->> 'viewTickets')::boolean and (vg.permissions ->> 'viewTickets')::boolean, false) as sees_tickets
      where vc.id is not null and is_link_for(k, vk)) visiting on true
    where slugs.slug = p_slug and (slugs.is_current or slugs.retired_at > p_now - interval '1 year');
  return caller;
end $$;

-- ---- opening and making links ----

create or replace function find_secure_link(p_hash bytea, p_now timestamptz) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select json_build_object(
    'id', k.id, 'customer', k.customer_id, 'scope', k.scope, 'contact', k.contact_id,
    'record', record_of_link(k), 'email', contact.email,
    'name', coalesce(contact.name, c.name), 'customerName', c.name, 'sealed', k.sealed,
    'status', case
      when k.ended_as is not null then k.ended_as
      when not is_link_for(k, contact) then 'revoked'
      when c.status <> 'active' or coalesce(c.lock_mode, p.lock_mode) = 'closed' then 'closed'
      when k.expires_at <= p_now then 'expired'
      when is_link_open(c, p, k.scope) then 'open'
      else 'password'
    end)
  from secure_links k
  join customers c on c.account_id = k.account_id and c.id = k.customer_id
  join portal_settings p on p.account_id = k.account_id
  left join contacts contact
    on contact.account_id = k.account_id and contact.id = k.contact_id and contact.customer_id = k.customer_id
      and contact.status = 'active'
  where k.account_id = context_account() and k.hash = p_hash
$$;

create or replace function make_secure_link(p_link jsonb) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  now constant timestamptz := (p_link ->> 'at')::timestamptz;
  made secure_links;
begin
  if not is_office_staff() then
    return null;
  end if;
  -- Two at once follow each other.
  perform from customers c
    where c.account_id = context_account() and c.id = (p_link ->> 'customer')::uuid and c.status = 'active'
    for no key update;
  if not found then
    return null;
  end if;
  update secure_links k set ended_at = now, ended_as = 'replaced'
  where k.account_id = context_account() and k.customer_id = (p_link ->> 'customer')::uuid
    and k.scope = p_link ->> 'scope' and k.contact_id is not distinct from (p_link ->> 'contact')::uuid
    and k.record_id is not distinct from (p_link #>> '{record,id}')::uuid
    and k.ended_at is null and ((p_link ->> 'replaces')::boolean or k.expires_at <= now);
  insert into secure_links (
    account_id, id, customer_id, scope, contact_id, record_kind, record_id, hash, sealed, created_by_id, created_at,
    expires_at)
  select
    context_account(), (p_link ->> 'id')::uuid, (p_link ->> 'customer')::uuid, p_link ->> 'scope',
    (p_link ->> 'contact')::uuid, p_link #>> '{record,kind}', (p_link #>> '{record,id}')::uuid,
    decode(p_link ->> 'hash', 'hex'), p_link ->> 'sealed', context_actor('staff'), now,
    now + make_interval(days => coalesce((p_link ->> 'days')::int, p.link_days))
  from portal_settings p
  where p.account_id = context_account()
  on conflict do nothing;
  select * into made from secure_links k
  where k.account_id = context_account() and k.customer_id = (p_link ->> 'customer')::uuid
    and k.scope = p_link ->> 'scope' and k.contact_id is not distinct from (p_link ->> 'contact')::uuid
    and k.record_id is not distinct from (p_link #>> '{record,id}')::uuid and k.ended_at is null;
  return json_build_object('id', made.id, 'isNew', made.id = (p_link ->> 'id')::uuid);
end $$;
