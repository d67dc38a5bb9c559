-- For many customers one uncommon word is enough to search by: the common ones beside it are compared, not looked up.
-- widens: nothing

create or replace function find_portal_jobs(asked uuid[], patterns text[], most int) returns uuid[]
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
    if not few then usable := array(select pattern from unnest(usable) pattern where not is_common(own, pattern)); end if;
    if cardinality(usable) = 0 then return null; end if;
    select count(*), array_agg(h.id) filter (where h.customer_id = any (alike.customers)
        and (all_templates or h.template_id = any (templates)) and h.folded_portal like all (alike.rest))
      into seen, hits from search_jobs(own, case when few then alike.customers end, usable, most) h;
    if seen > most then return null; end if;
    found := found || hits;
  end loop;
  return found;
end $$;
