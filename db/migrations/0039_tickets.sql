-- widens: nothing
-- Tickets: what customers ask and report, with a conversation. Contacts reach their own tickets and those they take part in.
-- Existing accounts have them off until an owner turns them on (PS-60); new accounts have them on.

create table tickets (
  account_id uuid not null,
  id uuid not null,
  number int not null,
  customer_id uuid not null,
  contact_id uuid,
  participants uuid[] not null default '{}',
  subject text not null,
  description text not null default '',
  status text not null default 'new' check (status in ('new', 'open', 'waiting', 'onHold', 'resolved', 'closed')),
  priority text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  assignee_id uuid,
  source text not null check (source in ('office', 'portal', 'email', 'link')),
  tags text[] not null default '{}',
  created_by_kind text not null,
  created_by_id uuid,
  created_by_name text,
  search_text_portal text not null,
  search_text_office text not null,
  version int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  closed_at timestamptz,
  constraint tickets_pk primary key (account_id, id),
  constraint tickets_number_unique unique (account_id, number),
  constraint tickets_account_fk foreign key (account_id) references accounts (id),
  constraint tickets_customer_fk foreign key (account_id, customer_id) references customers (account_id, id),
  -- Without a cascade: who deletes a contact says what becomes of its tickets and of what is beside them.
  constraint tickets_contact_fk foreign key (account_id, contact_id) references contacts (account_id, id),
  constraint tickets_assignee_fk foreign key (account_id, assignee_id) references staff_members (account_id, id),
  constraint tickets_closed check ((status = 'closed') = (closed_at is not null))
);
comment on table tickets is 'class: tenant. Something a customer asks or reports, with a conversation.';
comment on column tickets.contact_id is 'Whose ticket it is. Without one, only who acts for the whole customer sees it.';
comment on column tickets.participants is 'Other contacts of the customer who see it.';
comment on column tickets.updated_at is 'Last change or comment. Lists begin with the newest.';
comment on column tickets.search_text_portal is 'Search text for portal users. Excludes tags.';
create index tickets_newest on tickets (account_id, created_at desc, id desc);
create index tickets_changed on tickets (account_id, updated_at desc, id desc);
create index tickets_by_status on tickets (account_id, status, updated_at desc, id desc);
create index tickets_of_customer on tickets (account_id, customer_id, updated_at desc, id desc);
create index tickets_of_assignee on tickets (account_id, assignee_id, updated_at desc, id desc)
  where assignee_id is not null;
create index tickets_of_contact on tickets (account_id, contact_id) where contact_id is not null;
create index tickets_participants on tickets using gin (participants) where participants <> '{}';

-- ---- comments, history and files of tickets ----

alter table comments
  drop constraint comments_parent_kind_check,
  add constraint comments_parent_kind_check check (parent_kind in ('job', 'ticket')),
  add column ticket_id uuid generated always as (case when parent_kind = 'ticket' then parent_id end) stored,
  add column contacts uuid[] not null default '{}',
  add constraint comments_ticket_fk foreign key (account_id, ticket_id) references tickets (account_id, id) on delete cascade;
alter table history
  drop constraint history_parent_kind_check,
  add constraint history_parent_kind_check check (parent_kind in ('job', 'ticket')),
  add column ticket_id uuid generated always as (case when parent_kind = 'ticket' then parent_id end) stored,
  add column contacts uuid[] not null default '{}',
  add constraint history_ticket_fk foreign key (account_id, ticket_id) references tickets (account_id, id) on delete cascade;
alter table files
  drop constraint files_parent_kind_check,
  add constraint files_parent_kind_check check (parent_kind in ('job', 'ticket')),
  add column ticket_id uuid generated always as (case when parent_kind = 'ticket' then parent_id end) stored,
  add column contacts uuid[] not null default '{}',
  add constraint files_ticket_fk foreign key (account_id, ticket_id) references tickets (account_id, id) on delete cascade;
comment on column comments.contacts is 'Contact and participants of its ticket, rewritten when they change.';
comment on column history.contacts is 'Contact and participants of its ticket, rewritten when they change.';
comment on column files.contacts is 'Contact and participants of its ticket, rewritten when they change.';
create index comments_ticket on comments (account_id, ticket_id, created_at, id) where ticket_id is not null;
create index history_ticket on history (account_id, ticket_id, created_at, id) where ticket_id is not null;
create index files_ticket on files (account_id, ticket_id) where ticket_id is not null;

-- ---- who reaches them ----

create or replace function protect_tenant_table(p_table regclass, p_kind text) returns void
  language plpgsql as $$
declare
  -- The select makes PostgreSQL read a setting once a statement; without it, once a row (11 to 30 times slower).
  any_of         constant text := $q$any ((select nullif(current_setting('app.%s', true), '')::uuid[])::uuid[])$q$;
  customers      constant text := format(any_of, 'customers');
  jobs_of        constant text := format(any_of, 'jobs_of');
  contacts       constant text := format(any_of, 'contacts');
  tickets_of     constant text := format(any_of, 'tickets_of');
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
    ' when ''ticket'' then customer_id = %s or (customer_id = %s and contacts && %s) else false end',
    jobs_of, tickets_of, customers, ticket_people);
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
        ' or (customer_id = %s and (array[contact_id] && %s or participants && %s)))',
        all_staff, assigned_staff, actor_id, tickets_of, customers, ticket_people, ticket_people)
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
  protect_tenant_table('contacts', 'reach'),
  -- As before, by the definition that is there now.
  protect_tenant_table('account_settings', 'rights'),
  protect_tenant_table('portal_settings', 'rights'),
  protect_tenant_table('permission_groups', 'rights'),
  protect_tenant_table('staff_members', 'rights'),
  protect_tenant_table('portal_users', 'rights'),
  protect_tenant_table('portal_links', 'rights'),
  protect_tenant_table('comments', 'child'),
  protect_tenant_table('history', 'child'),
  protect_tenant_table('files', 'upload');

