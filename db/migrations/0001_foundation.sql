-- What every later file builds on: context, row-level security and rate limits.
-- Migrations run as portico_owner. `portico migrate` creates the four roles before the first one.

-- Nobody else can call a new function until a grant allows it.
-- Most are SECURITY DEFINER: they run as portico_owner, because portico_app has no right on what they read or write.
-- A definer function sets its search_path and returns only what its caller may know.
alter default privileges revoke execute on functions from public;

-- ---- context ----

create function app_begin(p_context jsonb) returns void
  language plpgsql as $$
declare
  -- The closed list of settings. A missing key is set to the empty string, which grants nothing.
  names constant text[] := array[
    'account', 'actor_kind', 'actor_id', 'staff', 'customers', 'jobs_of', 'contacts', 'all_templates', 'templates'];
  name text;
  statements text := '';
begin
  foreach name in array names loop
    statements := statements || format('set local app.%s = %L;', name, coalesce(p_context ->> name, ''));
  end loop;
  execute statements;
end $$;
comment on function app_begin(jsonb) is
  'Sets the context of this transaction: account, actor and reach. Called again, it replaces all of it.';
grant execute on function app_begin(jsonb) to portico_app, portico_system;

-- ---- row-level security ----

create function protect_directory_table(p_table regclass) returns void
  language plpgsql as $$
declare
  policy text;
begin
  for policy in select polname from pg_policy where polrelid = p_table loop
    execute format('drop policy %I on %s', policy, p_table);
  end loop;
  execute format('revoke all on %s from portico_app, portico_system, portico_backup', p_table);
  execute format('alter table %s enable row level security', p_table);
  execute format('alter table %s force row level security', p_table);
  -- Row-level security is forced: without its own policy the owner, and so every definer function, would read 0 rows.
  execute format(
    'create policy system_all on %s to portico_owner, portico_system using (true) with check (true)', p_table);
  execute format('create policy backup_select on %s for select to portico_backup using (true)', p_table);
  execute format('grant select, insert, update, delete on %s to portico_system', p_table);
  execute format('grant select on %s to portico_backup', p_table);
end $$;
comment on function protect_directory_table(regclass) is
  'Closes a table to portico_app, which reaches it through definer functions only. Called again, it starts afresh.';

create function protect_tenant_table(p_table regclass, p_kind text) returns void
  language plpgsql as $$
declare
  -- The select makes PostgreSQL read a setting once a statement; without it, once a row (11 to 30 times slower).
  any_of         constant text := $q$any ((select nullif(current_setting('app.%s', true), '')::uuid[])::uuid[])$q$;
  customers      constant text := format(any_of, 'customers');
  jobs_of        constant text := format(any_of, 'jobs_of');
  contacts       constant text := format(any_of, 'contacts');
  templates      constant text := format(any_of, 'templates');
  all_templates  constant text := $q$(select current_setting('app.all_templates', true) = 'true')$q$;
  account        constant text := $q$account_id = (select nullif(current_setting('app.account', true), '')::uuid)$q$;
  actor_kind     constant text := $q$(select current_setting('app.actor_kind', true))$q$;
  actor_id       constant text := $q$(select nullif(current_setting('app.actor_id', true), '')::uuid)$q$;
  all_staff      constant text := $q$(select current_setting('app.staff', true) = 'all')$q$;
  assigned_staff constant text := $q$(select current_setting('app.staff', true) = 'assigned')$q$;
  table_name     constant text := (select relname from pg_class where oid = p_table);
  rule text;
