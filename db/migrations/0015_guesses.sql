-- widens: nothing
-- Guesses at passwords: failures are counted per login, per client address and per browser that has signed in as the login
-- before, and over all logins of an account and of the installation. See docs/decisions/0019-guesses-at-passwords.md.

-- ---- how many guesses ----

-- Logged, unlike rate_limits: a crash must not give a guesser another hundred tries.
create table guesses (
  bucket text not null,
  -- Recent failures: drains by one in each interval of the bucket.
  level double precision not null,
  -- Failures since the last sign-in.
  failures int not null,
  counted_at timestamptz not null,
  login_id uuid,
  constraint guesses_pk primary key (bucket)
);
comment on table guesses is
  'class: local. Failed guesses of a login, client address, known browser, account and installation, over all processes.';
create index guesses_login on guesses (login_id) where login_id is not null;
select protect_directory_table('guesses');

-- A bucket holds when something was counted and never when it ends, so that a step of the clock locks nobody out.
create function guess_level(p_level double precision, p_counted_at timestamptz, p_drain double precision, p_now timestamptz)
  returns double precision
  language sql immutable as $$
  select greatest(p_level - greatest(extract(epoch from p_now - p_counted_at)::double precision, 0) / p_drain, 0)
$$;
comment on function guess_level(double precision, timestamptz, double precision, timestamptz) is
  'Recent failures of a bucket, which drain by one in p_drain seconds.';

create type guess_count as (wait int, failures int);

create function count_guess(
    p_bucket text, p_login_id uuid, p_now timestamptz, p_most int, p_drain double precision, p_free int)
  returns guess_count
  language plpgsql as $$
declare
  counted guesses;
  drain double precision := p_drain;
  elapsed double precision;
  level double precision;
  wait double precision := 0;
begin
  insert into guesses (bucket, level, failures, counted_at, login_id) values (p_bucket, 0, 0, p_now, p_login_id)
  on conflict (bucket) do nothing;
  select * into counted from guesses g where g.bucket = p_bucket for update;
  -- The clock was set back.
  if counted.counted_at > p_now then
    update guesses g set counted_at = p_now where g.bucket = p_bucket;
    counted.counted_at := p_now;
  end if;
  if p_free is not null then
    drain := p_drain * least(greatest(counted.failures / 10.0, 1), 4);
    if counted.failures >= 100 then
      return (86400, counted.failures);
    end if;
    if ceil(counted.level) >= p_free then
      wait := 15 * 2 ^ (ceil(counted.level) - p_free);
    end if;
  end if;
  elapsed := extract(epoch from p_now - counted.counted_at);
  level := guess_level(counted.level, counted.counted_at, drain, p_now);
  wait := greatest(wait - elapsed, (level + 1 - p_most) * drain, 0);
  if wait > 0 then
    return (ceil(wait)::int, counted.failures);
  end if;
  update guesses g set
    level = guess_level(g.level, g.counted_at, drain, p_now) + 1,
    failures = g.failures + 1,
    counted_at = p_now,
    login_id = coalesce(g.login_id, p_login_id)
  where g.bucket = p_bucket;
  return (0, counted.failures + 1);
end $$;
comment on function count_guess(text, uuid, timestamptz, int, double precision, int) is
  'Counts a guess as failed until it is taken back. Answers the seconds to wait, 0 when it may be tried. At most p_most '
  'recent ones, of which one is forgotten in p_drain seconds. With p_free, the bucket is of a login: after p_free recent '
  'failures each doubles a pause of 15 seconds, many failures in a row slow the forgetting down, and after 100 in a row '
  'nothing is tried. Called only by the functions below.';

create function take_back_guess(p_bucket text, p_now timestamptz) returns void
  language sql as $$
  update guesses set level = greatest(level - 1, 0), failures = greatest(failures - 1, 0) where bucket = p_bucket
$$;
comment on function take_back_guess(text, timestamptz) is 'The guess was right. Called only by the functions below.';

create function count_spray(p_bucket text, p_threshold int, p_now timestamptz) returns boolean
  language plpgsql as $$
