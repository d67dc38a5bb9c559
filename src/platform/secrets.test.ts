import { describe, expect, test } from 'vitest'
import { Overloaded } from './bounded-queue.ts'
import { createTestClock } from './clock.ts'
import {
  blocklist,
  createPasswords,
  createSigner,
  deriveKey,
  hashToken,
  newToken,
  passwordProblem,
  isSameSecret,
} from './secrets.ts'

describe('tokens', () => {
  test('PS-45: a token has 256 random bits and only its hash is for storing', () => {
    const { token, hash } = newToken()
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    expect(hash).toHaveLength(32)
    expect(hash.toString('hex')).not.toContain(Buffer.from(token, 'base64url').toString('hex'))
    expect(hashToken(token)).toEqual(hash)
  })

  test('PS-43: what is not exactly a token is unknown, whatever its type or spelling', () => {
    const { token } = newToken()
    const lastBitsSet = token.slice(0, 42) + 'B'
    const bad = [
      null,
      undefined,
      '',
      0,
      1,
      true,
      {},
      [token],
      token + '=',
      ' ' + token,
      token + '\n',
      token + '\0',
      token.slice(1),
      lastBitsSet,
      'ä' + token.slice(1),
      'А' + token.slice(1),
    ]
    for (const value of bad) expect(hashToken(value)).toBeNull()
    expect(hashToken(token.toLowerCase())).not.toEqual(hashToken(token))
  })

  test('comparison refuses what is not text', () => {
    expect(isSameSecret('abc', 'abc')).toBe(true)
    for (const other of ['abd', 'ab', 'abcd', '', ['abc'], 0, null]) expect(isSameSecret('abc', other)).toBe(false)
  })
})

describe('passwords', () => {
  test('a password verifies against its own hash only, in any Unicode form', async () => {
    const passwords = createPasswords()
    const hash = await passwords.hash('Zürich-am-See 7')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await passwords.verify(hash, 'Zürich-am-See 7'.normalize('NFD'))).toBe(true)
    expect(await passwords.verify(hash, 'zürich-am-see 7')).toBe(false)
    for (const odd of [null, undefined, 1, {}, ['Zürich-am-See 7'], ''])
      expect(await passwords.verify(hash, odd)).toBe(false)
  })

  test('PS-46: nobody takes as long as somebody', async () => {
    const passwords = createPasswords()
    const hash = await passwords.hash('a fine password')
    const spent: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
    for (let round = 0; round < 20; round++) {
      for (const who of ['known', 'unknown'] as const) {
        const start = performance.now()
        expect(await passwords.verify(who === 'known' ? hash : null, 'not the password')).toBe(false)
        spent[who].push(performance.now() - start)
      }
    }
    const median = (times: number[]) => [...times].sort((a, b) => a - b)[10]!
    expect(median(spent.unknown) / median(spent.known)).toBeGreaterThan(0.6)
    expect(median(spent.unknown) / median(spent.known)).toBeLessThan(1.6)
  })

  test('E4: the queue is bounded and says when to come back', async () => {
    const passwords = createPasswords({ concurrency: 1, waiting: 3 })
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => passwords.verify(null, 'some password')))
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(4)
    const refused = results.filter((r) => r.status === 'rejected').map((r) => r.reason)
    expect(refused).toHaveLength(6)
    for (const error of refused) {
      expect(error).toBeInstanceOf(Overloaded)
      expect(error.retryAfter).toBeGreaterThanOrEqual(1)
    }
    expect(await passwords.verify(null, 'some password')).toBe(false)
  })

  test('C8: a password of 1 MB is refused within 50 ms, on setting and on signing in', async () => {
    const passwords = createPasswords()
    const huge = '\u{1d54f}é'.repeat(400_000)
    const start = performance.now()
    expect(await passwordProblem(huge)).toBe('tooLong')
    await expect(passwords.hash(huge)).rejects.toThrow(TypeError)
    expect(await passwords.verify(null, huge)).toBe(false)
    expect(performance.now() - start).toBeLessThan(50)
  })

  test('C8: at least 30,000 common passwords of allowed length are refused', async () => {
    expect(blocklist().size).toBeGreaterThan(100_000)
    for (const bad of [
      '1234567890',
      'qwertyuiop',
      'QWERTYUIOP',
      'password123',
      'Password123',
      'aaaaaaaaaaaaaaaa',
      '12121212121212',
    ]) {
      expect([bad, await passwordProblem(bad)]).toEqual([bad, 'common'])
    }
  })

  test('length counts characters, and words of the person or business are refused', async () => {
    expect(await passwordProblem('short 9ch')).toBe('tooShort')
    expect(await passwordProblem('😀😃😄😁😆')).toBe('tooShort')
    expect(await passwordProblem('correct horse battery')).toBeNull()
    expect(await passwordProblem('é'.repeat(60) + 'abcdefg')).toBe('guessable')
    const longest = 'a kettle in the harbour beside a wet green door '.repeat(3).slice(0, 128)
    expect(await passwordProblem(longest)).toBeNull()
    expect(await passwordProblem(`${longest}!`)).toBe('tooLong')
    const context = ['Harbour Appliance Repair', 'martha.okonkwo@post.example', 'Martha Okonkwo', null, undefined]
    for (const bad of [
      'Harbour2026!',
      'HarbourAppliance',
      'marthaokonkwo',
      'Martha.Okonkwo1',
      'portico-2026',
      'o k o n k w o 123',
    ]) {
      expect([bad, await passwordProblem(bad, context)]).toEqual([bad, 'context'])
    }
    expect(await passwordProblem('Martha likes boats', context)).toBeNull()
  })
})