begin
  rule := case p_kind
    when 'account' then 'true'
    when 'journal' then all_staff
    when 'reach' then case table_name
      when 'customers' then format('(%s or id = %s)', all_staff, customers)
      when 'sites' then format('(%s or customer_id = %s)', all_staff, customers)
      when 'contacts' then format(
        '(%s or (%s and customer_id = %s) or id = %s)',
        all_staff, assigned_staff, customers, contacts)
      -- Unpublished: on the schedule, not yet shown to its worker.
      when 'jobs' then format(
        '(%s or (%s and worker_id = %s and status <> ''unpublished'')'
        ' or (customer_id = %s and (%s or template_id = %s)))',
        all_staff, assigned_staff, actor_id, jobs_of, all_templates, templates)
    end
    -- Read only through a join to the parent, whose own policy decides the rest.
    when 'child' then format(
      '(%s or %s or (audience = ''customer'' and customer_id = %s))',
      all_staff, assigned_staff, jobs_of)
    -- A child that may wait without a parent: then only its uploader reaches it. An id identifies only with its kind.
    when 'upload' then format(
      '((parent_id is null and uploader_kind = %s and uploader_id = %s)'
      ' or (parent_id is not null and (%s or %s or (audience = ''customer'' and customer_id = %s))))',
      actor_kind, actor_id, all_staff, assigned_staff, jobs_of)
  end;
  if rule is null then
    raise exception 'protect_tenant_table: no rule for % as %', p_table, p_kind;
  end if;

  perform protect_directory_table(p_table);
  rule := format('(%s and %s)', account, rule);
  execute format('create policy app_select on %s for select to portico_app using %s', p_table, rule);
  if p_kind = 'journal' then
    -- Written by everybody within the account, read by staff, changed by nobody.
    execute format('create policy app_insert on %s for insert to portico_app with check (%s)', p_table, account);
    execute format('grant select, insert on %s to portico_app', p_table);
  else
    execute format('create policy app_insert on %s for insert to portico_app with check %s', p_table, rule);
    execute format(
      'create policy app_update on %s for update to portico_app using %s with check %s', p_table, rule, rule);
    execute format('create policy app_delete on %s for delete to portico_app using %s', p_table, rule);
    execute format('grant select, insert, update, delete on %s to portico_app', p_table);
  end if;
end $$;
comment on function protect_tenant_table(regclass, text) is
  'The only writer of policies on tenant tables. Kinds: account, reach, child, upload, journal. '
  'Called again, it replaces them.';

-- ---- rate limits ----

-- Unlogged, because counts may start again after a crash.
create unlogged table rate_limits (
  bucket text not null,
  uses int not null,
  window_start timestamptz not null,
  constraint rate_limits_pk primary key (bucket)
);
comment on table rate_limits is
  'class: local. How often a bucket (sign-in, client address, caller) was used in its window, over all processes.';
select protect_directory_table('rate_limits');

create function count_use(p_bucket text, p_limit int, p_window int, p_now timestamptz) returns int
  language plpgsql as $$
declare
  duration constant interval := make_interval(secs => p_window);
  usage record;
begin
  insert into rate_limits as r (bucket, uses, window_start)
  values (p_bucket, 1, p_now)
  on conflict (bucket) do update set
    uses = case when r.window_start + duration <= p_now then 1 else least(r.uses + 1, 1000000) end,
    window_start = case when r.window_start + duration <= p_now then p_now else r.window_start end
  returning uses, window_start into usage;
  if usage.uses <= p_limit then
    return 0;
  end if;
  return greatest(ceil(extract(epoch from usage.window_start + duration - p_now))::int, 1);
end $$;
comment on function count_use(text, int, int, timestamptz) is
  'Counts one use of a bucket. Answers the seconds to wait, 0 within the limit. Called only by the two functions below.';

create function consume_rate_limits(p_buckets text[], p_limits int[], p_windows int[], p_now timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  item record;
  wait int := 0;
begin
  -- In order, so that two requests with the same buckets cannot wait for each other.
  for item in
    select bucket, max_uses, seconds
    from unnest(p_buckets, p_limits, p_windows) as t (bucket, max_uses, seconds)
    order by bucket
  loop
    wait := greatest(wait, count_use(item.bucket, item.max_uses, item.seconds, p_now));
  end loop;
  return wait;
end $$;
comment on function consume_rate_limits(text[], int[], int[], timestamptz) is
  'Counts one use of each bucket. Answers the longest wait in seconds, 0 when all are within their limits.';
grant execute on function consume_rate_limits(text[], int[], int[], timestamptz) to portico_app, portico_system;

create function consume_caller_limit(p_operation text, p_limit int, p_window int, p_now timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  actor_id constant text := coalesce(current_setting('app.actor_id', true), '');
begin
  -- Nobody is signed in: the operation refuses them anyway.
  if actor_id = '' then
    return 0;
  end if;
  return count_use(
    p_operation || ':caller:' || current_setting('app.account', true) || ':' || actor_id, p_limit, p_window, p_now);
end $$;
comment on function consume_caller_limit(text, int, int, timestamptz) is
  'Counts one use of an operation by the actor of this transaction, in the bucket of limits.ts. '
  'A rollback undoes the count.';
grant execute on function consume_caller_limit(text, int, int, timestamptz) to portico_app, portico_system;

create function clear_rate_limit(p_bucket text) returns void
  language sql security definer set search_path = public, pg_temp as $$
  delete from rate_limits where bucket = p_bucket
$$;
comment on function clear_rate_limit(text) is 'Resets the count of a bucket after a successful sign-in.';
grant execute on function clear_rate_limit(text) to portico_app, portico_system;
