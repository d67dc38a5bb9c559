-- widens: nothing
-- No table is open to everybody in an account any more. The kind `account` is gone; each table says who reads and who
-- writes it. Sessions, mailed tokens and counters are reached by definer functions only.

create or replace function protect_tenant_table(p_table regclass, p_kind text) returns void
  language plpgsql as $$
declare
  -- The select makes PostgreSQL read a setting once a statement; without it, once a row (11 to 30 times slower).
  any_of         constant text := $q$any ((select nullif(current_setting('app.%s', true), '')::uuid[])::uuid[])$q$;
  customers      constant text := format(any_of, 'customers');
  jobs_of        constant text := format(any_of, 'jobs_of');
  contacts       constant text := format(any_of, 'contacts');
  templates      constant text := format(any_of, 'templates');
  all_templates  constant text := $q$(select current_setting('app.all_templates', true) = 'true')$q$;
  account        constant text := $q$account_id = (select nullif(current_setting('app.account', true), '')::uuid)$q$;
  actor_kind     constant text := $q$(select current_setting('app.actor_kind', true))$q$;
  actor_id       constant text := $q$(select nullif(current_setting('app.actor_id', true), '')::uuid)$q$;
  all_staff      constant text := $q$(select current_setting('app.staff', true) = 'all')$q$;
  assigned_staff constant text := $q$(select current_setting('app.staff', true) = 'assigned')$q$;
  portal_user    constant text := $q$(select nullif(current_setting('app.portal_user', true), '')::uuid)$q$;
  table_name     constant text := (select relname from pg_class where oid = p_table);
  rule text;
  write_rule text;
begin
  rule := case p_kind
    -- Reached only by definer functions, which decide for themselves.
    when 'closed' then 'false'
    -- What decides who may do what: office staff change it, others read at most what is theirs.
    when 'rights' then case table_name
      when 'account_settings' then format('(%s or %s)', all_staff, assigned_staff)
      when 'portal_settings' then all_staff
      when 'staff_members' then format('(%s or (%s and id = %s))', all_staff, assigned_staff, actor_id)
      when 'portal_users' then format('(%s or id = %s)', all_staff, portal_user)
      when 'portal_links' then format('(%s or portal_user_id = %s)', all_staff, portal_user)
    end
    -- Read by staff, and by portal users as far as they see its jobs; changed by office staff.
    when 'catalog' then format(
      '(%s or %s or %s or %s = %s)',
      all_staff, assigned_staff, all_templates,
      case table_name when 'templates' then 'id' when 'template_versions' then 'template_id' end, templates)
    -- Each caller's own rows: an id identifies only with its kind, and all visitors share one principal.
    when 'own' then format('principal = (%s || '':'' || (select current_setting(''app.actor_id'', true)))', actor_kind)
    when 'journal' then all_staff
    when 'report' then all_staff
    when 'reach' then case table_name
      when 'customers' then format('(%s or id = %s)', all_staff, customers)
      when 'sites' then format('(%s or customer_id = %s)', all_staff, customers)
      when 'contacts' then format(
        '(%s or (%s and customer_id = %s) or id = %s)',
        all_staff, assigned_staff, customers, contacts)
      -- Unpublished: on the schedule, not yet shown to its worker.
      when 'jobs' then format(
        '(%s or (%s and worker_id = %s and status <> ''unpublished'')'
        ' or (customer_id = %s and (%s or template_id = %s)))',
        all_staff, assigned_staff, actor_id, jobs_of, all_templates, templates)
    end
    -- Read only through a join to the parent, whose own policy decides the rest.
    when 'child' then format(
      '(%s or %s or (audience = ''customer'' and customer_id = %s))',
      all_staff, assigned_staff, jobs_of)
    -- A child that may wait without a parent: then only its uploader reaches it. An id identifies only with its kind.
    when 'upload' then format(
      '((parent_id is null and uploader_kind = %s and uploader_id = %s)'
      ' or (parent_id is not null and (%s or %s or (audience = ''customer'' and customer_id = %s))))',
      actor_kind, actor_id, all_staff, assigned_staff, jobs_of)
  end;
  if rule is null then
    raise exception 'protect_tenant_table: no rule for % as %', p_table, p_kind;
  end if;

  perform protect_directory_table(p_table);
  if p_kind = 'closed' then
    return;
  end if;
  write_rule := format('(%s and %s)', account, case when p_kind in ('rights', 'catalog') then all_staff else rule end);
  rule := format('(%s and %s)', account, rule);
  execute format('create policy app_select on %s for select to portico_app using %s', p_table, rule);
  if p_kind = 'journal' then
    -- Written by everybody within the account, read by staff, changed by nobody.
    execute format('create policy app_insert on %s for insert to portico_app with check (%s)', p_table, account);
    execute format('grant select, insert on %s to portico_app', p_table);
  elsif p_kind = 'report' then
    -- Written only by the deliverer, as portico_system.
    execute format('grant select on %s to portico_app', p_table);
  else
    execute format('create policy app_insert on %s for insert to portico_app with check %s', p_table, write_rule);
    execute format(
      'create policy app_update on %s for update to portico_app using %s with check %s',
      p_table, write_rule, write_rule);
    execute format('create policy app_delete on %s for delete to portico_app using %s', p_table, write_rule);
    execute format('grant select, insert, update, delete on %s to portico_app', p_table);
  end if;
end $$;
comment on function protect_tenant_table(regclass, text) is
  'The only writer of policies on tenant tables. '
  'Kinds: closed, rights, catalog, own, reach, child, upload, journal, report. '
  'Called again, it replaces them.';

select
  protect_tenant_table('tokens', 'closed'),
  protect_tenant_table('portal_sessions', 'closed'),
  protect_tenant_table('counters', 'closed'),
  protect_tenant_table('account_settings', 'rights'),
  protect_tenant_table('portal_settings', 'rights'),
  protect_tenant_table('staff_members', 'rights'),
  protect_tenant_table('portal_users', 'rights'),
  protect_tenant_table('portal_links', 'rights'),
  protect_tenant_table('templates', 'catalog'),
  protect_tenant_table('template_versions', 'catalog'),
  protect_tenant_table('idempotency_keys', 'own'),
  protect_tenant_table('deliveries', 'report');
