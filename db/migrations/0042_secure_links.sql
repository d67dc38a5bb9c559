-- widens: nothing
-- Secure links: who has no password enters the portal of one customer, or of one contact, by a link alone. Existing accounts
-- have them turned off until an owner turns them on; new accounts have them on.

create table secure_links (
  account_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  scope text not null check (scope in ('whole', 'contact')),
  contact_id uuid,
  hash bytea not null,
  sealed text not null,
  created_by_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  ended_at timestamptz,
  ended_as text check (ended_as in ('replaced', 'revoked')),
  constraint secure_links_pk primary key (account_id, id),
  constraint secure_links_hash_unique unique (account_id, hash),
  constraint secure_links_account_fk foreign key (account_id) references accounts (id),
  constraint secure_links_customer_fk foreign key (account_id, customer_id)
    references customers (account_id, id) on delete cascade,
  constraint secure_links_contact_fk foreign key (account_id, contact_id)
    references contacts (account_id, id) on delete cascade,
  -- Without a contact, `contact` would mean nobody or everybody.
  constraint secure_links_scope check (scope = 'whole' or contact_id is not null),
  constraint secure_links_ended check ((ended_at is null) = (ended_as is null))
);
comment on table secure_links is
  'class: tenant. Links that open the portal of one customer or contact without a password. One per recipient and scope.';
comment on column secure_links.contact_id is 'The recipient. Null: the customer itself.';
comment on column secure_links.hash is 'Hash of the token, for look-up.';
comment on column secure_links.sealed is 'The token, encrypted with a key that the database does not have, so that staff can copy it.';
comment on column secure_links.created_by_id is 'Staff member. Null: asked for on the portal.';
comment on column secure_links.ended_as is 'replaced: a newer link took its place, or the last portal user was removed. revoked: by staff.';
create unique index secure_links_current on secure_links (account_id, customer_id, scope, contact_id)
  nulls not distinct where ended_at is null;
create index secure_links_contact on secure_links (account_id, contact_id) where contact_id is not null;
-- Read by the office; written by the functions below.
select protect_tenant_table('secure_links', 'report');

alter table customers
  add column lock_mode text check (lock_mode in ('automatic', 'password', 'closed')),
  add column link_held boolean not null default false;
comment on column customers.lock_mode is 'Whether a secure link alone opens the portal. Null: as the account.';
comment on column customers.link_held is 'The last portal user was removed: links stay closed until staff open them again.';
comment on column customers.lock_epoch is 'Raised by whatever may close secure links. Sessions of links end with the one they began in.';

alter table portal_settings
  add column lock_mode text not null default 'closed' check (lock_mode in ('automatic', 'password', 'closed')),
  add column count_unclaimed boolean not null default true,
  add column link_days int not null default 90 check (link_days between 1 and 730);
comment on column portal_settings.lock_mode is
  'automatic: a secure link is enough until the customer has a portal user. password: never enough. closed: no links.';
comment on column portal_settings.count_unclaimed is 'Whether portal users who have not activated yet close the link.';
comment on column portal_settings.link_days is 'Days until a new secure link expires.';
alter table portal_settings alter column lock_mode set default 'automatic';

alter table portal_sessions
  drop constraint portal_sessions_subject_kind_check,
  add constraint portal_sessions_subject_kind_check check (subject_kind in ('portalUser', 'linkVisitor')),
  add constraint portal_sessions_epoch check ((subject_kind = 'linkVisitor') = (lock_epoch is not null));
comment on column portal_sessions.lock_epoch is 'Of a link visitor: that of the customer when the session began.';
alter table jobs
  drop constraint jobs_created_by_kind_check,
  add constraint jobs_created_by_kind_check check (created_by_kind in ('staff', 'portalUser', 'linkVisitor', 'system'));

create function is_link_enough(customer customers, portal portal_settings) returns boolean
  language sql stable as $$
  select portal.enabled and customer.status = 'active' and not customer.link_held
    and coalesce(customer.lock_mode, portal.lock_mode) = 'automatic'
    and not exists (
      select from portal_links l
      join portal_users u on u.account_id = l.account_id and u.id = l.portal_user_id
      where l.account_id = customer.account_id and l.customer_id = customer.id and u.status <> 'removed'
        and (portal.count_unclaimed or u.activated_at is not null))
