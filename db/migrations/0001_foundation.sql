-- Context and protection: everything else in the schema stands on these two functions.
-- Run as portico_owner. Roles are made by `portico migrate` before the first migration.

create function app_begin(context jsonb) returns void
  language plpgsql as $$
declare
  -- The closed list of settings. A key that is missing is set empty, and empty means none.
  names constant text[] := array['account','actor_kind','actor_id','staff','customers','jobs_of','contacts','all_templates','templates'];
  name text;
  statement text := '';
begin
  foreach name in array names loop
    statement := statement || format('set local app.%s = %L;', name, coalesce(context ->> name, ''));
  end loop;
  execute statement;
end $$;
comment on function app_begin(jsonb) is
  'The only way context enters a transaction: formatted SET LOCALs, so nothing outlives the transaction. Run again it replaces the context.';

create function protect_tenant_table(target regclass, kind text) returns void
  language plpgsql as $$
declare
  -- A scalar sub-select without a table runs once a statement; bare, it is parsed again for every row (11 to 30 times slower).
  account   constant text := 'account_id = (select nullif(current_setting(''app.account'', true), '''')::uuid)';
  everyone  constant text := '(select current_setting(''app.staff'', true) = ''all'')';
  assigned  constant text := '(select current_setting(''app.staff'', true) = ''assigned'')';
  me        constant text := '(select nullif(current_setting(''app.actor_id'', true), '''')::uuid)';
  my_kind   constant text := '(select current_setting(''app.actor_kind'', true))';
  customers constant text := 'any ((select nullif(current_setting(''app.customers'', true), '''')::uuid[])::uuid[])';
  jobs_of   constant text := 'any ((select nullif(current_setting(''app.jobs_of'', true), '''')::uuid[])::uuid[])';
  contacts  constant text := 'any ((select nullif(current_setting(''app.contacts'', true), '''')::uuid[])::uuid[])';
  templates constant text := 'any ((select nullif(current_setting(''app.templates'', true), '''')::uuid[])::uuid[])';
  all_templates constant text := '(select current_setting(''app.all_templates'', true) = ''true'')';
  bare text := (select relname from pg_class where oid = target);
  rule text;
  verb text;
begin
  rule := case kind
    when 'account' then 'true'
    when 'office'  then format('(%s or %s)', everyone, assigned)
    when 'reach' then case bare
      when 'customers' then format('(%s or id = %s)', everyone, customers)
      when 'sites'     then format('(%s or customer_id = %s)', everyone, customers)
      when 'contacts'  then format('(%s or (%s and customer_id = %s) or id = %s)', everyone, assigned, customers, contacts)
      -- Unpublished: placed on the schedule and not yet released to its worker.
      when 'jobs'      then format('(%s or (%s and worker_id = %s and status <> ''unpublished'') or (customer_id = %s and (%s or template_id = %s)))',
                                   everyone, assigned, me, jobs_of, all_templates, templates)
    end
    -- Always read through a join to the parent, whose own policy decides the rest.
    when 'child' then format('(%s or %s or (audience = ''customer'' and customer_id = %s))', everyone, assigned, jobs_of)
    -- A child that may wait without a parent: then only who brought it may reach it. Staff and portal users are two lists of
    -- logins, so an id says who only together with its kind.
    when 'upload' then format('((parent_id is null and uploader_kind = %s and uploader_id = %s) or (parent_id is not null and (%s or %s or (audience = ''customer'' and customer_id = %s))))',
                              my_kind, me, everyone, assigned, jobs_of)
    when 'journal' then everyone
  end;
  if rule is null then raise exception 'protect_tenant_table: no rule for % as %', target, kind; end if;

  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  for verb in select polname from pg_policy where polrelid = target loop
    execute format('drop policy %I on %s', verb, target);
  end loop;
  execute format('revoke all on %s from portico_app, portico_system, portico_backup', target);

  execute format('create policy app_select on %s for select to portico_app using (%s and %s)', target, account, rule);
  if kind = 'journal' then
    -- Written by anyone within the account, read by staff, changed by nobody.
    execute format('create policy app_insert on %s for insert to portico_app with check (%s)', target, account);
    execute format('grant select, insert on %s to portico_app', target);
  else
    execute format('create policy app_insert on %s for insert to portico_app with check (%s and %s)', target, account, rule);
    execute format('create policy app_update on %s for update to portico_app using (%s and %s) with check (%s and %s)', target, account, rule, account, rule);
    execute format('create policy app_delete on %s for delete to portico_app using (%s and %s)', target, account, rule);
    execute format('grant select, insert, update, delete on %s to portico_app', target);
  end if;
  -- RLS is forced: without policies of their own the owner and its definer functions would silently see 0 rows.
  execute format('create policy own on %s to portico_owner, portico_system using (true) with check (true)', target);
  execute format('create policy backup on %s for select to portico_backup using (true)', target);
  execute format('grant select, insert, update, delete on %s to portico_system', target);
  execute format('grant select on %s to portico_backup', target);
end $$;
comment on function protect_tenant_table(regclass, text) is
  'The only writer of policies on tenant tables. Kinds: reach, child, upload, account, office, journal. Run again it replaces them.';

create function protect_directory_table(target regclass) returns void
  language plpgsql as $$
begin
  -- No policy and no grant for the app role: it reaches these tables only through definer functions.
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy own on %s to portico_owner, portico_system using (true) with check (true)', target);
  execute format('create policy backup on %s for select to portico_backup using (true)', target);
  execute format('grant select, insert, update, delete on %s to portico_system', target);
  execute format('grant select on %s to portico_backup', target);
end $$;

revoke all on function protect_tenant_table(regclass, text), protect_directory_table(regclass) from public;

-- Attempts in a window, over all nodes. Local: worth nothing after a restart, so not logged.
create unlogged table rate_limits (
  key text primary key,
  taken int not null,
  since timestamptz not null
);
comment on table rate_limits is 'class: local. How often a bucket (login, address, caller) was used in its window.';
select protect_directory_table('rate_limits');

create function consume_rate_limits(keys text[], maxes int[], windows int[], at timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  wait int := 0;
  one record;
  status record;
begin
  -- Sorted, so that two requests with the same buckets cannot wait for each other in a circle.
  for one in select k, m, w from unnest(keys, maxes, windows) as t(k, m, w) order by k loop
    insert into rate_limits as t (key, taken, since) values (one.k, 1, at)
      on conflict (key) do update set
        taken = case when t.since + make_interval(secs => one.w) <= at then 1 else least(t.taken + 1, 1000000) end,
        since = case when t.since + make_interval(secs => one.w) <= at then at else t.since end
      returning taken, since into status;
    if status.taken > one.m then
      wait := greatest(wait, ceil(extract(epoch from status.since + make_interval(secs => one.w) - at))::int, 1);
    end if;
  end loop;
  return wait;
end $$;
comment on function consume_rate_limits(text[], int[], int[], timestamptz) is 'Counts one use of each bucket; answers the seconds to wait, 0 when within all limits.';

create function clear_rate_limit(bucket text) returns void
  language sql security definer set search_path = public, pg_temp as 'delete from rate_limits where key = bucket';

revoke all on function consume_rate_limits(text[], int[], int[], timestamptz), clear_rate_limit(text) from public;
grant execute on function consume_rate_limits(text[], int[], int[], timestamptz), clear_rate_limit(text), app_begin(jsonb) to portico_app, portico_system;
