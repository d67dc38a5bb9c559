-- Search by index: which jobs hold these words, answered within the caller's own reach. LIKE is not leakproof, so under row-level
-- security the app role cannot use an index for it; the owner can, in functions that check what the policy of jobs checks.
-- widens: nothing

create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- Lists read keys alone: what the policy asks of a job stands beside them, so that the rows of 200 customers stay unread
-- (measured: 1,495 pages instead of 10,250 for their newest 51 each).
drop index jobs_of_customer;
create index jobs_of_customer on jobs (account_id, customer_id, created_at desc, id desc) include (status, template_id, worker_id);

-- Only the office's text: the portal's is a part of it, and a second index would double what a new job costs. A short
-- list of what is pending keeps both the unlucky insert that empties it and the searches that read it short.
create index jobs_words on jobs using gin (account_id, customer_id, folded_office gin_trgm_ops) with (gin_pending_list_limit = 512);
create index customers_words on customers using gin (account_id, folded gin_trgm_ops) with (gin_pending_list_limit = 512);

create function search_jobs(own uuid, of_customers uuid[], patterns text[], most int)
  returns table (id uuid, customer_id uuid, template_id uuid, worker_id uuid, status text, folded_portal text, folded_office text)
  language plpgsql stable set search_path = public, pg_temp set enable_seqscan = off set enable_indexscan = off as $$
declare
  holding text := (select string_agg(format('j.folded_office like %L', pattern), ' and ') from unnest(patterns) pattern);
begin
  -- In the index a customer is a better key than the account (a million entries to cross: 5 ms), so beside a customer the account is
  -- only compared. One by one: given a list, the planner trusts the words instead, and crosses all customers' jobs.
  return query execute 'select j.id, j.customer_id, j.template_id, j.worker_id, j.status, j.folded_portal, j.folded_office from ' || case
      when of_customers is null then 'jobs j where j.account_id = $1 and '
      else 'unnest($2) of_customer(id) cross join lateral (select * from jobs j where j.customer_id = of_customer.id and (j.account_id = $1) is true and ' end
    || holding || case when of_customers is null then '' else ' offset 0) j' end || ' limit $3 + 1'
    using own, of_customers, most;
end $$;
comment on function search_jobs(uuid, uuid[], text[], int) is 'By the index of words alone: at most one more than `most`. Asks nobody; only the two below call it.';

-- Common: in one of twenty of the newest. Walking finds a page of those at once, and an index would collect them all first.
create function is_common(own uuid, pattern text) returns boolean
  language sql stable set search_path = public, pg_temp as $$
  select count(*) > 25 from (select j.folded_office from jobs j where j.account_id = own order by j.created_at desc, j.id desc limit 500) newest
  where newest.folded_office like pattern
$$;

create function find_portal_jobs(asked uuid[], patterns text[], most int) returns uuid[]
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  own uuid := nullif(current_setting('app.account', true), '')::uuid;
  reached uuid[] := array(select unnest(asked) intersect select unnest(nullif(current_setting('app.jobs_of', true), '')::uuid[]));
  all_templates boolean := current_setting('app.all_templates', true) = 'true';
  templates uuid[] := nullif(current_setting('app.templates', true), '')::uuid[];
  few boolean := cardinality(reached) <= 12;
  alike record;
  usable text[];
  seen int;
  hits uuid[];
  found uuid[] := '{}';
begin
  if own is null then return null; end if;
  -- Customers whose names hold the same of the words have the same words left to be found in their jobs.
  for alike in
    select named.rest, array_agg(named.id) as customers
    from (select c.id, array(select pattern from unnest(patterns) pattern where c.folded_name not like pattern) as rest
      from customers c where c.account_id = own and c.id = any (reached)) named
    group by named.rest
  loop
    -- An index of three letters in a row cannot find fewer.
    usable := array(select pattern from unnest(alike.rest) pattern where pattern ~ '[[:alnum:]]{3}');
    if cardinality(usable) = 0 or not few and (select bool_or(is_common(own, pattern)) from unnest(usable) pattern) then return null; end if;
    select count(*), array_agg(h.id) filter (where h.customer_id = any (alike.customers)
        and (all_templates or h.template_id = any (templates)) and h.folded_portal like all (alike.rest))
      into seen, hits from search_jobs(own, case when few then alike.customers end, usable, most) h;
    if seen > most then return null; end if;
    found := found || hits;
  end loop;
  return found;
end $$;
comment on function find_portal_jobs(uuid[], text[], int) is
  'Jobs of these customers that hold all words, in what customers may see of them or in the customer''s name: ids within the portal user''s own reach. Null: too common or too short for an index, so walk.';

create function find_office_jobs(patterns text[], most int) returns uuid[]
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  own uuid := nullif(current_setting('app.account', true), '')::uuid;
  everyone boolean := coalesce(current_setting('app.staff', true) = 'all', false);
  assigned boolean := coalesce(current_setting('app.staff', true) = 'assigned', false);
  me uuid := nullif(current_setting('app.actor_id', true), '')::uuid;
  customers_of uuid[] := nullif(current_setting('app.customers', true), '')::uuid[];
  pattern text;
  named uuid[];
  seen int;
  found uuid[];
begin
  if own is null or not (everyone or assigned) then return null; end if;
  -- One rare word is enough: who holds all words holds that one. Long words are rarer.
  for pattern in select p from unnest(patterns) p where p ~ '[[:alnum:]]{3}' order by length(p) desc loop
    continue when is_common(own, pattern);
    named := array(select c.id from customers c where c.account_id = own and c.folded like pattern
      and (everyone or c.id = any (customers_of)) limit 201);
    continue when cardinality(named) > 200;
    select count(*), array_agg(distinct h.id) filter (where (everyone or (h.worker_id = me and h.status <> 'unpublished'))
        and (h.folded_office || ' ' || coalesce(c.folded, '')) like all (patterns))
      into seen, found from (
        select w.id, w.customer_id, w.worker_id, w.status, w.folded_office from search_jobs(own, null, array[pattern], most) w
        union all
        select n.* from unnest(named) as of_customer(id) cross join lateral (
          select j.id, j.customer_id, j.worker_id, j.status, j.folded_office from jobs j
          where j.account_id = own and j.customer_id = of_customer.id limit most + 1) n
        limit 2 * most) h
      left join customers c on c.account_id = own and c.id = h.customer_id and (everyone or c.id = any (customers_of));
    if seen <= most then return coalesce(found, '{}'); end if;
  end loop;
  return null;
end $$;
comment on function find_office_jobs(text[], int) is
  'Jobs that hold all words, in the office''s text or their customer''s: ids within the reach of this member of staff. Null: too common or too short for an index, so walk.';

revoke all on function search_jobs(uuid, uuid[], text[], int), is_common(uuid, text), find_portal_jobs(uuid[], text[], int), find_office_jobs(text[], int) from public;
grant execute on function find_portal_jobs(uuid[], text[], int), find_office_jobs(text[], int) to portico_app, portico_system;
