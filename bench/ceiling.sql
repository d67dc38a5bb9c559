-- Session lookups for the baseline server: the app role cannot read sessions directly.
create or replace function bench_user(slug text, wanted bytea) returns table (account uuid, subject uuid, customers uuid[], templates uuid[])
  language sql stable security definer set search_path = public, pg_temp as $$
  select s.account_id, s.subject_id, array(select l.customer_id from portal_links l join customers c on c.account_id = l.account_id and c.id = l.customer_id and c.status = 'active'
      where l.account_id = s.account_id and l.portal_user_id = s.subject_id), p.templates
  from account_slugs a join portal_sessions s on s.account_id = a.account_id and s.hash = wanted and s.ends_at > now()
  join portal_users u on u.account_id = s.account_id and u.id = s.subject_id and u.status = 'active' join portal_settings p on p.account_id = s.account_id
  where a.slug = bench_user.slug and a.is_current
$$;
create or replace function bench_member(slug text, wanted bytea) returns table (account uuid, subject uuid)
  language sql stable security definer set search_path = public, pg_temp as $$
  select m.account_id, m.id from people_sessions s join account_slugs a on a.slug = bench_member.slug and a.is_current
  join staff_members m on m.account_id = a.account_id and m.person_id = s.person_id and m.status = 'active' where s.hash = wanted and s.ends_at > now()
$$;
-- Whose tickets a session reads: all of "whole", and of "customers" those of the contacts.
create or replace function bench_reader(slug text, wanted bytea) returns table (account uuid, kind text, subject uuid, whole uuid[], customers uuid[], contacts uuid[])
  language sql stable security definer set search_path = public, pg_temp as $$
  select s.account_id, s.subject_kind, s.subject_id,
    case when k.id is null then array(select l.customer_id from portal_links l where l.account_id = s.account_id and l.portal_user_id = s.subject_id and l.scope = 'whole') else array[k.customer_id] end,
    array(select l.customer_id from portal_links l where l.account_id = s.account_id and l.portal_user_id = s.subject_id and l.scope = 'contact'),
    array(select l.contact_id from portal_links l where l.account_id = s.account_id and l.portal_user_id = s.subject_id and l.scope = 'contact')
  from account_slugs a join portal_sessions s on s.account_id = a.account_id and s.hash = wanted and s.ends_at > now()
  left join secure_links k on k.account_id = s.account_id and k.id = s.subject_id and k.ended_at is null
  where a.slug = bench_reader.slug and a.is_current
$$;
grant execute on function bench_user(text, bytea), bench_member(text, bytea), bench_reader(text, bytea) to portico_app;
-- The baseline server numbers its own jobs; Portico's app role reaches counters by definer functions only.
drop policy if exists bench_counters on counters;
create policy bench_counters on counters to portico_app using (account_id = (select current_setting('app.account'))::uuid);
grant select, update on counters to portico_app;
