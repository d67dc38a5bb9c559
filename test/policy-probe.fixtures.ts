/**
 * The probe of test/policies.test.ts: as the app's role it reads, inserts, changes, moves and deletes in tenant tables, and
 * reports each border that does not stand and each right that is not granted.
 */
import type pg from 'pg'
import { newId } from '../src/platform/ids.ts'
import { JOURNALS, REACHED, REPORTS, type Row, type Rule } from './policy-rules.fixtures.ts'
import type { PolicyWorld } from './policy-world.fixtures.ts'

const REFUSED = '42501',
  DUPLICATE = '23505'

/** Runs in a savepoint and leaves nothing: the number of rows, or the SQLSTATE of the refusal. */
async function attempt(client: pg.Client, sql: string, values: unknown[] = []): Promise<number | string> {
  await client.query('savepoint attempt')
  try {
    return (await client.query(sql, values)).rowCount ?? 0
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  } finally {
    await client.query('rollback to attempt')
  }
}

/** What each viewer may do and cannot, or may not and can; none when every policy holds. Inside a transaction that is rolled back. */
export async function probe(world: PolicyWorld, wanted: readonly string[]): Promise<string[]> {
  const { client, viewers, rows, here, there, otherCustomer } = world
  const wrong: string[] = []
  await client.query('savepoint probe')
  // Foreign keys sleep: what stops a write here is a policy or nothing.
  await client.query("set local session_replication_role = 'replica'")
  await client.query('set local role portico_app')
  for (const of of viewers) {
    // A transaction keeps its account: each viewer begins anew.
    await client.query('savepoint viewer')
    if (of.account) await client.query('select app_begin($1)', [JSON.stringify(of.settings)])
    else await client.query("select app_begin('{}')")
    const isPermitted = (rule: Rule, row: Row) => of.account !== null && row.account_id === of.account && rule(of, row)
    for (const table of wanted) {
      const all = rows.get(table)!
      const { reads, writes = reads } = REACHED[table]!
      const visible = all.filter((row) => isPermitted(reads, row))
      const reaches = (row: Row) => isPermitted(writes, row)
      const reached = all.filter(reaches)
      const isJournal = JOURNALS.includes(table)
      const isUnchangeable = isJournal || REPORTS.includes(table)
      const said = (what: string, got: number | string, due: number | string) => {
        if (got !== due) wrong.push(`${of.who} ${what} ${table}: ${got}, not ${due}`)
      }

      // Reading.
      const { rows: seen } = await client.query<{ row: Row }>(`select to_jsonb(t) as row from ${table} t`)
      const text = (list: Row[]) =>
        list
          .map((row) => JSON.stringify(row))
          .sort()
          .join('\n')
      if (text(seen.map(({ row }) => row)) !== text(visible))
        wrong.push(`${of.who} reads ${seen.length} rows of ${table}, not the ${visible.length} that are theirs`)

      // Changing what is reached, and moving it across a border. No WHERE, no column is read: the policy of UPDATE stands alone.
      const change = async (what: string, set: Row) => {
        const stays = reached.every((row) => reaches({ ...row, ...set }))
        const got = await attempt(
          client,
          `update ${table} set ${Object.keys(set)
            .map((column, index) => `${column} = $${index + 1}`)
            .join(', ')}`,
          Object.values(set),
        )
        // Two rows that are permitted the same key meet each other.
        said(
          what,
          got === DUPLICATE && 'id' in set && stays && reached.length > 1 ? reached.length : got,
          isUnchangeable ? REFUSED : reached.length > 0 && !stays ? REFUSED : reached.length,
        )
      }
      await change('changes', { account_id: here })
      await change('moves to another account', { account_id: there })
      if ('customer_id' in (all[0] ?? {}) && !['portal_links', 'portal_sessions'].includes(table))
        await change('moves to another customer', { customer_id: otherCustomer })

      if ('id' in (all[0] ?? {})) await change('gives another id in', { id: newId() })
      if ('principal' in (all[0] ?? {})) await change('gives away', { principal: 'staff:somebody else' })

      said('deletes from', await attempt(client, `delete from ${table}`), isUnchangeable ? REFUSED : reached.length)

      // Inserting each row once more: policies are asked before keys, so a permitted one meets its double.
      // What the database makes itself cannot be given.
      const columns = (
        await client.query<{ name: string }>(
          "select quote_ident(attname) as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
          [table],
        )
      ).rows
        .map((each) => each.name)
        .join()
      for (const row of all) {
        const may = !REPORTS.includes(table) && (isJournal ? isPermitted(() => true, row) : reaches(row))
        const got = await attempt(
          client,
          `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`,
          [JSON.stringify(row)],
        )
        if ((got === DUPLICATE) !== may || (!may && got !== REFUSED))
          wrong.push(`${of.who} inserts into ${table}: ${got}, not ${may ? DUPLICATE : REFUSED}`)
      }
    }
    await client.query('rollback to viewer')
  }
  await client.query('rollback to probe')
  return wrong
}
