-- widens: nothing
-- Permission groups: named sets of permissions that links between portal users and customers follow. The
-- default permissions of an account become those of its group Full access, and a new permission says who sees jobs at all.
-- Everybody sees what they saw.

create table permission_groups (
  account_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('full', 'limited', 'none', 'visitor', 'custom')),
  name text,
  name_norm text,
  permissions jsonb not null,
  version int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint permission_groups_pk primary key (account_id, id),
  constraint permission_groups_account_fk foreign key (account_id) references accounts (id),
  constraint permission_groups_named check ((kind = 'custom') = (name is not null and name_norm is not null))
);
comment on table permission_groups is
  'class: tenant. Named sets of permissions of an account. Every account has the four built-in ones.';
comment on column permission_groups.kind is
  'full: default of links to a whole customer. limited: default of links to a contact. none: cannot sign in, and no other '
  'value changes that. visitor: who comes by a link without a password. custom: made by the business.';
comment on column permission_groups.name is 'Null for built-in groups, whose names are texts.';
create unique index permission_groups_kind_unique on permission_groups (account_id, kind) where kind <> 'custom';
create unique index permission_groups_name_unique on permission_groups (account_id, name_norm);

create or replace function protect_tenant_table(p_table regclass, p_kind text) returns void
  language plpgsql as $$
declare
  -- The select makes PostgreSQL read a setting once a statement; without it, once a row (11 to 30 times slower).
  any_of         constant text := $q$any ((select nullif(current_setting('app.%s', true), '')::uuid[])::uuid[])$q$;
  customers      constant text := format(any_of, 'customers');
  jobs_of        constant text := format(any_of, 'jobs_of');
  contacts       constant text := format(any_of, 'contacts');
  templates      constant text := format(any_of, 'templates');
  all_templates  constant text := $q$(select current_setting('app.all_templates', true) = 'true')$q$;
  account        constant text := $q$account_id = (select nullif(current_setting('app.account', true), '')::uuid)$q$;
  actor_kind     constant text := $q$(select current_setting('app.actor_kind', true))$q$;
  actor_id       constant text := $q$(select nullif(current_setting('app.actor_id', true), '')::uuid)$q$;
  all_staff      constant text := $q$(select current_setting('app.staff', true) = 'all')$q$;
  assigned_staff constant text := $q$(select current_setting('app.staff', true) = 'assigned')$q$;
  portal_user    constant text := $q$(select nullif(current_setting('app.portal_user', true), '')::uuid)$q$;
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
      when 'contacts' then format(
        '(%s or (%s and customer_id = %s) or id = %s)',
        all_staff, assigned_staff, customers, contacts)
      -- Unpublished: on the schedule, not yet shown to its worker.
      when 'jobs' then format(
        '(%s or (%s and worker_id = %s and status <> ''unpublished'')'
        ' or (customer_id = %s and (%s or template_id = %s)))',
        all_staff, assigned_staff, actor_id, jobs_of, all_templates, templates)
    end
    -- Read only through a join to the parent, whose own policy decides the rest.
    when 'child' then format(
      '(%s or %s or (audience = ''customer'' and customer_id = %s))',
      all_staff, assigned_staff, jobs_of)
    -- A child that may wait without a parent: then only its uploader reaches it. An id identifies only with its kind.
    when 'upload' then format(
      '((parent_id is null and uploader_kind = %s and uploader_id = %s)'
      ' or (parent_id is not null and (%s or %s or (audience = ''customer'' and customer_id = %s))))',
      actor_kind, actor_id, all_staff, assigned_staff, jobs_of)
  end;
  if rule is null then
    raise exception 'protect_tenant_table: no rule for % as %', p_table, p_kind;
  end if;

  perform protect_directory_table(p_table);
  if p_kind = 'closed' then
    return;
  end if;
  write_rule := format('(%s and %s)', account, case when p_kind in ('rights', 'catalog') then all_staff else rule end);
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

