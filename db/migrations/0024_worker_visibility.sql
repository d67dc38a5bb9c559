-- widens: nothing
-- What a template hides from workers is not searched for them, and an unpublished job does not show them its customer.

alter table jobs add column search_text_worker text;
comment on column jobs.search_text_worker is
  'Search text for workers. Excludes fields hidden from them; null: nothing is, and it is the office''s text.';

-- Answers cannot be folded here, so jobs with a field hidden from workers are found by number, title and address until
-- they are edited.
update jobs j set
  search_text_worker = lower(concat_ws(' ', j.number, j.title, j.address))
where exists (
  select from templates t
  join template_versions v
    on v.account_id = t.account_id and v.template_id = t.id and v.version in (j.template_version, t.version)
  cross join lateral jsonb_array_elements(v.fields) field
  where t.account_id = j.account_id and t.id = j.template_id and field ->> 'worker' = 'hidden');

create or replace function find_office_caller(p_slug text, p_session_hash bytea, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  slug constant jsonb := find_account_slug(p_slug, p_now);
  account constant uuid := (slug ->> 'account')::uuid;
  person constant json := find_person_session(p_session_hash, p_now);
  member json;
begin
  if account is null then
    return json_build_object('person', person);
  end if;
  if slug ->> 'moved' is not null then
    return json_build_object('moved', slug ->> 'moved', 'person', person);
  end if;
  select json_build_object(
      'id', m.id, 'role', m.role, 'name', coalesce(m.name, m.email),
      'customers', array(
        select distinct j.customer_id from jobs j
        where m.role = 'worker' and j.account_id = m.account_id and j.worker_id = m.id
          and j.status not in ('unpublished', 'completed', 'canceled')))
    into member
    from staff_members m
    where m.account_id = account and m.status = 'active'
      and m.person_id = (person ->> 'id')::uuid;
  return json_build_object('account', load_account(account), 'person', person, 'member', member);
end $$;
comment on function find_office_caller(text, bytea, timestamptz) is
  'Account, person and membership of an office request. A worker''s customers are those of their open jobs, once '
  'published. Called by every office request, before its transaction.';
