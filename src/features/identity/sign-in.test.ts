import { beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, PASSWORD, type Business, type TestServer } from '../../../test/test-server.ts'

let at: TestServer, shop: Business
beforeAll(async () => {
  at = await startTestServer()
  shop = await at.business()
})

describe('signIn', () => {
  it("starts a session and returns the person's accounts; signing out ends it", async () => {
    const visitor = at.anyone()
    const { accounts } = await visitor.ok('signIn', {
      email: ` ${shop.owner.email.toUpperCase()} `,
      password: PASSWORD,
    })
    expect(accounts).toMatchObject([{ slug: shop.slug, role: 'owner' }])
    expect((await visitor.call('getCurrentUser')).body).toMatchObject({ email: shop.owner.email })
    await visitor.ok('signOut')
    expect((await visitor.call('getCurrentUser')).status).toBe(401)
  })

  it('PS-46 answers a wrong password and an unknown address alike', async () => {
    const visitor = at.anyone()
    const wrong = await visitor.call('signIn', { email: shop.owner.email, password: 'not the password' })
    const unknown = await visitor.call('signIn', { email: 'nobody@nowhere.example', password: 'not the password' })
    expect(wrong.status).toBe(401)
    const bare = ({ body }: typeof wrong) => ({ ...body, requestId: '' })
    expect(bare(unknown)).toEqual(bare(wrong))
  })

  it('refuses further guesses at one login before hashing, and says when to try again', async () => {
    const visitor = at.anyone()
    const guesses = await Promise.all(
      Array.from({ length: 12 }, () =>
        visitor.call('signIn', { email: 'guessed@nowhere.example', password: 'a guess' }),
      ),
    )
    expect(guesses.filter((guess) => guess.status === 429)).toHaveLength(7)
    expect(
      Number(
        (await visitor.call('signIn', { email: 'guessed@nowhere.example', password: 'a guess' })).headers[
          'retry-after'
        ],
      ),
    ).toBeGreaterThan(0)
  })
})
