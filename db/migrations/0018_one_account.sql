-- widens: nothing
-- One account a transaction, and the setting `portal_user`: whose own rows of the tables with rights are read.

-- ---- what definer functions ask of the context ----
-- They run as portico_owner, whom row-level security lets read everything, so each compares for itself.
-- portico_system has no context: it imports, loads the demo and delivers mail for every account, and reaches every row.

create function context_account() returns uuid
  language sql stable as $$ select nullif(current_setting('app.account', true), '')::uuid $$;
comment on function context_account() is 'The account of this transaction; null before it has one.';

create function context_actor(p_kind text) returns uuid
  language sql stable as $$
  select nullif(current_setting('app.actor_id', true), '')::uuid
  where current_setting('app.actor_kind', true) = p_kind
$$;
comment on function context_actor(text) is 'The id of this transaction''s actor if it is of that kind, else null.';

create function is_office_staff() returns boolean
  language sql stable as $$
  select coalesce(current_setting('app.staff', true) = 'all', false) or session_user = 'portico_system'
$$;
comment on function is_office_staff() is
  'Whether an owner, admin or dispatcher of the transaction''s account is acting, or portico_system.';

create function is_context_account(p_account_id uuid) returns boolean
  language sql stable as $$ select coalesce(p_account_id = context_account(), session_user = 'portico_system') $$;
comment on function is_context_account(uuid) is
  'Whether this is the account of the transaction. portico_system names any account.';

create function is_context_account_if_any(p_account_id uuid) returns boolean
  language sql stable as $$ select coalesce(p_account_id = context_account(), true) $$;
comment on function is_context_account_if_any(uuid) is
  'The same for functions that are also called before the transaction has an account.';

create function is_own_login(p_portal_user_id uuid) returns boolean
  language sql stable as $$
  select coalesce(
    p_portal_user_id = context_actor('portalUser')
      or p_portal_user_id = nullif(current_setting('app.portal_user', true), '')::uuid,
    false)
$$;
comment on function is_own_login(uuid) is
  'Whether this portal user is signed in, or was proved by a mailed link or a password in this transaction.';

create function refuse_other_account(p_account_id text) returns void
  language plpgsql as $$
begin
  -- Once a transaction has an account it keeps it. No caller needs a second one, so there are no exceptions.
  if coalesce(current_setting('app.account', true), '') not in ('', coalesce(p_account_id, '')) then
    raise exception 'This transaction belongs to another account' using errcode = '42501';
  end if;
end $$;
comment on function refuse_other_account(text) is
  'Raises when the transaction has an account already and this is not it. '
  'Called by the functions that set the context.';
grant execute on function refuse_other_account(text) to portico_app, portico_system;

create or replace function app_begin(p_context jsonb) returns void
  language plpgsql as $$
declare
  -- The closed list of settings. A missing key is set to the empty string, which grants nothing.
  names constant text[] := array[
    'account', 'actor_kind', 'actor_id', 'portal_user', 'staff', 'customers', 'jobs_of', 'contacts', 'all_templates',
    'templates'];
  name text;
  statements text := '';
begin
  perform refuse_other_account(p_context ->> 'account');
  foreach name in array names loop
    statements := statements || format('set local app.%s = %L;', name, coalesce(p_context ->> name, ''));
  end loop;
  execute statements;
end $$;
comment on function app_begin(jsonb) is
  'Sets the context of this transaction: account, actor and reach. Called again, it replaces all but the account, '
  'which a transaction keeps.';

create or replace function begin_portal_request(p_slug text, p_session_hashes jsonb, p_now timestamptz) returns json
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  caller portal_caller := resolve_portal_caller(p_slug, p_session_hashes, p_now);
begin
  perform refuse_other_account(caller.account_id::text);
  -- Without a portal user there is no reach.
  if caller.actor_id is null then
    caller := row(caller.response, caller.account_id, null, null, null, null, false, null, null);
  end if;
  -- The settings of app_begin, from the session itself and from nothing that the caller sends.
  execute format(
    'set local app.account = %L;
     set local app.actor_kind = %L;
     set local app.actor_id = %L;
     set local app.portal_user = %L;
     set local app.staff = '''';
     set local app.customers = %L;
     set local app.jobs_of = %L;
     set local app.contacts = %L;
     set local app.all_templates = %L;
     set local app.templates = %L',
    coalesce(caller.account_id::text, ''),
    case when caller.actor_id is null then 'anonymous' else 'portalUser' end,
    coalesce(caller.actor_id::text, ''),
    coalesce(caller.actor_id::text, ''),
    coalesce(caller.customers, '{}'),
    coalesce(caller.jobs_of, '{}'),
    coalesce(caller.contacts, '{}'),
    caller.all_templates::text,
    coalesce(caller.templates, '{}'));
  return caller.response;
end $$;
comment on function begin_portal_request(text, jsonb, timestamptz) is
  'find_portal_caller and app_begin in one, so that the first query of a request travels along. '
  'It writes nothing: `needsLastUsedUpdate` in the response says that the session''s last use must be saved. '
  'Called by every portal request, as its first statement.';
