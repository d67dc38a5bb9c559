-- widens: nothing
-- A ticket that goes to the default assignee says so in its history, and whoever somebody else assigns one to hears of it.

alter table record_updates
  drop constraint record_updates_kind_check,
  add constraint record_updates_kind_check
    check (kind in ('created', 'changed', 'commented', 'edited', 'deleted', 'assigned'));

create function record_default_assignee(p_account_id uuid, p_ticket_id uuid, p_id uuid, p_now timestamptz) returns boolean
  language sql security definer set search_path = public, pg_temp as $$
  with recorded as (
    insert into history (
      account_id, id, parent_kind, parent_id, customer_id, contacts, audience, event, details, actor_kind, created_at)
    select t.account_id, p_id, 'ticket', t.id, t.customer_id,
      array_remove(t.contact_id || t.participants, null), 'internal', 'assigned',
      jsonb_build_object('to', coalesce(m.name, m.email)), 'system', p_now
    from tickets t
    join account_settings s on s.account_id = t.account_id and s.default_ticket_assignee_id = t.assignee_id
    join staff_members m on m.account_id = t.account_id and m.id = t.assignee_id
    where t.account_id = p_account_id and t.id = p_ticket_id and is_context_account(p_account_id)
      -- Only the first assignment can be the default one.
      and not exists (
        select 1 from history h
        where h.account_id = t.account_id and h.ticket_id = t.id and h.event = 'assigned')
    returning id)
  select exists (select 1 from recorded)
$$;
comment on function record_default_assignee(uuid, uuid, uuid, timestamptz) is
  'Writes to the history of a new ticket that it went to the default assignee. Returns whether it did. '
  'Called by portal users within the account, who can neither read staff nor write what is internal.';
grant execute on function record_default_assignee(uuid, uuid, uuid, timestamptz) to portico_app, portico_system;