declare
  level double precision;
begin
  insert into guesses as g (bucket, level, failures, counted_at) values (p_bucket, 1, 1, p_now)
  on conflict (bucket) do update set
    level = least(guess_level(g.level, g.counted_at, 900.0 / p_threshold, p_now) + 1, 2 * p_threshold),
    failures = least(g.failures + 1, 1000000),
    counted_at = p_now
  returning g.level into level;
  return level > p_threshold and count_use('warned:' || p_bucket, 1, 900, p_now) = 0;
end $$;
comment on function count_spray(text, int, timestamptz) is
  'Counts a failed guess at any login. True when there were more than p_threshold in 15 minutes, once in 15 minutes.';

create function is_sprayed(p_bucket text, p_threshold int, p_now timestamptz) returns boolean
  language sql stable as $$
  select exists (
    select from guesses g
    where g.bucket = p_bucket and guess_level(g.level, g.counted_at, 900.0 / p_threshold, p_now) > p_threshold
      -- The clock was set back: what was counted before says nothing.
      and g.counted_at < p_now + interval '1 minute')
$$;
comment on function is_sprayed(text, int, timestamptz) is
  'Whether there were more than p_threshold failed guesses in 15 minutes.';

-- ---- browsers that have signed in ----

create table known_browsers (
  hash bytea not null,
  login_id uuid not null,
  id uuid not null,
  -- Of the hash of the password they signed in with: another password, and they are unknown.
  password_digest bytea not null,
  seen_at timestamptz not null,
  constraint known_browsers_pk primary key (hash, login_id),
  constraint known_browsers_id_unique unique (id)
);
comment on table known_browsers is
  'class: directory. Browsers that signed in as a person or portal user, by the hash of their cookie. They survive signing '
  'out, grant no access, and have their own budget of guesses, so that nobody else can lock them out.';
create index known_browsers_login on known_browsers (login_id, seen_at);
select protect_directory_table('known_browsers');

create function remember_browser(
    p_login_id uuid, p_old_hash bytea, p_new_hash bytea, p_id uuid, p_password_hash text, p_now timestamptz)
  returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- A cookie that somebody planted before the sign-in stays unknown: what it knew moves to the new one.
  update known_browsers b set hash = p_new_hash where b.hash = p_old_hash;
  insert into known_browsers (hash, login_id, id, password_digest, seen_at)
  values (p_new_hash, p_login_id, p_id, sha256(convert_to(p_password_hash, 'UTF8')), p_now)
  on conflict (hash, login_id) do update set password_digest = excluded.password_digest, seen_at = excluded.seen_at;
  delete from known_browsers b
  where b.login_id = p_login_id and b.id in (
    select o.id from known_browsers o where o.login_id = p_login_id order by o.seen_at desc offset 20);
end $$;
comment on function remember_browser(uuid, bytea, bytea, uuid, text, timestamptz) is
  'A browser has signed in, or proved a mailbox, and is known for this login. The 20 used last are kept. '
  'For whoever has checked the password or the link.';
grant execute on function remember_browser(uuid, bytea, bytea, uuid, text, timestamptz) to portico_app, portico_system;

-- ---- sign-in ----

create function begin_sign_in(
    p_account_id uuid, p_email_norm text, p_login_bucket text, p_address_bucket text, p_browser_hash bytea,
    p_now timestamptz)
  returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  scope constant text := 'scope:' || coalesce(p_account_id::text, 'people');
  sprayed boolean;
  login record;
  browser uuid;
  counted guess_count;
  buckets text[];