-- Tables with rights and closed ones follow the function as it is now.
select
  protect_tenant_table('portal_sessions', 'closed'),
  protect_tenant_table('tokens', 'closed'),
  protect_tenant_table('counters', 'closed'),
  protect_tenant_table('permission_groups', 'rights'),
  protect_tenant_table('account_settings', 'rights'),
  protect_tenant_table('portal_settings', 'rights'),
  protect_tenant_table('staff_members', 'rights'),
  protect_tenant_table('portal_users', 'rights'),
  protect_tenant_table('portal_links', 'rights');

alter table portal_links
  add column group_id uuid,
  -- Without a cascade: deleting a group never changes what somebody may do.
  add constraint portal_links_group_fk foreign key (account_id, group_id) references permission_groups (account_id, id);
comment on column portal_links.group_id is 'Null follows the default of the scope: whole full, contact limited.';
create index portal_links_group on portal_links (account_id, group_id) where group_id is not null;

create function create_permission_groups(p_account_id uuid, p_now timestamptz) returns void
  language sql as $$
  insert into permission_groups (account_id, id, kind, permissions, created_at, updated_at)
  select p_account_id, gen_random_uuid(), built_in.kind, built_in.permissions::jsonb, p_now, p_now
  from (values
    ('full', '{"viewJobs": true, "createJobs": true, "chooseTemplates": true, '
      '"editJobs": true, "cancelJobs": true, "deleteJobs": false}'),
    ('limited', '{"viewJobs": false, "createJobs": false, "chooseTemplates": false, '
      '"editJobs": false, "cancelJobs": false, "deleteJobs": false}'),
    ('none', '{"viewJobs": false, "createJobs": false, "chooseTemplates": false, '
      '"editJobs": false, "cancelJobs": false, "deleteJobs": false}'),
    ('visitor', '{"viewJobs": true, "createJobs": true, "chooseTemplates": true, '
      '"editJobs": true, "cancelJobs": true, "deleteJobs": false}')
  ) as built_in (kind, permissions)
$$;
comment on function create_permission_groups(uuid, timestamptz) is
  'Gives a new account its built-in groups. Called where accounts are created.';
grant execute on function create_permission_groups(uuid, timestamptz) to portico_system;

select create_permission_groups(p.account_id, p.updated_at) from portal_settings p;
update permission_groups g set permissions = '{"viewJobs": true}' || p.permissions
from portal_settings p
where p.account_id = g.account_id and g.kind in ('full', 'visitor');
update portal_settings set switches = '{"viewJobs": true}' || switches;
alter table portal_settings
  drop column permissions,
  alter column switches set default '{"viewJobs": true, "createJobs": true, "chooseTemplates": true, '
      '"editJobs": true, "cancelJobs": true, "deleteJobs": true}';

create function group_of_link(p_account_id uuid, p_group_id uuid, p_scope text) returns uuid
  language sql stable as $$
  select coalesce(p_group_id, (
    select g.id from permission_groups g
    where g.account_id = p_account_id and g.kind = case p_scope when 'whole' then 'full' else 'limited' end))
$$;
comment on function group_of_link(uuid, uuid, text) is
  'The group that a link follows: its own, or the default of its scope.';
grant execute on function group_of_link(uuid, uuid, text) to portico_app, portico_system;

create function is_portal_user_disabled(p_account_id uuid, p_portal_user_id uuid) returns boolean
  language sql stable as $$
  select coalesce(bool_and(coalesce(g.kind = 'none', false)), false)
  from portal_links l
  left join permission_groups g on g.account_id = l.account_id and g.id = l.group_id
  where l.account_id = p_account_id and l.portal_user_id = p_portal_user_id
$$;
comment on function is_portal_user_disabled(uuid, uuid) is
  'Whether every link of a portal user is in the group No access, so that they cannot sign in. False without links.';
grant execute on function is_portal_user_disabled(uuid, uuid) to portico_app, portico_system;

-- ---- the functions that read permissions ----

