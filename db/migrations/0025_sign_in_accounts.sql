-- widens: nothing
-- The functions of a sign-in compare the account too, should they ever be called within a transaction that has one.

create or replace function begin_sign_in(
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
  if not is_context_account_if_any(p_account_id) then
    raise exception 'This transaction belongs to another account' using errcode = '42501';
  end if;
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

create or replace function count_failed_sign_in(p_account_id uuid, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  -- In this order everywhere, so that two sign-ins cannot wait for each other.
  installation constant boolean := count_spray('installation', 200, p_now);
  account constant boolean := count_spray('scope:' || coalesce(p_account_id::text, 'people'), 50, p_now);
begin
  if not is_context_account_if_any(p_account_id) then
    raise exception 'This transaction belongs to another account' using errcode = '42501';
  end if;
  return json_build_object('installation', installation, 'account', account);
end $$;
comment on function count_failed_sign_in(uuid, timestamptz) is
  'Counts a failed or refused sign-in over all logins. Answers whether a warning is due. For anyone.';