begin
  if p_account_id is null then
    select p.id, p.password_hash, p.name, null::text as status, p.email into login
    from people p where p.email_norm = p_email_norm;
  else
    select u.id, u.password_hash, u.name, u.status, u.email into login
    from portal_users u
    where u.account_id = p_account_id and u.email_norm = p_email_norm and u.status <> 'removed';
  end if;
  select b.id into browser
  from known_browsers b
  where b.hash = p_browser_hash and b.login_id = login.id and b.seen_at > p_now - interval '400 days'
    and b.password_digest = sha256(convert_to(login.password_hash, 'UTF8'))
    and not exists (select from guesses g where g.bucket = 'browser:' || b.id and g.failures >= 100);
  if browser is not null then
    buckets := array['browser:' || browser];
    counted := count_guess(buckets[1], login.id, p_now, 10, 900, 5);
  else
    buckets := array[p_address_bucket, p_login_bucket];
    sprayed := is_sprayed(scope, 50, p_now) or is_sprayed('installation', 200, p_now);
    counted := case when sprayed
      then count_guess(p_address_bucket, null, p_now, 5, 180, null)
      else count_guess(p_address_bucket, null, p_now, 50, 90, null) end;
    if counted.wait = 0 then
      counted := count_guess(p_login_bucket, login.id, p_now, 10, 900, case when sprayed then 2 else 5 end);
      if counted.wait > 0 then
        perform take_back_guess(p_address_bucket, p_now);
      end if;
    end if;
  end if;
  if counted.wait > 0 then
    return json_build_object(
      'wait', counted.wait, 'failures', counted.failures, 'sprayed', count_failed_sign_in(p_account_id, p_now));
  end if;
  return json_build_object(
    'wait', 0, 'failures', counted.failures, 'buckets', buckets,
    'login', case when login.id is not null then json_build_object(
      'id', login.id, 'password_hash', login.password_hash, 'name', login.name, 'status', login.status,
      'email', login.email) end);
end $$;
comment on function begin_sign_in(uuid, text, text, text, bytea, timestamptz) is
  'Counts a sign-in as failed until complete_sign_in takes it back, and answers the login with its password hash. For '
  'anyone: nobody is identified yet. No account: the login of a person. Known browsers have their own budget; all others '
  'share those of the login and of the client address, which are smaller while many logins are being guessed at.';
grant execute on function begin_sign_in(uuid, text, text, text, bytea, timestamptz) to portico_app, portico_system;

create function count_failed_sign_in(p_account_id uuid, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  -- In this order everywhere, so that two sign-ins cannot wait for each other.
  installation constant boolean := count_spray('installation', 200, p_now);
  account constant boolean := count_spray('scope:' || coalesce(p_account_id::text, 'people'), 50, p_now);
begin
  return json_build_object('installation', installation, 'account', account);
end $$;
comment on function count_failed_sign_in(uuid, timestamptz) is
  'Counts a failed or refused sign-in over all logins. Answers whether a warning is due. For anyone.';
grant execute on function count_failed_sign_in(uuid, timestamptz) to portico_app, portico_system;

create function complete_sign_in(p_buckets text[], p_login_id uuid, p_now timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  bucket text;
begin
  foreach bucket in array p_buckets loop
    perform take_back_guess(bucket, p_now);
  end loop;
  update guesses g set failures = 0 where g.login_id = p_login_id and g.failures > 0;
end $$;
comment on function complete_sign_in(text[], uuid, timestamptz) is
  'The password was right: takes the guess back and ends the row of failures. For whoever has signed in.';
grant execute on function complete_sign_in(text[], uuid, timestamptz) to portico_app, portico_system;

create function forget_guesses(p_login_id uuid) returns void
  language sql security definer set search_path = public, pg_temp as $$
  delete from guesses where login_id = p_login_id
$$;
comment on function forget_guesses(uuid) is
  'The password was set anew by whoever proved the mailbox: earlier failures say nothing. For whoever used the link.';
grant execute on function forget_guesses(uuid) to portico_app, portico_system;

-- ---- limits that count failures ----

create function take_back_uses(p_buckets text[]) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  bucket_name text;
begin
  -- In the order of consume_rate_limits.
  for bucket_name in select b from unnest(p_buckets) b order by b loop
    update rate_limits r set uses = greatest(r.uses - 1, 0) where r.bucket = bucket_name;
  end loop;
end $$;
comment on function take_back_uses(text[]) is
  'A call succeeded whose limits count failures. For whoever just counted a use of these buckets.';
grant execute on function take_back_uses(text[]) to portico_app, portico_system;