drop function account_to_json(text, accounts, account_settings, portal_settings);
create function account_to_json(
    p_slug text, account accounts, settings account_settings, portal portal_settings, full_access permission_groups)
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
      'signUpDomains', portal.sign_up_domains, 'switches', portal.switches, 'permissions', full_access.permissions,
      'templates', portal.templates, 'hideJobsOfOtherTemplates', portal.hide_jobs_of_other_templates,
      'severalJobs', portal.several_jobs, 'requestedStart', portal.requested_start,
      'createCustomers', coalesce(portal.create_customers, portal.public), 'staffNames', portal.staff_names,
      'confirmBookings', portal.confirm_bookings, 'mailOnRemoval', portal.mail_on_removal))
$$;
comment on function account_to_json(text, accounts, account_settings, portal_settings, permission_groups) is
  'What every request knows of its account. The planner inlines it.';

create or replace function load_account(p_account_id uuid) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select account_to_json(slugs.slug, a, s, p, f)
  from accounts a
  join account_slugs slugs on slugs.account_id = a.id and slugs.is_current
  join account_settings s on s.account_id = a.id
  join portal_settings p on p.account_id = a.id
  join permission_groups f on f.account_id = a.id and f.kind = 'full'
  where a.id = p_account_id and is_context_account_if_any(p_account_id)
$$;

