-- widens: nothing
-- Settings of tickets: who gets those from the portal, and canned replies.

alter table account_settings
  add column default_ticket_assignee_id uuid,
  add column canned_replies jsonb not null default '[]',
  add constraint account_settings_ticket_assignee_fk
    foreign key (account_id, default_ticket_assignee_id) references staff_members (account_id, id);
comment on column account_settings.default_ticket_assignee_id is 'Who gets tickets that customers create. Null: nobody.';
comment on column account_settings.canned_replies is 'List of {id, name, text}, at most 100, by name. Staff read all of them at once.';

create function default_ticket_assignee(p_account_id uuid) returns uuid
  language sql stable security definer set search_path = public, pg_temp as $$
  select m.id from account_settings s
  join staff_members m on m.account_id = s.account_id and m.id = s.default_ticket_assignee_id and m.status = 'active'
  where s.account_id = p_account_id and is_context_account(p_account_id)
$$;
comment on function default_ticket_assignee(uuid) is
  'Returns who gets a ticket that a customer creates, while they are active. '
  'Called by portal users within the account, who cannot read its settings.';
grant execute on function default_ticket_assignee(uuid) to portico_app, portico_system;
