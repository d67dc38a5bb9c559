-- widens: nothing
-- Two customers become one. The merged one is kept, archived, and names the one that goes on.

alter table customers
  add column merged_into_id uuid,
  add column current_id uuid generated always as (case when merged_into_id is null then id end) stored,
  add constraint customers_merged_into_fk foreign key (account_id, merged_into_id) references customers (account_id, id),
  add constraint customers_merged_archived check (merged_into_id is null or status = 'archived'),
  add constraint customers_current_unique unique (account_id, current_id);
comment on column customers.merged_into_id is 'The customer that this one was merged into, and that has its records now.';
comment on column customers.current_id is
  'The id, until the customer is merged. Records refer to it, so that none can belong to a merged customer.';
create index customers_merged_into on customers (account_id, merged_into_id) where merged_into_id is not null;

-- Constraints named "current" refuse what was checked before a merge and written after it. The caller may try again.
alter table contacts
  drop constraint contacts_customer_fk,
  add constraint contacts_customer_current_fk foreign key (account_id, customer_id)
    references customers (account_id, current_id) on delete cascade;
alter table sites
  drop constraint sites_customer_fk,
  add constraint sites_customer_current_fk foreign key (account_id, customer_id)
    references customers (account_id, current_id) on delete cascade;
alter table portal_links
  drop constraint portal_links_customer_fk,
  add constraint portal_links_customer_current_fk foreign key (account_id, customer_id)
    references customers (account_id, current_id) on delete cascade;
alter table jobs
  drop constraint jobs_customer_fk,
  add constraint jobs_customer_current_fk foreign key (account_id, customer_id)
    references customers (account_id, current_id);
alter table tickets
  drop constraint tickets_customer_fk,
  add constraint tickets_customer_current_fk foreign key (account_id, customer_id)
    references customers (account_id, current_id);

create function move_portal_views(p_from uuid, p_to uuid) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update portal_views v set customer_id = p_to
  where v.account_id = context_account() and is_office_staff() and v.customer_id = p_from
    and exists (select from customers c where c.account_id = v.account_id and c.id = p_to)
$$;
comment on function move_portal_views(uuid, uuid) is
  'Called by office staff who merge customers: the one that goes on sees who viewed the portal of both. '
  'Security definer: staff reach their own views only.';
grant execute on function move_portal_views(uuid, uuid) to portico_app;

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
  -- Locked first and read after that: a link that a merge has moved is that of the other customer.
  perform from portal_links l where l.account_id = context_account() and l.portal_user_id = booker_id for share;
  select coalesce(json_agg(json_build_object(
      'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id,
      'permissions', l.permissions,
      'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions))
      order by l.created_at), '[]')
    into links
    from (
      select l.* from portal_links l
      join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.status = 'active'
      where l.account_id = context_account() and l.portal_user_id = booker_id) l
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
