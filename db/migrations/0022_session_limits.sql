-- widens: nothing
-- A login has at most 20 sessions: the ones used longest ago end. A stolen password or a script that never signs out could
-- otherwise pile up sessions that nobody sees.

create or replace function start_portal_session(p_session jsonb) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  portal_user_id constant uuid := (p_session ->> 'user')::uuid;
  started_at constant timestamptz := (p_session ->> 'at')::timestamptz;
begin
  if not is_own_login(portal_user_id) then
    return false;
  end if;
  insert into portal_sessions (
    account_id, hash, id, subject_kind, subject_id, created_at, seen_at, ends_at, user_agent, client_address)
  values (
    context_account(), decode(p_session ->> 'hash', 'hex'), (p_session ->> 'id')::uuid, 'portalUser',
    portal_user_id, started_at, started_at, (p_session ->> 'ends')::timestamptz,
    p_session ->> 'userAgent', p_session ->> 'clientAddress');
  delete from portal_sessions s
  where s.account_id = context_account()
    and s.id in (
      select o.id from portal_sessions o
      where o.account_id = context_account() and o.subject_id = portal_user_id
      order by o.seen_at desc, o.created_at desc, o.id desc
      offset 20);
  return true;
end $$;
comment on function start_portal_session(jsonb) is
  'Creates a session, identified by the hash of its token, and ends those beyond the 20 used last. '
  'False unless the transaction is the user''s own. Called after record_portal_sign_in or consume_portal_token.';

create or replace function start_person_session(p_session jsonb) returns void
  language sql security definer set search_path = public, pg_temp as $$
  insert into people_sessions (hash, id, person_id, created_at, seen_at, ends_at, user_agent, client_address)
  values (
    decode(p_session ->> 'hash', 'hex'), (p_session ->> 'id')::uuid, (p_session ->> 'person')::uuid,
    (p_session ->> 'at')::timestamptz, (p_session ->> 'at')::timestamptz, (p_session ->> 'ends')::timestamptz,
    p_session ->> 'userAgent', p_session ->> 'clientAddress');
  delete from people_sessions s
  where s.id in (
    select o.id from people_sessions o
    where o.person_id = (p_session ->> 'person')::uuid
    order by o.seen_at desc, o.created_at desc, o.id desc
    offset 20);
$$;
comment on function start_person_session(jsonb) is
  'Creates a session, identified by the hash of its token, and ends those beyond the 20 used last. '
  'Called by sign-in, set-up, an accepted invitation and a password change, after they verified the person.';