create or replace function create_account(p_account jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  new_id constant uuid := (p_account ->> 'id')::uuid;
  now constant timestamptz := (p_account ->> 'at')::timestamptz;
begin
  if not (is_outside_accounts() and is_installation_empty()) then
    raise exception 'Set-up creates the first account' using errcode = '42501';
  end if;
  insert into accounts (id, kind, status, created_at)
  values (new_id, 'business', 'active', now);
  insert into account_slugs (slug, account_id, is_current, created_at)
  values (p_account ->> 'slug', new_id, true, now);
  insert into account_settings (account_id, name, time_zone, locale, currency, support_email, updated_at)
  values (
    new_id, p_account ->> 'name', p_account ->> 'timeZone', p_account ->> 'locale', p_account ->> 'currency',
    p_account ->> 'supportEmail', now);
  insert into portal_settings (account_id, updated_at)
  values (new_id, now);
  perform create_permission_groups(new_id, now);
  insert into staff_members (account_id, id, person_id, email, name, role, status, created_at, updated_at)
  values (
    new_id, (p_account ->> 'memberId')::uuid, (p_account ->> 'ownerId')::uuid, p_account ->> 'ownerEmail',
    p_account ->> 'ownerName', 'owner', 'active', now, now);
  perform prove_person((p_account ->> 'ownerId')::uuid);
end $$;

create or replace function resolve_office_caller(p_slug text, p_session_hash bytea, p_now timestamptz) returns office_caller
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  caller office_caller;
begin
  select
      json_build_object(
        'moved', case when not slugs.is_current then (
          select c.slug from account_slugs c where c.account_id = slugs.account_id and c.is_current) end,
        'account', case when a.id is not null then account_to_json(slugs.slug, a, s, p, f) end,
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
    left join permission_groups f on f.account_id = a.id and f.kind = 'full'
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
            'needsLastUsedUpdate', e.seen_at < p_now - interval '1 minute') end)
      end,
      case when slugs.is_current then a.id end,
      -- While a portal is off, its sessions grant nothing.
      case when a.status = 'active' and p.enabled then signed_in.id end,
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
      case when signed_in.id is not null and e.seen_at < p_now - interval '1 minute' then e.hash end
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
    left join portal_users u on u.account_id = e.account_id and u.id = e.subject_id and u.status = 'active'
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
        array_agg(l.contact_id) filter (
          where c.status = 'active' and g.kind <> 'none' and l.contact_id is not null) as contacts,
        bool_or(c.status <> 'active') as archived,
        bool_and(g.kind = 'none') as disabled
      from portal_links l
      join customers c on c.account_id = l.account_id and c.id = l.customer_id
      join permission_groups g
        on g.account_id = l.account_id
        and g.id = coalesce(l.group_id, case l.scope when 'whole' then f.id else d.id end)
      where l.account_id = u.account_id and l.portal_user_id = u.id) l on u.id is not null
    -- A session of somebody whose every link is in the group No access grants nothing.
    left join lateral (select u.id where not coalesce(l.disabled, false)) signed_in on true
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
      'company', u.company, 'postal_address', u.postal_address, 'email_choices', u.email_choices)
    into booker
    from portal_users u
    where u.account_id = context_account() and u.id = booker_id and u.status = 'active'
    for update;
  select coalesce(json_agg(json_build_object(
      'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id,
      'permissions', l.permissions,
      'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions))
      order by l.created_at), '[]')
    into links
    from (
      select l.* from portal_links l
      join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.status = 'active'
      where l.account_id = context_account() and l.portal_user_id = booker_id
      for share of l) l
    join permission_groups g on g.account_id = l.account_id and g.id = group_of_link(l.account_id, l.group_id, l.scope);
  select coalesce(json_agg(json_build_object('id', m.id, 'email', m.email, 'name', m.name)), '[]')
    into dispatchers
    from staff_members m
    join portal_settings p on p.account_id = m.account_id
    where booker is not null
      and m.account_id = context_account() and m.status = 'active' and m.role <> 'worker'
      and coalesce((p.staff_emails ->> 'booked')::boolean, true)
      -- The default of the role is that of wantsStaffEmail.
      and coalesce((m.email_choices ->> 'booked')::boolean, m.role <> 'admin');
  return json_build_object('booker', booker, 'links', links, 'dispatchers', dispatchers);
end $$;

-- ---- who is disabled cannot sign in ----

create or replace function record_portal_sign_in(
    p_account_id uuid, p_portal_user_id uuid, p_password_hash text, p_now timestamptz)
  returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update portal_users u set last_sign_in_at = p_now
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.id = p_portal_user_id
    and u.status = 'active' and u.password_hash = p_password_hash
    and not is_portal_user_disabled(p_account_id, p_portal_user_id);
  if not found then
    return false;
  end if;
  execute format('set local app.portal_user = %L', p_portal_user_id);
  return true;
end $$;

create or replace function start_portal_session(p_session jsonb) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  portal_user_id constant uuid := (p_session ->> 'user')::uuid;
  started_at constant timestamptz := (p_session ->> 'at')::timestamptz;
begin
  if not is_own_login(portal_user_id) or is_portal_user_disabled(context_account(), portal_user_id) then
    return false;
  end if;
  insert into portal_sessions (
    account_id, hash, id, subject_kind, subject_id, created_at, seen_at, ends_at, user_agent, client_address)
  values (
    context_account(), decode(p_session ->> 'hash', 'hex'), (p_session ->> 'id')::uuid, 'portalUser',
    portal_user_id, started_at, started_at, (p_session ->> 'ends')::timestamptz,
    p_session ->> 'userAgent', p_session ->> 'clientAddress');
  delete from portal_sessions s
  where s.account_id = context_account()
    and s.id in (
      select o.id from portal_sessions o
      where o.account_id = context_account() and o.subject_id = portal_user_id
      order by o.seen_at desc, o.created_at desc, o.id desc
      offset 20);
  return true;
end $$;

create or replace function lock_portal_login_of_address(p_account_id uuid, p_email_norm text) returns json
  language sql security definer set search_path = public, pg_temp as $$
  select json_build_object(
    'id', u.id, 'email', u.email, 'email_norm', u.email_norm, 'sign_up_hash', u.sign_up_hash, 'name', u.name,
    'locale', u.locale,
    'status', case
      when u.status = 'active' and is_portal_user_disabled(p_account_id, u.id) then 'disabled'
      else u.status
    end)
  from portal_users u
  where u.account_id = p_account_id and is_context_account(p_account_id)
    and u.email_norm = p_email_norm and u.status <> 'removed'
  for update
$$;