describe('guesses', () => {
  test('words with a year, a row of keys or letters in disguise are refused, although no list has them', async () => {
    for (const bad of [
      'Password2026!!!!',
      'Qwertz12345!',
      'London2026!!',
      'January2026!',
      'P@ssw0rd2026',
      'iloveyou2026',
      'Sunshine#2026',
    ]) {
      expect([bad, blocklist().has(bad.toLowerCase())]).toEqual([bad, false])
      expect([bad, await passwordProblem(bad)]).toEqual([bad, 'guessable'])
    }
  })

  test('a few words, or ten random characters, are accepted', async () => {
    for (const good of ['blue chair window', 'a kettle in the harbour', 'correct horse battery', 'jk3n9fw0qz'])
      expect([good, await passwordProblem(good)]).toEqual([good, null])
  })

  test('words that an attacker of this person would try first make a password easier to guess', async () => {
    const password = 'kestrel boilers bristol'
    expect(await passwordProblem(password)).toBeNull()
    expect(await passwordProblem(password, ['Kestrel Boilers Bristol'])).not.toBeNull()
    expect(await passwordProblem('okonkwo kestrel', ['Kestrel Boilers', 'okonkwo@post.example'])).not.toBeNull()
    // Long enough beside the name, and too easy all the same for whoever begins with it.
    for (const own of ['okonkwo-54321', 'okonkwo summer']) {
      expect([own, await passwordProblem(own)]).toEqual([own, null])
      expect([own, await passwordProblem(own, ['okonkwo@post.example'])]).toEqual([own, 'guessable'])
    }
  })
})

describe('keys and seals', () => {
  test('each purpose has its own key', () => {
    const secret = 'x'.repeat(43)
    expect(deriveKey(secret, 'cursors')).toEqual(deriveKey(secret, 'cursors'))
    expect(deriveKey(secret, 'cursors')).not.toEqual(deriveKey(secret, 'forms'))
    expect(() => deriveKey('short', 'cursors')).toThrow('PORTICO_SECRET')
  })

  test('a sealed value comes back whole, unchanged and in time, or not at all', () => {
    const clock = createTestClock()
    const seal = createSigner(deriveKey('x'.repeat(43), 'forms'), clock)
    const sealed = seal.seal({ after: ['2026', 'é'] }, 60)
    expect(seal.open(sealed)).toEqual({ after: ['2026', 'é'] })
    expect(createSigner(deriveKey('x'.repeat(43), 'cursors'), clock).open(sealed)).toBeNull()
    // A signature that is shorter than 128 bits could be found by trying.
    expect(Buffer.from(sealed.split('.')[1]!, 'base64url').length).toBeGreaterThanOrEqual(16)
    for (const bad of [
      null,
      1,
      [sealed],
      '',
      '.',
      sealed + 'x',
      'x' + sealed,
      sealed.replace('.', ''),
      'a'.repeat(9999),
    ])
      expect(seal.open(bad)).toBeNull()
    clock.advance(60_000)
    expect(seal.open(sealed)).toBeNull()
  })
})
