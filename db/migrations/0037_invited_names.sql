-- widens: nothing
-- Whoever accepts an invitation finds the name in the form that the inviting business gave them. A person without a login
-- has no name of their own yet; one with a login keeps theirs, and sees no name that another business uses.

create or replace function find_staff_invitation(p_hash bytea)
  returns table (
    account_id uuid, token_id uuid, member_id uuid, person_id uuid, email text, name text, role text,
    member_status text, business text, accent text, slug text,
    expires_at timestamptz, used_at timestamptz, replaced_at timestamptz, has_password boolean)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.account_id, t.id, m.id, m.person_id, m.email,
    case when p.password_hash is null then m.name else p.name end, m.role, m.status,
    s.name, s.accent, slugs.slug, t.expires_at, t.used_at, t.replaced_at,
    p.password_hash is not null
  from tokens t
  join accounts a on a.id = t.account_id and a.status = 'active'
  join account_settings s on s.account_id = t.account_id
  join account_slugs slugs on slugs.account_id = t.account_id and slugs.is_current
  join staff_members m on m.account_id = t.account_id and m.id = t.subject_id
  join people p on p.id = m.person_id
  where t.hash = p_hash and t.kind = 'staffInvitation' and is_context_account_if_any(t.account_id)
$$;
comment on function find_staff_invitation(bytea) is
  'What an invitation to the staff of an account is about. '
  'Called by anybody, before the transaction has an account: the token is the permission and names the account.';
