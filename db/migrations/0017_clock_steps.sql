-- widens: nothing
-- The clock of a server may step, forward a day and back again: nothing may then wait for the day that never was.

create or replace function count_use(p_bucket text, p_limit int, p_window int, p_now timestamptz) returns int
  language plpgsql as $$
declare
  duration constant interval := make_interval(secs => p_window);
  usage record;
begin
  insert into rate_limits as r (bucket, uses, window_start)
  values (p_bucket, 1, p_now)
  on conflict (bucket) do update set
    uses = case when r.window_start + duration <= p_now then 1 else least(r.uses + 1, 1000000) end,
    -- A window that has not begun was counted by a clock that was set back since: it begins now.
    window_start = case
      when r.window_start + duration <= p_now or r.window_start > p_now then p_now else r.window_start end
  returning uses, window_start into usage;
  if usage.uses <= p_limit then
    return 0;
  end if;
  return greatest(ceil(extract(epoch from usage.window_start + duration - p_now))::int, 1);
end $$;
comment on function count_use(text, int, int, timestamptz) is
  'Counts one use of a bucket. Answers the seconds to wait, never more than its window, 0 within the limit. Called only by '
  'definer functions.';

create or replace function find_person_session(p_hash bytea, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  session people_sessions;
begin
  select * into session from people_sessions s
  where s.hash = p_hash and s.ends_at > p_now and s.seen_at > p_now - interval '1 hour';
  if session.id is null then
    return null;
  end if;
  -- Seen in the future: the clock was set back. From now on its hour and its day are measured by the present clock.
  if session.seen_at < p_now - interval '1 minute' or session.seen_at > p_now + interval '1 minute' then
    update people_sessions s set seen_at = p_now, ends_at = least(s.ends_at, p_now + interval '24 hours')
    where s.hash = p_hash;
  end if;
  return (
    select json_build_object('id', p.id, 'email', p.email, 'name', p.name, 'locale', p.locale, 'sessionId', session.id)
    from people p where p.id = session.person_id);
end $$;
