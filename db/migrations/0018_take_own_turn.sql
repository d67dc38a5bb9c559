-- A limit of the caller's own, counted within the transaction that found the caller: a booking needs no round trip for it. What
-- is refused or fails is not counted.
-- widens: nothing
create function take_own_turn(operation text, max int, seconds int, at timestamptz) returns int
  language sql security definer set search_path = public, pg_temp as $$
  select case when current_setting('app.actor_id', true) <> '' then
    take_throttle(array[operation || ':caller:' || current_setting('app.account', true) || ':' || current_setting('app.actor_id', true)], array[max], array[seconds], at)
  else 0 end
$$;
comment on function take_own_turn(text, int, int, timestamptz) is 'take_throttle for whoever the context names; the same bucket as execute.ts. Nobody (0) when nobody is signed in: they are refused anyway.';
revoke all on function take_own_turn(text, int, int, timestamptz) from public;
grant execute on function take_own_turn(text, int, int, timestamptz) to portico_app, portico_system;
