/** Search finds names, addresses and numbers however people, phones and word processors write them. */
import fc from 'fast-check'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { fold } from '../../../platform/fold.ts'
import { createWorld, home } from '../jobs.fixtures.ts'

/** What is stored, and what is typed to find it. */
const SPELLINGS = [
  ['O’Brien Bakery', "O'Brien"],
  ['O’Brien Bakery', 'obrien'],
  ["O'Brien Bakery", 'O´Brien'],
  ["D'Arcy Stores", 'D’Arcy'],
  ['St John’s Road 5, Bristol', "St John's Road"],
  ['Flat 3, Queen’s Parade', "queen's parade"],
  ['12–14 King Street', '12-14 king'],
  ['Smith–Jones Homes', 'Smith-Jones'],
  ['Smith–Jones Homes', 'smith jones'],
  ['Jean‑Luc Plumbing', 'Jean-Luc'],
  ['The "Best" Shop', '“best”'],
  ['Quay House, BS1 4DJ', 'bs14dj'],
  ['Quay House, BS14DJ', 'BS1 4DJ'],
  ['Storgatan 1, 111 52 Stockholm', '11152'],
] as const

const foundBy = ({ rows }: { rows: { id: string }[] }) => rows.map((row) => row.id)

describe('search by what is meant', () => {
  it.each(SPELLINGS)('%s is found as %s, in every list of office and portal', async (stored, typed) => {
    const here = await createWorld()
    const { dispatcher, template, harbour } = here
    await dispatcher.ok('createCustomer', { name: 'Another Customer' })
    const { id: customer } = await dispatcher.ok('createCustomer', { name: stored })
    const { id: job } = await dispatcher.ok('createJob', { customer: here.customer, template, address: stored })
    const { id: ofNamed } = await dispatcher.ok('createJob', { customer, template, title: 'Repair' })
    const booker = await harbour.portalUser({ customers: [here.customer, customer], name: stored })
    expect(foundBy(await dispatcher.ok('listCustomers', { search: typed }))).toEqual([customer])
    expect(foundBy(await dispatcher.ok('listJobs', { search: typed }))).toEqual([ofNamed, job])
    expect((await dispatcher.ok('countJobs', { search: typed })).all).toBe(2)
    expect(foundBy(await booker.ok('listPortalJobs', { search: typed }))).toEqual([ofNamed, job])
    expect((await booker.ok('getPortalJobsOverview', { search: typed })).counts.all).toBe(2)
    expect(foundBy(await harbour.owner.ok('listPortalUsers', { search: typed }))).toContain(booker.id)
  })

  it('messages are found by the name of who gets them, with any apostrophe, dash or accent', async () => {
    const { harbour } = await createWorld()
    const user = await harbour.portalUser({ name: 'José O’Brien–Smith' })
    await user.ok('requestPortalPasswordReset', { email: user.email })
    for (const search of ["o'brien", 'jose obrien-smith', 'JOSÉ'])
      expect((await harbour.owner.ok('listMessages', { search })).rows.map((row) => row.to)).toEqual([user.email])
    expect((await harbour.owner.ok('listMessages', { search: 'obrian' })).rows).toEqual([])
  })

  it.each(['#', 'Job ', 'job #', 'job no. ', 'Job number ', 'no. ', 'JOB: #'])(
    'a job is found by its number with “%s” before it, in office and portal',
    async (prefix) => {
      const { dispatcher, eleanor, customer, template } = await createWorld()
      await dispatcher.ok('createJob', { customer, template })
      const { id, number } = await dispatcher.ok('createJob', { customer, template })
      for (const search of [`${prefix}${number}`, `${prefix}${number}:`, `(${prefix}${number})`]) {
        expect(foundBy(await dispatcher.ok('listJobs', { search })), search).toEqual([id])
        expect(foundBy(await eleanor.ok('listPortalJobs', { search })), search).toEqual([id])
        expect((await eleanor.ok('getPortalJobsOverview', { search })).counts.all, search).toBe(1)
      }
    },
  )

  it('the database folds names as the server does', async () => {
    const marks = fc.constantFrom(...`'’‘‚‛ʼ′´\`"“”„«»‹›-‐‑‒–—―−#° ${'\u00ad'}`)
    const letters = fc.constantFrom(...'abwxyzABW0123456789éßæŁøÅ½ﬁ,.')
    const names = fc.array(fc.oneof(letters, marks), { maxLength: 30 }).map((parts) => parts.join(''))
    const postcodes = fc.constantFrom('BS1 4DJ', 'K1A 0B1', 'D02 X285', '1012 AB', '111 52', '1 2', 'a1 1a', 'D6W XY12')
    const texts = fc.sample(
      fc.tuple(names, postcodes, names).map((parts) => parts.join(' ')),
      2_000,
    )
    const { rows } = await home.stored((db) =>
      sql<{ folded: string }>`select fold_search_text(name) as folded
        from unnest(${texts}::text[]) with ordinality as given (name, place) order by place`.execute(db),
    )
    expect(rows.map((row) => row.folded)).toEqual(texts.map((text) => fold(text)))
  })
})
