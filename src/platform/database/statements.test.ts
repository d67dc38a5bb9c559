import { expect, inject, test } from 'vitest'
import { openPool } from './pool.ts'
import { inSavepoint } from './statements.ts'
import { inTransaction } from './transaction.ts'

test('a step that fails stores nothing, and what was stored before it stays', async () => {
  const pool = openPool(inject('world').admin, { max: 1 })
  const stored = await inTransaction(pool, { settings: null, write: true }, async ({ db, query }) => {
    const insert = (number: number) => query('insert into steps values ($1)', [number])
    await query('create temporary table steps (number int)', [])
    await inSavepoint(db, () => insert(1))
    const failing = inSavepoint(db, async () => {
      await insert(2)
      throw new Error('refused')
    })
    await expect(failing).rejects.toThrow('refused')
    // PostgreSQL carries out nothing more after an error, unless what failed was undone.
    const faulty = inSavepoint(db, () => query('select 1 / 0', []))
    await expect(faulty).rejects.toThrow('division by zero')
    await inSavepoint(db, () => insert(3))
    return query('select number from steps order by number', [])
  })
  expect(stored).toEqual([{ number: 1 }, { number: 3 }])
  await pool.end()
})