$$;
comment on function is_link_enough(customers, portal_settings) is
  'Whether a secure link alone opens the portal of the customer: isLinkEnough of secure-links/rules.ts.';
grant execute on function is_link_enough(customers, portal_settings) to portico_system;

-- ---- what closes a link ----

create function raise_lock_epochs(p_customers uuid[], p_now timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  account constant uuid := context_account();
begin
  -- In one order, and before the links are counted: of two who remove the last two, the second sees what the first did.
  perform from customers c where c.account_id = account and c.id = any (p_customers) order by c.id for update;
  update customers c
  set
    lock_epoch = c.lock_epoch + 1,
    link_held = c.link_held
      or not exists (select from portal_links l where l.account_id = account and l.customer_id = c.id)
  where c.account_id = account and c.id = any (p_customers);
  update secure_links k set ended_at = p_now, ended_as = 'replaced'
  where k.account_id = account and k.customer_id = any (p_customers) and k.ended_at is null
    and not exists (select from portal_links l where l.account_id = account and l.customer_id = k.customer_id);
end $$;
comment on function raise_lock_epochs(uuid[], timestamptz) is
  'Sessions of secure links end when a customer gets or loses a portal user. Without the last one, links end and stay closed. '
  'Called by whatever adds or removes a link of a portal user.';
grant execute on function raise_lock_epochs(uuid[], timestamptz) to portico_app;

-- ---- opening, asking for, making and ending links ----

create function find_secure_link(p_hash bytea, p_now timestamptz) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select json_build_object(
    'id', k.id, 'customer', k.customer_id, 'scope', k.scope, 'contact', k.contact_id,
    'name', coalesce(contact.name, c.name), 'customerName', c.name, 'sealed', k.sealed,
    'status', case
      when k.ended_as is not null then k.ended_as
      when k.contact_id is not null and contact.id is null then 'revoked'
      when c.status <> 'active' or coalesce(c.lock_mode, p.lock_mode) = 'closed' then 'closed'
      when k.expires_at <= p_now then 'expired'
      when is_link_enough(c, p) then 'open'
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
comment on function find_secure_link(bytea, timestamptz) is
  'What a secure link would open, and whether it does. For whoever has the token, who is still anonymous.';
grant execute on function find_secure_link(bytea, timestamptz) to portico_app;

create function open_secure_link(p_hash bytea, p_session jsonb) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  started_at constant timestamptz := (p_session ->> 'at')::timestamptz;
  found_link json;
begin
  -- The checks come after the lock: whatever closes the link has ended by then, or waits for this session.
  perform from secure_links k
    join customers c on c.account_id = k.account_id and c.id = k.customer_id
    where k.account_id = context_account() and k.hash = p_hash
    for no key update of k, c;
  found_link := find_secure_link(p_hash, started_at);
  if found_link ->> 'status' is distinct from 'open' then
    return found_link;
  end if;
  insert into portal_sessions (
    account_id, hash, id, subject_kind, subject_id, customer_id, lock_epoch, created_at, seen_at, ends_at, user_agent,
    client_address)
  select
    k.account_id, decode(p_session ->> 'hash', 'hex'), (p_session ->> 'id')::uuid, 'linkVisitor', k.id, k.customer_id,
    c.lock_epoch, started_at, started_at, least((p_session ->> 'ends')::timestamptz, k.expires_at),
    p_session ->> 'userAgent', p_session ->> 'clientAddress'
  from secure_links k
  join customers c on c.account_id = k.account_id and c.id = k.customer_id
  where k.account_id = context_account() and k.hash = p_hash;
  update secure_links k set last_used_at = started_at
  where k.account_id = context_account() and k.hash = p_hash;
  return found_link;
end $$;
comment on function open_secure_link(bytea, jsonb) is
  'Exchanges a secure link for a session, if it opens one, and answers like find_secure_link. For whoever has the token.';
grant execute on function open_secure_link(bytea, jsonb) to portico_app;

create function end_link_session(p_session_id uuid) returns int
  language sql security definer set search_path = public, pg_temp as $$
  with ended as (
    delete from portal_sessions s
    where s.account_id = context_account() and s.subject_kind = 'linkVisitor'
      and s.subject_id = context_actor('linkVisitor') and s.id = p_session_id
    returning 1)
  select count(*)::int from ended
$$;
comment on function end_link_session(uuid) is 'Ends a session of a link visitor. Called by that visitor.';
grant execute on function end_link_session(uuid) to portico_app;

create function request_secure_links(p_email_norm text, p_now timestamptz, p_tokens jsonb) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  recipient record;
  links json[] := '{}';
  spare jsonb;
  made secure_links;
begin
  for recipient in
    select distinct on (c.id) c.id as customer_id, c.name as customer_name,
      contact.id as contact_id, coalesce(contact.name, c.billing_name, c.name) as name,
      coalesce(contact.email, c.billing_email) as email,
      -- The main contact and the billing address speak for the customer; everybody else for themselves.
      case when contact.id is null or contact.is_primary then 'whole' else 'contact' end as scope,
      p.link_days
    from portal_settings p
    join customers c on c.account_id = p.account_id
    left join contacts contact
      on contact.account_id = c.account_id and contact.customer_id = c.id and contact.email_norm = p_email_norm
        and contact.status = 'active'
    where p.account_id = context_account() and is_link_enough(c, p)
      and (contact.id is not null or lower(btrim(c.billing_email)) = p_email_norm)
    order by c.id, contact.is_primary desc nulls last, contact.id
    limit jsonb_array_length(p_tokens)
  loop
    update secure_links k set ended_at = p_now, ended_as = 'replaced'
    where k.account_id = context_account() and k.customer_id = recipient.customer_id and k.scope = recipient.scope
      and k.contact_id is not distinct from recipient.contact_id and k.ended_at is null and k.expires_at <= p_now;
    spare := p_tokens -> coalesce(array_length(links, 1), 0);
    insert into secure_links (
      account_id, id, customer_id, scope, contact_id, hash, sealed, created_at, expires_at)
    values (
      context_account(), (spare ->> 'id')::uuid, recipient.customer_id, recipient.scope, recipient.contact_id,
      decode(spare ->> 'hash', 'hex'), spare ->> 'sealed', p_now, p_now + make_interval(days => recipient.link_days))
    on conflict do nothing;
    select * into made from secure_links k
    where k.account_id = context_account() and k.customer_id = recipient.customer_id and k.scope = recipient.scope
      and k.contact_id is not distinct from recipient.contact_id and k.ended_at is null;
    links := links || json_build_object(
      'id', made.id, 'sealed', made.sealed, 'email', recipient.email, 'name', recipient.name,
      'customer', recipient.customer_id, 'customerName', recipient.customer_name, 'until', made.expires_at);
  end loop;
  return to_json(links);
end $$;
comment on function request_secure_links(text, timestamptz, jsonb) is
  'Links for the customers and contacts on file with an address, for its mailbox alone. For anyone who knows the address; '
  'tokens are only given out sealed.';
grant execute on function request_secure_links(text, timestamptz, jsonb) to portico_app;

create function make_secure_link(p_link jsonb) returns json
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
    and k.ended_at is null and ((p_link ->> 'replaces')::boolean or k.expires_at <= now);
  insert into secure_links (
    account_id, id, customer_id, scope, contact_id, hash, sealed, created_by_id, created_at, expires_at)
  select
    context_account(), (p_link ->> 'id')::uuid, (p_link ->> 'customer')::uuid, p_link ->> 'scope',
    (p_link ->> 'contact')::uuid, decode(p_link ->> 'hash', 'hex'), p_link ->> 'sealed', context_actor('staff'), now,
    now + make_interval(days => p.link_days)
  from portal_settings p
  where p.account_id = context_account()
  on conflict do nothing;
  select * into made from secure_links k
  where k.account_id = context_account() and k.customer_id = (p_link ->> 'customer')::uuid
    and k.scope = p_link ->> 'scope' and k.contact_id is not distinct from (p_link ->> 'contact')::uuid
    and k.ended_at is null;
  return json_build_object('id', made.id, 'isNew', made.id = (p_link ->> 'id')::uuid);
end $$;
comment on function make_secure_link(jsonb) is
  'The link of a recipient: the one there is, or a new one. With `replaces` always a new one. '
  'Called by office staff; null for others.';
grant execute on function make_secure_link(jsonb) to portico_app;

create function revoke_secure_link(p_link_id uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update secure_links k set ended_at = p_now, ended_as = 'revoked'
  where k.account_id = context_account() and is_office_staff() and k.id = p_link_id and k.ended_at is null;
  return found;
end $$;
comment on function revoke_secure_link(uuid, timestamptz) is
  'Ends a link, and its sessions with the next request. False when it had ended. Called by office staff.';
grant execute on function revoke_secure_link(uuid, timestamptz) to portico_app;

-- ---- callers ----

create or replace function account_to_json(
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
      'confirmBookings', portal.confirm_bookings,
      'lockMode', portal.lock_mode, 'linkDays', portal.link_days, 'mailOnRemoval', portal.mail_on_removal))
$$;

alter type portal_caller add attribute actor_kind text;

create or replace function begin_portal_request(p_slug text, p_session_hashes jsonb, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := resolve_portal_caller(p_slug, p_session_hashes, p_now);
begin
  perform refuse_other_account(caller.account_id::text);
  -- Without a portal user there is no reach.
  if caller.actor_id is null then
    caller := row(caller.response, caller.account_id, null, null, null, null, false, null, null, null, null,
      null);
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
    coalesce(caller.actor_kind, 'anonymous'),
    coalesce(caller.actor_id::text, ''),
    case when caller.actor_kind = 'portalUser' then caller.actor_id::text else '' end,
    coalesce(caller.customers, '{}'),
    coalesce(caller.jobs_of, '{}'),
    coalesce(caller.tickets_of, '{}'),
    coalesce(caller.contacts, '{}'),
    coalesce(caller.ticket_contacts, '{}'),
    caller.all_templates::text,
    coalesce(caller.templates, '{}'));
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
      case when signed_in.id is not null then 'portalUser' when visiting.id is not null then 'linkVisitor' end
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
      on vc.account_id = k.account_id and vc.id = k.customer_id and vc.lock_epoch = e.lock_epoch and is_link_enough(vc, p)
    left join contacts vk
      on vk.account_id = k.account_id and vk.id = k.contact_id and vk.customer_id = k.customer_id and vk.status = 'active'
    left join permission_groups vg on vg.account_id = k.account_id and vg.kind = 'visitor'
    left join lateral (
      select k.id,
        coalesce((p.switches ->> 'viewJobs')::boolean and (vg.permissions ->> 'viewJobs')::boolean, false) as sees_jobs,
        coalesce(
          (p.switches ->> 'viewTickets')::boolean and (vg.permissions ->> 'viewTickets')::boolean, false) as sees_tickets
      where vc.id is not null and (k.contact_id is null or vk.id is not null)) visiting on true
    where slugs.slug = p_slug and (slugs.is_current or slugs.retired_at > p_now - interval '1 year');
  return caller;
end $$;

create or replace function begin_booking() returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  booker_id constant uuid := context_actor('portalUser');
  visitor_id constant uuid := context_actor('linkVisitor');
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
  if visitor_id is not null then
    -- What closes the link changes the customer, and so waits for this booking or ends it.
    perform from secure_links k
      join customers c on c.account_id = k.account_id and c.id = k.customer_id
      where k.account_id = context_account() and k.id = visitor_id
      for share of k, c;
    select
        json_build_object('id', k.id, 'email_choices', '{}'::json),
        json_build_array(json_build_object(
          'id', k.id, 'customer', k.customer_id, 'scope', k.scope, 'contact', k.contact_id, 'permissions', null,
          'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions)))
      into booker, links
      from secure_links k
      join customers c on c.account_id = k.account_id and c.id = k.customer_id
      join portal_settings p on p.account_id = k.account_id
      join permission_groups g on g.account_id = k.account_id and g.kind = 'visitor'
      where k.account_id = context_account() and k.id = visitor_id and k.ended_at is null and is_link_enough(c, p);
  end if;
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
