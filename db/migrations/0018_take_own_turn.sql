-- A limit of the caller's own, counted within the transaction that found the caller: a booking needs no round trip for it. What
-- is refused or fails is not counted.
-- widens: nothing
create function consume_caller_limit(operation text, max int, seconds int, at timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  status record;
begin
  -- Nobody is signed in: they are refused anyway.
  if coalesce(current_setting('app.actor_id', true), '') = '' then return 0; end if;
  insert into rate_limits as t (key, taken, since)
    values (operation || ':caller:' || current_setting('app.account', true) || ':' || current_setting('app.actor_id', true), 1, at)
    on conflict (key) do update set
      taken = case when t.since + make_interval(secs => seconds) <= at then 1 else least(t.taken + 1, 1000000) end,
      since = case when t.since + make_interval(secs => seconds) <= at then at else t.since end
    returning taken, since into status;
  return case when status.taken > max then greatest(ceil(extract(epoch from status.since + make_interval(secs => seconds) - at))::int, 1) else 0 end;
end $$;
comment on function consume_caller_limit(text, int, int, timestamptz) is 'consume_rate_limits for whoever the context names, in the same bucket as execute.ts.';
revoke all on function consume_caller_limit(text, int, int, timestamptz) from public;
grant execute on function consume_caller_limit(text, int, int, timestamptz) to portico_app, portico_system;
