-- widens: The app role can write an audit entry about a person into the accounts that the person is active staff of.

create function write_person_audit(p_person_id uuid, p_entry jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- Operations inside an account write their entries themselves, where row-level security confines them.
  if nullif(current_setting('app.account', true), '') is not null then
    raise exception 'write_person_audit is for operations outside accounts';
  end if;
  insert into audit (
    account_id, id, event, actor_kind, actor_id, actor_name, subject_kind, subject_id, details, request_id,
    client_address, created_at)
  select
    coalesce(m.account_id, '00000000-0000-0000-0000-000000000000'), e.id, e.event, e.actor_kind, e.actor_id,
    e.actor_name, e.subject_kind, e.subject_id, e.details, e.request_id, e.client_address, e.created_at
  from jsonb_to_record(p_entry) as e(
    id uuid, event text, actor_kind text, actor_id uuid, actor_name text, subject_kind text, subject_id uuid,
    details jsonb, request_id text, client_address text, created_at timestamptz)
  left join staff_members m on m.person_id = p_person_id and m.status = 'active';
end $$;
comment on function write_person_audit(uuid, jsonb) is
  'Writes an audit entry of a person''s own operations (sign-in, password, sessions): one in each account that the person '
  'is active staff of. Without such an account, as for an unknown address, one under the account id of zeros: the same '
  'work, so that the time does not reveal which addresses have a login. Callers: operations under /people.';
grant execute on function write_person_audit(uuid, jsonb) to portico_app, portico_system;

-- The clean-up finds old refusals by it. Strangers can cause refusals, so they are not kept for good.
create index audit_refusals on audit (created_at) where event like '%Refused';
