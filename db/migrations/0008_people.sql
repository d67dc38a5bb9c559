-- Links of people that name no account: the token alone tells which.
-- widens: nothing

-- Read across accounts, by hash only. Rarely: a person opens an invitation.
create index tokens_staff_invitation on tokens (hash) where kind = 'staffInvitation';

create function find_staff_invitation(wanted bytea)
  returns table (account_id uuid, token_id uuid, member_id uuid, person_id uuid, email text, name text, role text, member_status text,
                 business text, accent text, slug text, expires_at timestamptz, used_at timestamptz, replaced_at timestamptz, has_password boolean)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.account_id, t.id, m.id, m.person_id, m.email, p.name, m.role, m.status, s.name, s.accent, d.name, t.expires_at, t.used_at, t.replaced_at,
         p.password_hash is not null
  from tokens t
  join accounts a on a.id = t.account_id and a.status = 'active'
  join account_settings s on s.account_id = t.account_id
  join addresses d on d.account_id = t.account_id and d.current
  join staff_members m on m.account_id = t.account_id and m.id = t.subject_id
  join people p on p.id = m.person_id
  where t.hash = wanted and t.kind = 'staffInvitation'
$$;
comment on function find_staff_invitation(bytea) is 'What an invitation to the staff of one account is about; the holder of the link is asked for nothing else.';

-- The account whose brand a mail to this person wears, when no account is chosen: the first they are active in.
create function first_account_of(person uuid) returns uuid
  language sql stable security definer set search_path = public, pg_temp as $$
  select m.account_id from staff_members m
  join accounts a on a.id = m.account_id and a.status = 'active'
  where m.person_id = person and m.status = 'active' order by m.created_at, m.account_id limit 1
$$;
comment on function first_account_of(uuid) is 'The account in whose name a password mail goes out; null when the person is no active staff anywhere.';

-- Offers a set-up link for an empty installation; the links of earlier starts die with it.
create function offer_set_up(token jsonb) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select 1 from accounts) then return false; end if;
  update people_tokens set used_at = (token ->> 'at')::timestamptz where kind = 'setUp' and used_at is null;
  insert into people_tokens (hash, id, kind, person_id, created_at, expires_at)
    values (decode(token ->> 'hash', 'hex'), (token ->> 'id')::uuid, 'setUp', null, (token ->> 'at')::timestamptz, (token ->> 'expires')::timestamptz);
  return true;
end $$;

do $$
declare fn text;
begin
  foreach fn in array array['find_staff_invitation(bytea)', 'first_account_of(uuid)', 'offer_set_up(jsonb)'] loop
    execute format('revoke all on function %s from public', fn);
    execute format('grant execute on function %s to portico_app, portico_system', fn);
  end loop;
end $$;
