-- widens: nothing
-- What is emailed about jobs: changes that wait to be sent, who wants which email, and comments that the office has not read.

create table job_updates (
  account_id uuid not null,
  id uuid not null,
  job_id uuid not null,
  kind text not null check (kind in ('changed', 'commented', 'edited', 'deleted')),
  actor_kind text not null,
  actor_id uuid,
  actor_name text,
  details jsonb not null default '{}',
  created_at timestamptz not null,
  due_at timestamptz not null,
  constraint job_updates_pk primary key (account_id, id)
);
comment on table job_updates is
  'class: tenant. Changes of jobs that people may be emailed about, written in the transaction of the change. Five minutes '
  'after the first, the deliverer turns all of one job into emails and deletes them.';
comment on column job_updates.details is
  'What the email needs: of a change, what customers saw before it; of a comment, its text; of a deleted job, its name.';
create index job_updates_due on job_updates (due_at);
create index job_updates_job on job_updates (account_id, job_id);
select protect_tenant_table('job_updates', 'journal');

alter table portal_settings
  add column customer_emails jsonb not null default '{}',
  add column staff_emails jsonb not null default '{}';
comment on column portal_settings.customer_emails is 'Emails to customers that are turned off, as {"<kind>": false}.';
comment on column portal_settings.staff_emails is 'Emails to staff that are turned off, as {"<kind>": false}.';
alter table portal_users add column email_choices jsonb not null default '{}';
comment on column portal_users.email_choices is 'The emails that the user chose: {"<kind>": true or false}.';
alter table staff_members add column email_choices jsonb not null default '{}';
comment on column staff_members.email_choices is
  'The emails that the person chose: {"<kind>": true or false}. The others follow the default of the role.';

alter table jobs add column unread_comments int not null default 0;
comment on column jobs.unread_comments is 'Comments by the customer that nobody in the office has read.';
create index jobs_unread on jobs (account_id, created_at desc, id desc) where unread_comments > 0;

create function set_own_email_choices(p_choices jsonb, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update portal_users set email_choices = p_choices, updated_at = p_now
  where account_id = context_account() and id = context_actor('portalUser') and status = 'active';
  if found then
    return true;
  end if;
  update staff_members set email_choices = p_choices, updated_at = p_now
  where account_id = context_account() and id = context_actor('staff') and status = 'active';
  return found;
end $$;
comment on function set_own_email_choices(jsonb, timestamptz) is
  'Stores which emails the caller wants, a portal user or a member of staff. '
  'Called by that person; neither a portal user nor a worker may change their row, which holds rights.';
grant execute on function set_own_email_choices(jsonb, timestamptz) to portico_app;

create function find_sent_emails(p_account_id uuid) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select json_build_object('customer', p.customer_emails, 'staff', p.staff_emails)
  from portal_settings p
  where p.account_id = p_account_id and is_context_account(p_account_id)
$$;
comment on function find_sent_emails(uuid) is
  'Which emails the business turned off. '
  'Called by portal users and workers, who may not read its settings, to be shown what they can choose among.';
grant execute on function find_sent_emails(uuid) to portico_app;

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
    join portal_settings p on p.account_id = m.account_id
    where booker is not null
      and m.account_id = context_account() and m.status = 'active' and m.role <> 'worker'
      and coalesce((p.staff_emails ->> 'booked')::boolean, true)
      -- The default of the role is that of wantsStaffEmail.
      and coalesce((m.email_choices ->> 'booked')::boolean, m.role <> 'admin');
  return json_build_object('booker', booker, 'links', links, 'dispatchers', dispatchers);
end $$;
