-- Search by index: which jobs hold these words, within the reach of the caller.
-- LIKE is not leakproof, so under row-level security portico_app cannot use an index for it. The definer functions here
-- can: they compare what the policy of jobs compares. Callers read every row again under row-level security.
-- Patterns are those of platform/fold.ts: `%word%`, in lower case without accents.

create function search_jobs(p_account_id uuid, p_customer_ids uuid[], p_patterns text[], p_limit int)
  returns table (
    id uuid, customer_id uuid, template_id uuid, worker_id uuid, status text,
    search_text_portal text, search_text_office text)
  language plpgsql stable
  set search_path = public, pg_temp set enable_seqscan = off set enable_indexscan = off as $$
declare
  -- Written into the text: the planner sees how rare the words are.
  holds_words text := (
    select string_agg(format('j.search_text_office like %L', pattern), ' and ') from unnest(p_patterns) pattern);
  columns constant text :=
    'j.id, j.customer_id, j.template_id, j.worker_id, j.status, j.search_text_portal, j.search_text_office';
begin
  if p_customer_ids is null then
    return query execute format(
      'select %s from jobs j where array[j.account_id, j.customer_id] @> array[$1] and %s limit $2 + 1',
      columns, holds_words)
    using p_account_id, p_limit;
  else
    -- A customer is a better key than the account (a million entries to cross: 5 ms): the account is only compared.
    -- One by one, because for a list the planner prefers the words and reads the jobs of all customers.
    return query execute format(
      'select %s
       from unnest($3) of_customer (id)
       cross join lateral (
         select * from jobs j
         where array[j.account_id, j.customer_id] @> array[of_customer.id] and %s
         offset 0) j
       where j.account_id = $1
       limit $2 + 1',
      columns, holds_words)
    using p_account_id, p_limit, p_customer_ids;
  end if;
end $$;
comment on function search_jobs(uuid, uuid[], text[], int) is
  'Jobs that hold all words, by the index alone; one more than the limit when there are more. It checks no reach.';

create function search_customers(p_account_id uuid, p_pattern text, p_limit int) returns uuid[]
  language sql stable set search_path = public, pg_temp as $$
  select array(
    select c.id from customers c
    where array[c.account_id] @> array[p_account_id] and c.search_text like p_pattern
    limit p_limit + 1)
$$;
comment on function search_customers(uuid, text, int) is
  'Customers that hold a word, by the index alone; one more than the limit when there are more. It checks no reach.';

create function is_common_pattern(p_account_id uuid, p_pattern text) returns boolean
  language sql stable set search_path = public, pg_temp as $$
  select count(*) > 25
  from (
    select j.search_text_office from jobs j
    where j.account_id = p_account_id
    order by j.created_at desc, j.id desc
    limit 500) newest
  where newest.search_text_office like p_pattern
$$;
comment on function is_common_pattern(uuid, text) is
  'Whether more than one of twenty of the newest jobs holds it: then reading them in order finds a page sooner.';

create function find_portal_jobs(p_customer_ids uuid[], p_patterns text[], p_limit int) returns uuid[]
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  account constant uuid := nullif(current_setting('app.account', true), '')::uuid;
  all_templates constant boolean := current_setting('app.all_templates', true) = 'true';
  templates constant uuid[] := nullif(current_setting('app.templates', true), '')::uuid[];
  reachable constant uuid[] := array(
    select unnest(p_customer_ids)
    intersect
    select unnest(nullif(current_setting('app.jobs_of', true), '')::uuid[]));
  is_few constant boolean := cardinality(reachable) <= 12;
  batch record;
  patterns text[];
  match_count int;
  matches uuid[];
  job_ids uuid[] := '{}';
begin
  if account is null then
    return null;
  end if;
  -- Words in a customer's name need not be in the job. Customers with the same words left are searched together.
  for batch in
    select c.patterns, array_agg(c.id) as customer_ids
    from (
      select c.id, array(select p from unnest(p_patterns) p where c.search_name not like p) as patterns
      from customers c
      where c.account_id = account and c.id = any (reachable)) c
    group by c.patterns
  loop
    -- An index of trigrams cannot find fewer than three letters in a row.
    patterns := array(select p from unnest(batch.patterns) p where p ~ '[[:alnum:]]{3}');
    -- For many customers common words are compared, not looked up.
    if not is_few then
      patterns := array(select p from unnest(patterns) p where not is_common_pattern(account, p));
    end if;
    if cardinality(patterns) = 0 then
      return null;
    end if;
    select count(*), array_agg(j.id) filter (
        where j.customer_id = any (batch.customer_ids)
          and (all_templates or j.template_id = any (templates))
          and j.search_text_portal like all (batch.patterns))
      into match_count, matches
      from search_jobs(account, case when is_few then batch.customer_ids end, patterns, p_limit) j;
    if match_count > p_limit then
      return null;
    end if;
    job_ids := job_ids || matches;
  end loop;
  return job_ids;
end $$;
comment on function find_portal_jobs(uuid[], text[], int) is
  'Jobs of these customers that hold all words, in the portal''s text or the customer''s name, within the reach of the '
  'portal user. Null: the words are too common or too short for the index.';
grant execute on function find_portal_jobs(uuid[], text[], int) to portico_app, portico_system;

create function find_office_jobs(p_patterns text[], p_limit int) returns uuid[]
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  account constant uuid := nullif(current_setting('app.account', true), '')::uuid;
  actor_id constant uuid := nullif(current_setting('app.actor_id', true), '')::uuid;
  is_all_staff constant boolean := coalesce(current_setting('app.staff', true) = 'all', false);
  is_assigned_staff constant boolean := coalesce(current_setting('app.staff', true) = 'assigned', false);
  reachable_customers constant uuid[] := nullif(current_setting('app.customers', true), '')::uuid[];
  pattern text;
  matching_customers uuid[];
  match_count int;
  job_ids uuid[];
begin
  if account is null or not (is_all_staff or is_assigned_staff) then
    return null;
  end if;
  -- One rare word is enough, because a job that holds all words holds that one. Long words are rarer.
  for pattern in
    select p from unnest(p_patterns) p where p ~ '[[:alnum:]]{3}' order by length(p) desc
  loop
    continue when is_common_pattern(account, pattern);
    matching_customers := search_customers(account, pattern, 200);
    continue when cardinality(matching_customers) > 200;
    select count(*), array_agg(distinct j.id) filter (
        where (is_all_staff or (j.worker_id = actor_id and j.status <> 'unpublished'))
          and (j.search_text_office || ' ' || coalesce(c.search_text, '')) like all (p_patterns))
      into match_count, job_ids
      from (
        select s.id, s.customer_id, s.worker_id, s.status, s.search_text_office
        from search_jobs(account, null, array[pattern], p_limit) s
        union all
        select of_customer.*
        from unnest(matching_customers) as customer (id)
        cross join lateral (
          select j.id, j.customer_id, j.worker_id, j.status, j.search_text_office
          from jobs j
          where j.account_id = account and j.customer_id = customer.id
          limit p_limit + 1) of_customer
        limit 2 * p_limit) j
      left join customers c
        on c.account_id = account and c.id = j.customer_id
        and (is_all_staff or c.id = any (reachable_customers));
    if match_count <= p_limit then
      return coalesce(job_ids, '{}');
    end if;
  end loop;
  return null;
end $$;
comment on function find_office_jobs(text[], int) is
  'Jobs that hold all words, in the office''s text or their customer''s, within the reach of the member of staff. '
  'Null: the words are too common or too short for the index.';
grant execute on function find_office_jobs(text[], int) to portico_app, portico_system;