alter type portal_caller
  add attribute tickets_of uuid[],
  add attribute ticket_contacts uuid[];

create or replace function app_begin(p_context jsonb) returns void
  language plpgsql as $$
declare
  -- The closed list of settings. A missing key is set to the empty string, which grants nothing.
  names constant text[] := array[
    'account', 'actor_kind', 'actor_id', 'portal_user', 'staff', 'customers', 'jobs_of', 'tickets_of', 'contacts',
    'ticket_contacts', 'all_templates', 'templates'];
  name text;
  statements text := '';
begin
  perform refuse_other_account(p_context ->> 'account');
  foreach name in array names loop
    statements := statements || format('set local app.%s = %L;', name, coalesce(p_context ->> name, ''));
  end loop;
  execute statements;
end $$;

create or replace function begin_portal_request(p_slug text, p_session_hashes jsonb, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := resolve_portal_caller(p_slug, p_session_hashes, p_now);
begin
  perform refuse_other_account(caller.account_id::text);
  -- Without a portal user there is no reach.
  if caller.actor_id is null then
    caller := row(caller.response, caller.account_id, null, null, null, null, false, null, null, null, null);
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
     set local app.all_templates = %L;
     set local app.templates = %L',
    coalesce(caller.account_id::text, ''),
    case when caller.actor_id is null then 'anonymous' else 'portalUser' end,
    coalesce(caller.actor_id::text, ''),
    coalesce(caller.actor_id::text, ''),
    coalesce(caller.customers, '{}'),
    coalesce(caller.jobs_of, '{}'),
    coalesce(caller.tickets_of, '{}'),
    coalesce(caller.contacts, '{}'),
    coalesce(caller.ticket_contacts, '{}'),
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
      case when signed_in.id is not null and e.seen_at < p_now - interval '1 minute' then e.hash end,
      l.tickets_of,
      l.ticket_contacts
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
    where slugs.slug = p_slug and (slugs.is_current or slugs.retired_at > p_now - interval '1 year');
  return caller;
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
        -- A worker's customers are those of their open jobs, once published, and of their open tickets.
        case when m.role = 'worker' then array(
          select j.customer_id from jobs j
          where j.account_id = m.account_id and j.worker_id = m.id
            and j.status not in ('unpublished', 'completed', 'canceled')
          union
          select t.customer_id from tickets t
          where t.account_id = m.account_id and t.assignee_id = m.id
            and t.status not in ('resolved', 'closed')) else '{}' end as customers) own;
  return caller;
end $$;

-- ---- permissions: off for accounts there are, on for new ones ----

update permission_groups set permissions =
  '{"viewTickets": false, "createTickets": false, "replyTickets": false, "closeTickets": false, '
  '"setTicketPriority": false}' || permissions;
update portal_settings set switches =
  '{"viewTickets": false, "createTickets": false, "replyTickets": false, "closeTickets": false, '
  '"setTicketPriority": false}' || switches;
alter table portal_settings alter column switches set default
  '{"viewJobs": true, "createJobs": true, "chooseTemplates": true, "editJobs": true, "cancelJobs": true, '
  '"deleteJobs": true, "viewTickets": true, "createTickets": true, "replyTickets": true, "closeTickets": true, '
  '"setTicketPriority": true}';

create or replace function create_permission_groups(p_account_id uuid, p_now timestamptz) returns void
  language sql as $$
  insert into permission_groups (account_id, id, kind, permissions, created_at, updated_at)
  select p_account_id, gen_random_uuid(), built_in.kind, built_in.of_jobs::jsonb || built_in.of_tickets::jsonb, p_now, p_now
  from (values
    ('full',
      '{"viewJobs": true, "createJobs": true, "chooseTemplates": true, '
      '"editJobs": true, "cancelJobs": true, "deleteJobs": false}',
      '{"viewTickets": true, "createTickets": true, "replyTickets": true, "closeTickets": true, '
      '"setTicketPriority": true}'),
    ('limited',
      '{"viewJobs": false, "createJobs": false, "chooseTemplates": false, '
      '"editJobs": false, "cancelJobs": false, "deleteJobs": false}',
      '{"viewTickets": true, "createTickets": true, "replyTickets": true, "closeTickets": true, '
      '"setTicketPriority": true}'),
    ('none',
      '{"viewJobs": false, "createJobs": false, "chooseTemplates": false, '
      '"editJobs": false, "cancelJobs": false, "deleteJobs": false}',
      '{"viewTickets": false, "createTickets": false, "replyTickets": false, "closeTickets": false, '
      '"setTicketPriority": false}'),
    ('visitor',
      '{"viewJobs": true, "createJobs": true, "chooseTemplates": true, '
      '"editJobs": true, "cancelJobs": true, "deleteJobs": false}',
      '{"viewTickets": true, "createTickets": true, "replyTickets": true, "closeTickets": true, '
      '"setTicketPriority": true}')
  ) as built_in (kind, of_jobs, of_tickets)
$$;
